/** Who lives, by the table's own time: whatever the clocks of the machines show. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { joinTable, type TableState } from '#aws/table';
import { systemClock } from '#local';
import { type Clock, LedgerError } from '#mailing';
import { LEASE_MS, ProcessLeases } from '../../functions/aws/process-leases.ts';
import { intent, outcomes, plannedRun, START } from '../ports/ledger.harness.ts';
import { clientOf, newTableStore, type TableStore, useDynalite } from './ledger-table.ts';

useDynalite();

const HOUR = 3_600_000;
let store: TableStore;
const states: TableState[] = [];
beforeEach(async () => {
  store = await newTableStore();
});
afterEach(() => {
  for (const state of states.splice(0)) state.close();
  store.remove();
});

/** @param aheadMs of the table's clock */
async function join(owner: string, aheadMs: number, endsInMs?: number): Promise<TableState> {
  const clock: Clock = { ...systemClock(), now: () => Date.now() + aheadMs };
  const ending = endsInMs === undefined ? {} : { endsInMs };
  const chance = Math.random;
  const state = await joinTable({ client: clientOf(), table: store.name, owner, clock, chance, ...ending });
  states.push(state);
  return state;
}

describe('machines whose clocks differ', () => {
  test.each([
    ['ahead', 'behind', 3 * HOUR, -3 * HOUR],
    ['behind', 'ahead', -3 * HOUR, 3 * HOUR],
    ['right', 'years ahead', 0, 20_000 * HOUR],
  ])('one that is %s keeps its batch before one that is %s', async (_one, _other, own, others) => {
    const holder = await join('holder', own);
    const other = await join('other', others);
    const run = await plannedRun(holder.ledger);
    const claim = await holder.ledger.claim(run, 1, { now: START });
    if (claim === null) throw new Error('not claimed');
    await holder.ledger.commit(claim, { settled: [], intended: [intent(0)] });
    expect(await other.ledger.claim(run, 1, { now: START })).toBeNull();
    expect(await outcomes(other.ledger, run)).toEqual(['pending', 'pending', 'pending']);
    await holder.lanes.write('relay', 0, []);
    expect(await other.ledger.openBatches(run)).toMatchObject([{ held: true }]);
  });
});

describe('a lease', () => {
  test('of an invocation lasts until its end and a minute beyond, and needs no beat', async () => {
    let now = START;
    const { table } = await store.join();
    const lease = new ProcessLeases(table, () => now, { owner: 'invocation', endsInMs: 15 * 60_000 });
    await lease.begin();
    const other = new ProcessLeases(table, () => now, { owner: 'other' });
    now = START + 15 * 60_000 + LEASE_MS;
    expect(await other.living(['invocation', 'nobody'])).toEqual(new Set(['other', 'invocation']));
    now += 5000;
    expect(await other.living(['invocation'])).toEqual(new Set(['other']));
  });

  test('of a process that stays is renewed by its beats, until it is closed', async () => {
    let now = START;
    let beat: (() => void) | null = null;
    const clock: Clock = {
      ...systemClock(),
      after: (ms, fn) => {
        if (ms !== 15_000) return systemClock().after(ms, fn);
        beat = fn;
        return () => {
          beat = null;
        };
      },
    };
    const { table } = await store.join({ clock });
    const lease = new ProcessLeases(table, () => now, { owner: 'stays' });
    await lease.begin();
    const other = new ProcessLeases(table, () => now, { owner: 'other' });
    for (let beats = 0; beats < 8; beats += 1) {
      now += 15_000;
      const due: (() => void) | null = beat;
      beat = null;
      (due as (() => void) | null)?.();
      await expect.poll(() => beat !== null).toBe(true);
    }
    now += LEASE_MS - 15_000;
    expect((await other.living(['stays'])).has('stays')).toBe(true);
    lease.close();
    expect(beat).toBeNull();
    now += LEASE_MS;
    expect((await other.living(['stays'])).has('stays')).toBe(false);
  });

  test('is not begun under a name that another has or had', async () => {
    await join('same', 0);
    await expect(join('same', 0)).rejects.toThrow(LedgerError);
    await expect(join('same', 0)).rejects.toThrow('another process has that name');
  });
});
