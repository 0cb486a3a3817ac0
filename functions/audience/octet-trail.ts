/**
 * The octets since the last whole row, at most a row and a piece. They show how long the row being read already is, and
 * on which line a quote opens that is never closed.
 */
const LINE_FEED = 0x0a;
const QUOTE = 0x22;

export class OctetTrail {
  /** Where the last whole row ends, counted from the start of the text. */
  start = 0;
  #end = 0;
  #pieces: { readonly at: number; readonly octets: Buffer }[] = [];

  /** Octets since the last whole row. */
  get length(): number {
    return this.#end - this.start;
  }

  add(octets: Buffer): void {
    this.#pieces = this.#pieces.filter(({ at, octets: { length } }) => at + length > this.start);
    this.#pieces.push({ at: this.#end, octets });
    this.#end += octets.length;
  }

  /** Line ends between the last whole row and the first quote at or after `offset`. */
  lineEndsBeforeQuote(offset: number): number {
    let count = 0;
    let at = this.start;
    for (const octet of this.#octets()) {
      if (octet === QUOTE && at >= offset) return count;
      if (octet === LINE_FEED) count += 1;
      at += 1;
    }
    return count;
  }

  *#octets(): Generator<number, void, undefined> {
    for (const { at, octets } of this.#pieces) yield* octets.subarray(Math.max(0, this.start - at));
  }
}
