/** Who is planned already: as a Set of all keys would say, whatever their hashes are. */
import { readdirSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { KeyHash } from '../../functions/mailing/key-hash.ts';
import { MemoryScratch } from '../../functions/mailing/memory-scratch.ts';
import { SeenKeys } from '../../functions/mailing/seen-keys.ts';
import { temporaryFolder } from '../cli/cartero.ts';
import { opened } from './starting.ts';

/** The octets' sum: keys of the same letters are one to it, and it knows few values. */
const sum: KeyHash = (octets, start, end, into) => {
  into[0] = octets.subarray(start, end).reduce((total, octet) => total + octet, 0);
  into[1] = into[0];
};
const one: KeyHash = (_octets, _start, _end, into) => into.fill(0);
const most: KeyHash = (_octets, _start, _end, into) => into.fill(0xffff_ffff);
/** All in one shard, each in a slot of its own. */
const shard: KeyHash = (octets, start, end, into) => {
  sum(octets, start, end, into);
  into[1] = 7;
};

const key = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'b', '@'), maxLength: 4 }),
  fc.string({ unit: 'grapheme', maxLength: 3 }),
  fc.string({ unit: fc.constantFrom('\0', 'é', '漢', '😀', 'x'), maxLength: 300 }),
);

/** What a planner asks: whether it is there, and, where it is not, sometimes adds it. */
function askEach(keys: SeenKeys, asked: readonly (readonly [key: string, isAdded: boolean])[]): boolean[] {
  return asked.map(([each, isAdded]) => {
    const isThere = keys.has(each);
    if (isAdded && !isThere) keys.add(each);
    return isThere;
  });
}

function expected(asked: readonly (readonly [key: string, isAdded: boolean])[]): boolean[] {
  const set = new Set<string>();
  return asked.map(([each, isAdded]) => {
    const isThere = set.has(each);
    if (isAdded) set.add(each);
    return isThere;
  });
}

describe('SeenKeys', () => {
  const hashes: readonly (readonly [name: string, hash: KeyHash | undefined])[] = [
    ['its own hash', undefined],
    ['one hash for all', one],
    ['the highest hash for all', most],
    ['few hashes', sum],
    ['one shard', shard],
  ];
  for (const [name, hash] of hashes) {
    test(`tells keys as a Set does, with ${name}`, () => {
      fc.assert(
        fc.property(fc.array(fc.tuple(key, fc.boolean()), { maxLength: 60 }), (asked) => {
          expect(askEach(new SeenKeys(new MemoryScratch(), hash), asked)).toEqual(expected(asked));
        }),
      );
    });
  }

  for (const [name, hash, people] of [
    ['its own hash', undefined, 60_000],
    ['few hashes', sum, 15_000],
  ] as const) {
    test(`tells them when they are in the scratch file and tables have grown, with ${name}`, () => {
      const folder = temporaryFolder();
      const keys = new SeenKeys(opened(folder).openScratch(), hash);
      const asked = Array.from({ length: people }, (_, index) => {
        const who = index % 100 === 99 ? Math.floor(index / 2) : index;
        return [`person.${who}@example.com`, index % 7 !== 0] as const;
      });
      expect(askEach(keys, asked)).toEqual(expected(asked));
      keys.close();
    });
  }

  test('leaves nothing in the folder, neither while it is used nor afterwards', () => {
    const folder = temporaryFolder();
    const state = opened(folder);
    const before = readdirSync(folder);
    const keys = new SeenKeys(state.openScratch());
    for (let index = 0; index < 20_000; index += 1) keys.add(`person.${index}@example.com`);
    expect(keys.has('person.1@example.com')).toBe(true);
    expect(readdirSync(folder)).toEqual(before);
    keys.close();
    expect(readdirSync(folder)).toEqual(before);
  });

  test('refuses a key that no mailbox has', () => {
    const keys = new SeenKeys(new MemoryScratch());
    expect(() => keys.has('a'.repeat(70_000))).toThrow('Cannot look for a key of 70000 characters: it is too long');
  });
});
