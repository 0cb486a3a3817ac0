/** What every allowance book does, whatever it is made of. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AllowanceBook } from '#mailing';

export interface AllowanceStore {
  /** The book as a new process sees it. */
  join(): Promise<AllowanceBook>;
  /** The store goes, and every process with it. */
  remove(): Promise<void>;
}

const RELAY = 'news';
const DAY = '2026-12-01';

export function describeAllowanceBook(name: string, newStore: () => Promise<AllowanceStore>): void {
  describe(`${name} keeps the contract of AllowanceBook`, () => {
    let store: AllowanceStore;
    let one: AllowanceBook;
    let other: AllowanceBook;
    beforeEach(async () => {
      store = await newStore();
      one = await store.join();
      other = await store.join();
    });
    afterEach(() => store.remove());

    test('nothing is taken of a day that nobody wrote of', async () => {
      expect(await one.taken(RELAY, DAY)).toBe(0);
    });

    test('what one process wrote is what the next question of another gives, up and down', async () => {
      for (const [before, after] of [
        [0, 5],
        [5, 100_000],
        [100_000, 99_990],
        [99_990, 0],
        [0, 3],
      ] as const) {
        expect(await one.change(RELAY, DAY, before, after)).toBe(true);
        expect(await other.taken(RELAY, DAY)).toBe(after);
      }
    });

    test('a change of a count that is another by now changes nothing', async () => {
      expect(await one.change(RELAY, DAY, 1, 2)).toBe(false);
      expect(await one.taken(RELAY, DAY)).toBe(0);
      expect(await one.change(RELAY, DAY, 0, 5)).toBe(true);
      for (const before of [0, 4, 6]) expect(await other.change(RELAY, DAY, before, 7)).toBe(false);
      expect(await other.taken(RELAY, DAY)).toBe(5);
    });

    test('of many changes at once of one count, one holds', async () => {
      const books = [one, other, await store.join(), await store.join()];
      for (const [before, first] of [
        [0, 10],
        [10, 20],
      ] as const) {
        const written = await Promise.all(books.map((book) => book.change(RELAY, DAY, before, first)));
        expect(written.filter(Boolean)).toHaveLength(1);
        expect(await one.taken(RELAY, DAY)).toBe(first);
      }
    });

    test.each([
      ['bulk', DAY],
      [RELAY, '2026-12-02'],
      ['o\'hara "x" % _ é', DAY],
    ])('relay %j has a count of its own on %s', async (relay, day) => {
      await one.change(RELAY, DAY, 0, 5);
      expect(await one.taken(relay, day)).toBe(0);
      expect(await one.change(relay, day, 0, 7)).toBe(true);
      expect([await other.taken(relay, day), await other.taken(RELAY, DAY)]).toEqual([7, 5]);
    });

    test('the count outlives every process', async () => {
      await one.change(RELAY, DAY, 0, 5);
      expect(await (await store.join()).taken(RELAY, DAY)).toBe(5);
    });
  });
}
