/** What every lane book does, whatever it is made of. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LaneBook, LaneHolder } from '#mailing';

export interface LaneProcess {
  readonly owner: string;
  readonly lanes: LaneBook;
}

export interface LaneStore {
  /** The book as a new process sees it. */
  join(): Promise<LaneProcess>;
  /** That process dies: it gives nothing back, and its lease ends. */
  die(process: LaneProcess): Promise<void>;
  /** The store goes, and every process with it. */
  remove(): Promise<void>;
}

const RELAY = 'smtp.example.com:587 news';

export function describeLaneBook(name: string, newStore: () => Promise<LaneStore>): void {
  describe(`${name} keeps the contract of LaneBook`, () => {
    let store: LaneStore;
    let one: LaneProcess;
    let other: LaneProcess;
    beforeEach(async () => {
      store = await newStore();
      one = await store.join();
      other = await store.join();
    });
    afterEach(() => store.remove());

    const holder = ({ owner }: LaneProcess, more: Partial<LaneHolder> = {}): LaneHolder => ({
      owner,
      run: 'run-1',
      limits: { connections: 4, relayMessagesPerSecond: 0.5 },
      lanes: 2,
      wanted: 4,
      pace: null,
      ...more,
    });

    test('a page that nobody wrote is empty, and its rev is 0', async () => {
      expect(await one.lanes.read(RELAY)).toEqual({ rev: 0, holders: [] });
    });

    test('what one process wrote is what the next read of another gives, in its order', async () => {
      const holders = [holder(other, { lanes: 0, pace: 0 }), holder(one, { pace: 12.5 })];
      expect(await one.lanes.write(RELAY, 0, holders)).toBe(true);
      const page = await other.lanes.read(RELAY);
      expect(page.holders).toEqual(holders);
      expect(page.rev).toBeGreaterThan(0);
      expect(await other.lanes.write(RELAY, page.rev, holders.toReversed())).toBe(true);
      expect((await one.lanes.read(RELAY)).holders).toEqual(holders.toReversed());
    });

    test('a write on a page that has changed since changes nothing', async () => {
      expect(await one.lanes.write(RELAY, 0, [holder(one)])).toBe(true);
      const { rev } = await one.lanes.read(RELAY);
      expect(await other.lanes.write(RELAY, 0, [holder(other)])).toBe(false);
      expect(await other.lanes.write(RELAY, rev, [holder(one), holder(other)])).toBe(true);
      expect(await one.lanes.write(RELAY, rev, [])).toBe(false);
      expect((await one.lanes.read(RELAY)).holders).toEqual([holder(one), holder(other)]);
    });

    test('of many writes at once on one rev, one holds', async () => {
      const processes = [one, other, await store.join(), await store.join()];
      const written = await Promise.all(processes.map((each) => each.lanes.write(RELAY, 0, [holder(each)])));
      expect(written.filter(Boolean)).toHaveLength(1);
      const { holders } = await one.lanes.read(RELAY);
      expect(holders.map(({ owner }) => owner)).toEqual([processes[written.indexOf(true)]?.owner]);
    });

    test('a dead process holds nothing, and its place in the page goes with the next write', async () => {
      await one.lanes.write(RELAY, 0, [holder(other), holder(one)]);
      await store.die(other);
      const { rev, holders } = await one.lanes.read(RELAY);
      expect(holders).toEqual([holder(one)]);
      expect(await one.lanes.write(RELAY, rev, holders)).toBe(true);
      const third = await store.join();
      expect((await third.lanes.read(RELAY)).holders).toEqual([holder(one)]);
    });

    test('a page that nobody is left on can be written again', async () => {
      await one.lanes.write(RELAY, 0, [holder(one)]);
      await store.die(one);
      const { rev, holders } = await other.lanes.read(RELAY);
      expect(holders).toEqual([]);
      expect(await other.lanes.write(RELAY, rev, [holder(other)])).toBe(true);
    });

    test.each(['smtp.example.com:465 news', 'smtp.example.com:587', 'o\'hara "x" % _ é'])(
      'relay %j has a page of its own',
      async (relay) => {
        await one.lanes.write(RELAY, 0, [holder(one)]);
        expect(await one.lanes.read(relay)).toEqual({ rev: 0, holders: [] });
        await one.lanes.write(relay, 0, [holder(other)]);
        expect((await one.lanes.read(relay)).holders).toEqual([holder(other)]);
        expect((await one.lanes.read(RELAY)).holders).toEqual([holder(one)]);
      },
    );
  });
}
