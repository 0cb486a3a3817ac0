/** A message while it is written: its own octets, one behind the other, and the shared pieces that come between them. */
export class Assembly {
  /** Where own octets are written. */
  readonly target: Buffer;
  /** Where the next own octet goes. */
  at: number;
  readonly #start: number;
  #cuts: { readonly at: number; readonly piece: Uint8Array }[] = [];
  #shared = 0;

  /** @param target has room for all own octets from `start` on */
  constructor(target: Buffer, start: number) {
    this.target = target;
    this.at = start;
    this.#start = start;
  }

  /** Octets so far, shared ones too. */
  get octets(): number {
    return this.at - this.#start + this.#shared;
  }

  /** @param text each character an octet */
  write(text: string): void {
    this.at += this.target.write(text, this.at, 'latin1');
  }

  /** A piece that is used where it lies. */
  share(piece: Uint8Array): void {
    this.#cuts.push({ at: this.at, piece });
    this.#shared += piece.length;
  }

  /** How far it has come. */
  mark(): Mark {
    return { at: this.at, cuts: this.#cuts.length, shared: this.#shared };
  }

  /** What came after the mark is as if it had not been written. */
  backTo({ at, cuts, shared }: Mark): void {
    this.at = at;
    this.#cuts.length = cuts;
    this.#shared = shared;
  }

  /** Mail data ends with CRLF (RFC 5321 §4.1.1.4). A text alone may bring its own, a multipart does not. */
  endLine(): void {
    if (this.#last(2) !== CR || this.#last(1) !== LF) this.write('\r\n');
  }

  /** @param own the octets that were written to `target` */
  pieces(own: Buffer): Uint8Array[] {
    const pieces: Uint8Array[] = [];
    let from = 0;
    for (const { at, piece } of this.#cuts) {
      const to = at - this.#start;
      if (to > from) pieces.push(own.subarray(from, to));
      if (piece.length > 0) pieces.push(piece);
      from = to;
    }
    if (from < own.length) pieces.push(own.subarray(from));
    return pieces;
  }

  /** The octet that is `back` from the end, or -1. */
  #last(back: number): number {
    const cut = this.#cuts.at(-1);
    const own = this.at - (cut?.at ?? this.#start);
    if (own >= back) return this.target[this.at - back] ?? -1;
    return cut?.piece[cut.piece.length - (back - own)] ?? -1;
  }
}

interface Mark {
  readonly at: number;
  readonly cuts: number;
  readonly shared: number;
}

const CR = 0x0d;
const LF = 0x0a;
