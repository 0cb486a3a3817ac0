/** Numbers that look like chance and are a function of their seed, so that every run can be had again (mulberry32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  }

  /** @throws RangeError where there is nothing to pick from */
  pick<T>(choices: readonly T[]): T {
    const picked = choices[this.below(choices.length)];
    if (picked === undefined) throw new RangeError('Cannot pick: found no choices, one at least is wanted');
    return picked;
  }
}

/** A number that octets alone decide (FNV-1a): what a target does at random is a function of its input. */
export function digestOf(octets: Uint8Array): number {
  let digest = 0x811c9dc5;
  for (const octet of octets) digest = Math.imul(digest ^ octet, 0x01000193);
  return digest >>> 0;
}
