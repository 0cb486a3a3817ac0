/** From an input that was interesting to one that may be. */
import type { Random } from './random.ts';

/** Octets at which parsers turn: line ends, delimiters, limits of ranges. */
const TURNING = Buffer.from('\0\t\n\v\f\r "#%&\'()*+,-./:;<=>?@[\\]_`{|}~0259AZaz\x7f\x80\xa0\xc3\xe2\xff', 'latin1');

type Mutation = (input: Uint8Array, source: Sources) => Uint8Array;

export interface Sources {
  readonly random: Random;
  readonly words: readonly Uint8Array[];
  /** Another input that was interesting. */
  readonly other: Uint8Array;
}

const MUTATIONS: readonly Mutation[] = [
  (input, { random }) => changed(input, random, (octet) => octet ^ (1 << random.below(8))),
  (input, { random }) => changed(input, random, () => random.below(256)),
  (input, { random }) => changed(input, random, () => TURNING[random.below(TURNING.length)] ?? 0),
  (input, { random }) => spliced(input, random, 0, Buffer.of(TURNING[random.below(TURNING.length)] ?? 0)),
  (input, { random, words }) => spliced(input, random, 0, random.pick(words)),
  (input, { random, words }) => spliced(input, random, random.below(8), random.pick(words)),
  (input, { random }) => spliced(input, random, 1 + random.below(16), Buffer.alloc(0)),
  (input, { random }) => input.subarray(0, random.below(input.length + 1)),
  (input, { random }) => spliced(input, random, 0, part(input, random, 32)),
  (input, { random, words }) => spliced(input, random, 0, repeated(random.pick(words), random)),
  (input, { random }) => spliced(input, random, 0, repeated(part(input, random, 8), random)),
  (input, { random, other }) => spliced(input, random, random.below(16), part(other, random, 64)),
  (input, { random, other }) =>
    Buffer.concat([input.subarray(0, random.below(input.length + 1)), other.subarray(random.below(other.length + 1))]),
];

/** One to several changes at once; mostly few, for many break all that was good. */
export function mutate(input: Uint8Array, sources: Sources, maxOctets: number): Uint8Array {
  let result = input;
  do result = sources.random.pick(MUTATIONS)(result, sources);
  while (sources.random.below(2) === 0);
  return result.length > maxOctets ? result.subarray(0, maxOctets) : result;
}

function changed(input: Uint8Array, random: Random, change: (octet: number) => number): Uint8Array {
  const copy = Buffer.from(input);
  const at = random.below(input.length + 1);
  if (at < copy.length) copy[at] = change(copy[at] ?? 0);
  return copy;
}

/** `inserted` in place of so many octets, somewhere. */
function spliced(input: Uint8Array, random: Random, removed: number, inserted: Uint8Array): Uint8Array {
  const at = random.below(input.length + 1);
  return Buffer.concat([input.subarray(0, at), inserted, input.subarray(Math.min(at + removed, input.length))]);
}

function part(input: Uint8Array, random: Random, limit: number): Uint8Array {
  const from = random.below(input.length + 1);
  return input.subarray(from, from + random.below(limit));
}

/** Seldom thousands of times: where work grows faster than its input it is seen. */
function repeated(word: Uint8Array, random: Random): Uint8Array {
  const times = random.below(64) === 0 ? random.below(4096) : random.below(20);
  return Buffer.concat(new Array<Uint8Array>(times).fill(word));
}
