/**
 * The "relaxed" body canonicalization of RFC 6376 §3.4.4, piece by piece: white space at a line's end goes, any other run of it
 * is one space, empty lines at the end go, and a body that is not empty ends with CRLF.
 */
const HTAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SP = 0x20;
const LINE_END = Buffer.from('\r\n');
/** A shorter piece is gone through each time. */
const MIN_KEPT_OCTETS = 16 * 1024;

/** What is held back until something follows: it may be a line's last, or the body's. */
export interface BodyState {
  readonly lineEnds: number;
  readonly space: boolean;
  /** It may be half a line end. */
  readonly cr: boolean;
  /** Nothing was written so far. */
  readonly isEmpty: boolean;
}

const BEGINNING: BodyState = { lineEnds: 0, space: false, cr: false, isEmpty: true };

/** Long pieces that many mails share, such as attachments, in their canonical form: it lives as long as they do. */
const kept = new WeakMap<Uint8Array, Uint8Array>();

export class RelaxedBody {
  readonly #write: (octets: Uint8Array) => void;
  #lineEnds: number;
  #space: boolean;
  #cr: boolean;
  #isEmpty: boolean;

  /**
   * @param write is given canonical octets in order
   * @param from where another one has stopped
   */
  constructor(write: (octets: Uint8Array) => void, from: BodyState = BEGINNING) {
    this.#write = write;
    this.#lineEnds = from.lineEnds;
    this.#space = from.space;
    this.#cr = from.cr;
    this.#isEmpty = from.isEmpty;
  }

  get state(): BodyState {
    return { lineEnds: this.#lineEnds, space: this.#space, cr: this.#cr, isEmpty: this.#isEmpty };
  }

  push(piece: Uint8Array): void {
    if (piece.length < MIN_KEPT_OCTETS || isHeld(piece[0]) || isHeld(piece.at(-1))) {
      this.#canonicalize(piece);
      return;
    }
    // It begins and ends with what is never held back: its canonical form does not depend on its neighbours.
    const head = piece.subarray(0, 1);
    this.#canonicalize(head);
    let rest = kept.get(piece);
    if (rest === undefined) {
      rest = canonicalOf(piece.subarray(1));
      kept.set(piece, rest);
    }
    this.#write(rest);
  }

  /** To be called once, when all is pushed. */
  end(): void {
    if (this.#cr) this.#canonicalize(NOTHING_MORE);
    if (!this.#isEmpty) this.#write(LINE_END);
  }

  #canonicalize(piece: Uint8Array): void {
    // A CR that stood alone at the end of the piece before, a space and line ends: what is held back comes to this.
    const out = Buffer.allocUnsafe(piece.length + 2 * this.#lineEnds + 4);
    const isLast = piece === NOTHING_MORE;
    let at = 0;
    const release = (): void => {
      for (; this.#lineEnds > 0; this.#lineEnds -= 1) {
        out[at++] = CR;
        out[at++] = LF;
      }
      if (this.#space) out[at++] = SP;
      this.#space = false;
    };
    for (let index = 0; index < piece.length + (isLast ? 1 : 0); index += 1) {
      const octet = piece[index] ?? -1;
      if (this.#cr) {
        this.#cr = false;
        if (octet === LF) {
          this.#space = false;
          this.#lineEnds += 1;
          continue;
        }
        release();
        out[at++] = CR;
      }
      if (octet === CR) this.#cr = true;
      else if (octet === SP || octet === HTAB) this.#space = true;
      else if (octet >= 0) {
        if (this.#space || this.#lineEnds > 0) release();
        out[at++] = octet;
      }
    }
    if (at === 0) return;
    this.#isEmpty = false;
    this.#write(out.subarray(0, at));
  }
}

const NOTHING_MORE = new Uint8Array(0);

/** Of octets that end with none that is held back. */
function canonicalOf(octets: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  const body = new RelaxedBody((part) => parts.push(part));
  for (let at = 0; at < octets.length; at += MIN_KEPT_OCTETS - 1)
    body.push(octets.subarray(at, at + MIN_KEPT_OCTETS - 1));
  const canonical = Buffer.concat(parts);
  return canonical.equals(octets) ? octets : canonical;
}

function isHeld(octet: number | undefined): boolean {
  return octet === SP || octet === HTAB || octet === CR || octet === LF;
}
