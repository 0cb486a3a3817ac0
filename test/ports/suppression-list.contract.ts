/** What every suppression list does, whatever it is made of. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Suppression, SuppressionList } from '#mailing';

export interface SuppressionStore {
  /** The list as a new process sees it. */
  join(): Promise<SuppressionList>;
  /** The list goes, and every process with it. */
  remove(): Promise<void>;
}

const entry = (key: string, more: Partial<Suppression> = {}): Suppression => ({
  key,
  recipient: key,
  reason: null,
  at: 1_000,
  ...more,
});

export function describeSuppressionList(name: string, newStore: () => Promise<SuppressionStore>): void {
  describe(`${name} keeps the contract of SuppressionList`, () => {
    let store: SuppressionStore;
    let list: SuppressionList;
    beforeEach(async () => {
      store = await newStore();
      list = await store.join();
    });
    afterEach(() => store.remove());

    const all = async (): Promise<Suppression[]> => {
      const found: Suppression[] = [];
      for await (const each of list.list()) found.push(each);
      return found;
    };

    test('what one process added is among the next question of another', async () => {
      const other = await store.join();
      expect([...(await other.among(['ana@example.com', 'ben@example.com']))]).toEqual([]);
      expect(await list.add([entry('ana@example.com')])).toBe(1);
      expect([...(await other.among(['ana@example.com', 'ben@example.com']))]).toEqual(['ana@example.com']);
      expect(await other.remove(['ana@example.com', 'ben@example.com'])).toBe(1);
      expect([...(await list.among(['ana@example.com']))]).toEqual([]);
    });

    test('who is there stays as first written, and is not counted again', async () => {
      await list.add([entry('ana@example.com', { recipient: 'Ana@example.com', reason: 'asked by phone' })]);
      const twice = [entry('ana@example.com', { reason: 'other', at: 2_000 }), entry('ben@example.com')];
      expect(await list.add([...twice, ...twice])).toBe(1);
      expect(await all()).toEqual([
        { key: 'ana@example.com', recipient: 'Ana@example.com', reason: 'asked by phone', at: 1_000 },
        entry('ben@example.com'),
      ]);
    });

    test('one who is found is told as first written, and nobody else is', async () => {
      await list.add([entry('ana@example.com', { recipient: 'Ana@example.com', reason: 'asked by phone' })]);
      const found = { key: 'ana@example.com', recipient: 'Ana@example.com', reason: 'asked by phone', at: 1_000 };
      expect(await (await store.join()).find('ana@example.com')).toEqual(found);
      expect(await list.find('ANA@example.com')).toBeNull();
      await list.remove(['ana@example.com']);
      expect(await list.find('ana@example.com')).toBeNull();
    });

    test('a long list comes whole and in order, and any number of keys can be asked about', async () => {
      const keys = Array.from({ length: 2_500 }, (_, index) => `p${String(index).padStart(5, '0')}@example.com`);
      expect(await list.add(keys.toReversed().map((key) => entry(key)))).toBe(keys.length);
      expect((await all()).map(({ key }) => key)).toEqual(keys);
      expect([...(await list.among(keys))].toSorted()).toEqual(keys);
      expect([...(await list.among([]))]).toEqual([]);
    });

    test.each(['"quoted"@example.com', "o'hara@example.com", 'zoë@example.com', '[],%_@example.com'])(
      '%s is a key like any other',
      async (key) => {
        await list.add([entry(key)]);
        expect([...(await list.among([key, 'x@example.com']))]).toEqual([key]);
      },
    );
  });
}
