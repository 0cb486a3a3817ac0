/** Whole lines that mails have in common, and what they are as octets of each transfer encoding. */
import { quotedPrintableBound, writeQuotedPrintable } from './quoted-printable.ts';
import { writeSevenBit } from './seven-bit.ts';
import { utf8Of } from './utf8.ts';

export class Stretch {
  /** Its lines end with LF, the last one too. */
  readonly text: string;
  /** In UTF-8. */
  readonly octets: number;
  #sevenBit: Uint8Array | null | undefined;
  #quotedPrintable: Uint8Array | undefined;

  constructor(text: string) {
    this.text = text;
    this.octets = Buffer.byteLength(text);
  }

  /** As it is, with CRLF; `null` where it may not travel so. */
  get sevenBit(): Uint8Array | null {
    if (this.#sevenBit === undefined) {
      this.#sevenBit = kept(this, (target) => writeSevenBit(utf8Of(this.text, this.octets), this.octets, target, 0));
    }
    return this.#sevenBit;
  }

  get quotedPrintable(): Uint8Array {
    this.#quotedPrintable ??=
      kept(this, (target) => writeQuotedPrintable(utf8Of(this.text, this.octets), this.octets, target, 0)) ??
      new Uint8Array(0);
    return this.#quotedPrintable;
  }
}

/** In memory of its own: it lives as long as the mailing, and a slab would live as long as it. */
function kept({ octets }: Stretch, write: (target: Buffer) => number | null): Uint8Array | null {
  const target = Buffer.allocUnsafeSlow(quotedPrintableBound(octets));
  const end = write(target);
  if (end === null) return null;
  const own = Buffer.allocUnsafeSlow(end);
  target.copy(own, 0, 0, end);
  return own;
}
