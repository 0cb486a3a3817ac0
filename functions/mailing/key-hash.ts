/**
 * HalfSipHash-2-4 with 64 bits (Aumasson and Bernstein, 2012): a hash that nobody can aim at who does not know its secret.
 * Whoever writes an audience, one subscription at a time perhaps, cannot make its keys meet in one place of a table.
 */

/** Hashes `octets` from `start` up to `end`; two words of 32 bits go into `into`. */
export type KeyHash = (octets: Uint8Array, start: number, end: number, into: Uint32Array) => void;

/** @param secret eight octets */
export function keyedHash(secret: Uint8Array): KeyHash {
  const key0 = wordAt(secret, 0);
  const key1 = wordAt(secret, 4);
  return (octets, start, end, into) => {
    let v0 = key0;
    let v1 = key1 ^ 0xee;
    let v2 = key0 ^ 0x6c796765;
    let v3 = key1 ^ 0x74656462;
    const round = () => {
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
    };
    const mix = (word: number) => {
      v3 ^= word;
      round();
      round();
      v0 ^= word;
    };
    const finish = () => {
      for (let count = 0; count < 4; count += 1) round();
      return v1 ^ v3;
    };
    const length = end - start;
    const wholeEnd = end - (length % 4);
    for (let at = start; at < wholeEnd; at += 4) mix(wordAt(octets, at));
    let last = length << 24;
    for (let at = wholeEnd; at < end; at += 1) last |= (octets[at] ?? 0) << (8 * (at - wholeEnd));
    mix(last);
    v2 ^= 0xee;
    into[0] = finish();
    v1 ^= 0xdd;
    into[1] = finish();
  };
}

/** Little-endian. */
function wordAt(octets: Uint8Array, at: number): number {
  const low = (octets[at] ?? 0) | ((octets[at + 1] ?? 0) << 8);
  return low | ((octets[at + 2] ?? 0) << 16) | ((octets[at + 3] ?? 0) << 24);
}
