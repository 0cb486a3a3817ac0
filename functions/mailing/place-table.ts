/**
 * Numbers found by a hash, eight octets and a little room for each: an open table with linear probing. It is cut into
 * shards that grow one by one, so that never more than one of them is there twice.
 */
const SHARDS = 256;
const LEAST_SLOTS = 64;
const MOST_FULL = 0.85;
const GROWTH = 1.25;
/** Two words: a place and one more, for an empty slot is 0; and the hash's first word. */
const WORDS = 2;

/** Places that the table can hold: whole numbers below it. */
export const MOST_PLACES = 2 ** 32 - 1;

export class PlaceTable {
  readonly #shards = Array.from({ length: SHARDS }, () => new Shard());

  /** Whether `isIt` says yes to one of the places that were added under that hash, or under one much like it. */
  find(hash: Uint32Array, isIt: (place: number) => boolean): boolean {
    return this.#shardOf(hash)?.find(hash[0] ?? 0, isIt) ?? false;
  }

  add(hash: Uint32Array, place: number): void {
    this.#shardOf(hash)?.add(hash[0] ?? 0, place);
  }

  #shardOf(hash: Uint32Array): Shard | undefined {
    return this.#shards[(hash[1] ?? 0) % SHARDS];
  }
}

class Shard {
  #slots = LEAST_SLOTS;
  #words = new Uint32Array(LEAST_SLOTS * WORDS);
  #count = 0;

  find(hash: number, isIt: (place: number) => boolean): boolean {
    const words = this.#words;
    for (let at = this.#home(hash); ; at = this.#after(at)) {
      const place = words[at] ?? 0;
      if (place === 0) return false;
      if (words[at + 1] === hash && isIt(place - 1)) return true;
    }
  }

  add(hash: number, place: number): void {
    if (this.#count >= this.#slots * MOST_FULL) this.#grow();
    this.#put(hash, place + 1);
    this.#count += 1;
  }

  #put(hash: number, place: number): void {
    let at = this.#home(hash);
    while (this.#words[at] !== 0) at = this.#after(at);
    this.#words[at] = place;
    this.#words[at + 1] = hash;
  }

  #home(hash: number): number {
    return Math.floor((hash * this.#slots) / 2 ** 32) * WORDS;
  }

  #after(at: number): number {
    return at + WORDS === this.#words.length ? 0 : at + WORDS;
  }

  #grow(): void {
    const old = this.#words;
    this.#slots = Math.ceil(this.#slots * GROWTH);
    this.#words = new Uint32Array(this.#slots * WORDS);
    for (let at = 0; at < old.length; at += WORDS) {
      const place = old[at] ?? 0;
      if (place !== 0) this.#put(old[at + 1] ?? 0, place);
    }
    // Given back now, and not when the garbage collector comes by: it sees a small object.
    old.buffer.transfer(0);
  }
}
