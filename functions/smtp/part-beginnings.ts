/**
 * How the parts of secrets begin, two characters by two. Each reply of a session is searched for secrets, and at nearly every
 * place of nearly every reply none begins: that is seen here without taking the text apart.
 */

/** Characters into a part, and the bit that stands for them. */
const OFFSETS: readonly (readonly [at: number, bit: number])[] = [
  [0, 1],
  [2, 2],
  [4, 4],
];
/** A part with fewer has no third pair. */
const PAIRED_CHARACTERS = 6;

export class PartBeginnings {
  /** For two characters, by seven bits of each: at which offsets a part has them. */
  readonly #pairs = new Uint8Array(1 << 14);
  #shortest = Number.POSITIVE_INFINITY;

  add(part: string): void {
    this.#shortest = Math.min(this.#shortest, part.length);
    for (const [at, bit] of OFFSETS) {
      const pair = pairAt(part, at);
      this.#pairs[pair] = (this.#pairs[pair] ?? 0) | bit;
    }
  }

  /**
   * @param text in which letters beyond ASCII are small
   * @returns each place where a part may begin: all where one does, and few others; `null` where there is none
   */
  in(text: string): number[] | null {
    if (this.#shortest === Number.POSITIVE_INFINITY) return null;
    let places: number[] | null = null;
    for (let at = 0; at < text.length; at += 1) {
      if (!this.#mayBegin(text, at)) continue;
      places ??= [];
      places.push(at);
    }
    return places;
  }

  #mayBegin(text: string, at: number): boolean {
    // Of a single character there is nothing to compare but itself.
    if (this.#shortest < 2) return true;
    if (!this.#isKnown(text, at, 1)) return false;
    return this.#shortest < PAIRED_CHARACTERS || (this.#isKnown(text, at + 2, 2) && this.#isKnown(text, at + 4, 4));
  }

  #isKnown(text: string, at: number, bit: number): boolean {
    return ((this.#pairs[pairAt(text, at)] ?? 0) & bit) !== 0;
  }
}

/** Capital and small letters of ASCII are one. Behind the end there is NaN, of which no bit is set. */
function pairAt(text: string, at: number): number {
  return (((text.charCodeAt(at) | 0x20) & 0x7f) << 7) | ((text.charCodeAt(at + 1) | 0x20) & 0x7f);
}
