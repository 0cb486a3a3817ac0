/** The hash by which planned recipients are found again, beside the known answers of its authors. */
import { describe, expect, test } from 'vitest';
import { keyedHash } from '../../functions/mailing/key-hash.ts';

/** HalfSipHash-2-4 of the octets 0, 1, 2, … under the key 0 to 7, 64 bits, for so many octets. */
const KNOWN: readonly (readonly [octets: number, hash: string])[] = [
  [0, '218d1f59b9b83cc8'],
  [1, 'be552412f8387315'],
  [2, '064f39ef7c50eb57'],
  [3, 'ce0f1a45f7060679'],
  [4, 'd5e78a175be52ea1'],
  [7, 'ff202728b07bc684'],
  [8, 'edfee820bce4858c'],
  [12, '7bc71f9faef5c799'],
  [15, '217d0bcb4e81c902'],
  [35, 'f9efd4e13aea6bd8'],
];

function hexOf(words: Uint32Array): string {
  const octets = Buffer.alloc(8);
  octets.writeUInt32LE(words[0] ?? 0, 0);
  octets.writeUInt32LE(words[1] ?? 0, 4);
  return octets.toString('hex');
}

describe('keyedHash', () => {
  const hash = keyedHash(Uint8Array.from({ length: 8 }, (_, index) => index));
  for (const [octets, expected] of KNOWN) {
    test(`gives the known answer for ${octets} octets, wherever they stand`, () => {
      const words = new Uint32Array(2);
      const counted = Uint8Array.from({ length: octets }, (_, index) => index);
      for (const before of [0, 1, 5]) {
        hash(
          Buffer.concat([Buffer.alloc(before, 'x'), counted, Buffer.from('behind')]),
          before,
          before + octets,
          words,
        );
        expect(hexOf(words)).toBe(expected);
      }
    });
  }

  test('is another under another secret', () => {
    const [one, other] = [new Uint32Array(2), new Uint32Array(2)];
    const key = Buffer.from('ana@example.com');
    hash(key, 0, key.length, one);
    keyedHash(Buffer.from('8 octets'))(key, 0, key.length, other);
    expect(hexOf(other)).not.toBe(hexOf(one));
  });
});
