/**
 * The keys of those who are planned, ten millions of them: a hash of each in memory, the keys themselves in a scratch.
 * Where hashes are alike the keys are compared: a collision costs nobody the mail.
 */
import { type KeyHash, keyedHash } from './key-hash.ts';
import { MOST_PLACES, PlaceTable } from './place-table.ts';
import type { Scratch } from './ports.ts';

/** Records that are gathered before they go to the scratch, in octets. */
const GATHERED = 256 * 1024;
/** A record is the number of its key's octets, in two, and the key in UTF-8. */
const LENGTH_OCTETS = 2;
const LONGEST_KEY = 0xffff;
/** A UTF-16 unit is three octets at the most. */
const OCTETS_PER_UNIT = 3;

export class SeenKeys {
  readonly #scratch: Scratch;
  readonly #hash: KeyHash;
  readonly #places = new PlaceTable();
  /** Records that the scratch has not got yet, and behind them that of the key that was looked for last. */
  readonly #tail = Buffer.alloc(GATHERED);
  /** Where the tail begins among all records. */
  #begin = 0;
  /** Octets of records in the tail. */
  #end = 0;
  #lookedFor: string | null = null;
  #lookedForEnd = 0;
  readonly #hashed = new Uint32Array(2);
  #found = Buffer.alloc(LENGTH_OCTETS + 1024);

  /** @param scratch closed with the keys */
  constructor(scratch: Scratch, hash: KeyHash = keyedHash(scratch.secret)) {
    this.#scratch = scratch;
    this.#hash = hash;
  }

  has(key: string): boolean {
    this.#lookFor(key);
    return this.#places.find(this.#hashed, this.#isLookedFor);
  }

  /** A key that is not there. */
  add(key: string): void {
    this.#lookFor(key);
    const place = this.#begin + this.#end;
    if (place >= MOST_PLACES) throw new RangeError('Cannot plan: found more than 4 GiB of addresses, want fewer');
    this.#places.add(this.#hashed, place);
    this.#end = this.#lookedForEnd;
    this.#lookedFor = null;
  }

  close(): void {
    this.#scratch.close();
  }

  /** Writes the key's record behind the others, where it stays if it is added. */
  #lookFor(key: string): void {
    if (key === this.#lookedFor) return;
    const most = key.length * OCTETS_PER_UNIT;
    if (most > LONGEST_KEY) throw new RangeError(`Cannot look for a key of ${key.length} characters: it is too long`);
    if (this.#end + LENGTH_OCTETS + most > GATHERED) this.#flush();
    const start = this.#end + LENGTH_OCTETS;
    const length = this.#tail.write(key, start);
    this.#tail.writeUInt16LE(length, this.#end);
    this.#lookedFor = key;
    this.#lookedForEnd = start + length;
    this.#hash(this.#tail, start, start + length, this.#hashed);
  }

  #flush(): void {
    this.#scratch.append(this.#tail.subarray(0, this.#end));
    this.#begin += this.#end;
    this.#end = 0;
  }

  /** A record of another length differs in its first octets, so that it does not matter what stands behind it. */
  readonly #isLookedFor = (place: number): boolean => {
    const length = this.#lookedForEnd - this.#end;
    if (place >= this.#begin) {
      const at = place - this.#begin;
      return this.#tail.compare(this.#tail, at, at + length, this.#end, this.#lookedForEnd) === 0;
    }
    if (this.#found.length < length) this.#found = Buffer.alloc(length);
    const found = this.#found.subarray(0, length);
    return (
      this.#scratch.read(place, found) === length &&
      this.#tail.compare(found, 0, length, this.#end, this.#lookedForEnd) === 0
    );
  };
}
