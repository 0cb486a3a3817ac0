/** One batch's writes, on a real ledger behind a door that a test can hold shut or let fail. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { openState } from '#local';
import { FenceLostError, IllegalMoveError, type Intent, type Ledger, LedgerError } from '#mailing';
import { GroupCommit, isFenceLost } from '../../functions/mailing/group-commit.ts';
import { temporaryFolder } from '../cli/cartero.ts';
import { unhandledRejections, withCommit } from './starting.ts';
import { settled } from './virtual-clock.ts';

const RUN = 'letters-1';
const PEOPLE = 20;

type Changes = Parameters<Ledger['commit']>[1];

/** A claimed batch of a complete plan, and every commit that its ledger was asked for. */
async function claimed() {
  const folder = temporaryFolder();
  const state = openState(folder);
  const { ledger } = state;
  onTestFinished(() => state.close());
  await ledger.createRun({
    id: RUN,
    campaign: 'letters',
    source: '/letters',
    slot: null,
    contentHash: 'c',
    createdAt: 0,
    onUncertain: 'hold',
    expiresAt: 1000,
  });
  const deliveries = Array.from({ length: PEOPLE }, (_, index) => ({
    index,
    row: index + 1,
    recipient: `p${index}@example.com`,
    key: `p${index}@example.com`,
    messageId: `${index}@example.com`,
    state: 'pending' as const,
  }));
  await ledger.addBatch(RUN, 1, deliveries);
  await ledger.completePlan(RUN, {
    planHash: 'h',
    rows: PEOPLE,
    recipients: PEOPLE,
    duplicates: 0,
    notSelected: 0,
    invalid: 0,
    batches: 1,
  });
  const claim = await ledger.claim(RUN, 1, { now: 0 });
  if (claim === null) throw new Error('the batch is held');
  return { ledger, claim, folder };
}

/** A ledger whose commits are noted, and wait while `gate` is shut. */
function watched(ledger: Ledger) {
  const commits: Changes[] = [];
  const gate = { open: Promise.resolve() as Promise<void>, fail: null as Error | null };
  let inFlight = 0;
  let most = 0;
  const commit: Ledger['commit'] = async (claim, changes) => {
    commits.push(changes);
    inFlight += 1;
    most = Math.max(most, inFlight);
    try {
      await gate.open;
      if (gate.fail !== null) throw gate.fail;
      return await ledger.commit(claim, changes);
    } finally {
      inFlight -= 1;
    }
  };
  const door = withCommit(ledger, commit);
  return { door, commits, gate, most: () => most };
}

const intent = (index: number): Intent => ({ index, attempt: 1 });
const accepted = (index: number) => ({ index, attempt: 1, state: 'accepted', at: 1, reply: '250 ok' }) as const;

function shut(gate: { open: Promise<void> }): () => void {
  let open = () => {};
  gate.open = new Promise((resolve) => {
    open = resolve;
  });
  return open;
}

describe('GroupCommit', () => {
  test('makes what comes up in one turn one commit', async () => {
    const { ledger, claim } = await claimed();
    const { door, commits } = watched(ledger);
    const group = new GroupCommit(door, claim);
    await Promise.all(Array.from({ length: PEOPLE }, (_, index) => group.intend(intent(index))));
    expect(commits).toEqual([{ settled: [], intended: Array.from({ length: PEOPLE }, (_, index) => intent(index)) }]);
  });

  test('has one commit in flight, and everything that waits goes with the next: outcomes with the intents', async () => {
    const { ledger, claim } = await claimed();
    const { door, commits, gate, most } = watched(ledger);
    const group = new GroupCommit(door, claim);
    await group.intend(intent(0));
    const open = shut(gate);
    const first = group.intend(intent(1));
    await settled();
    await settled();
    group.settle(accepted(0));
    const later = [group.intend(intent(2)), group.intend(intent(3))];
    await settled();
    expect(commits).toHaveLength(2);
    open();
    await Promise.all([first, ...later]);
    expect(most()).toBe(1);
    expect(commits.slice(1)).toEqual([
      { settled: [], intended: [intent(1)] },
      { settled: [accepted(0)], intended: [intent(2), intent(3)] },
    ]);
  });

  test('resolves an intent when it is durable, and not before', async () => {
    const { ledger, claim } = await claimed();
    const { door, gate } = watched(ledger);
    const open = shut(gate);
    const group = new GroupCommit(door, claim);
    let durable = false;
    const intended = group.intend(intent(0)).then(() => {
      durable = true;
    });
    for (let turn = 0; turn < 5; turn += 1) await settled();
    expect(durable).toBe(false);
    open();
    await intended;
    await ledger.release(claim);
    const [record] = await ledger.find(RUN, 'p0@example.com');
    expect(record).toMatchObject({ outcome: 'uncertain', attempts: 1 });
  });

  test('flushes what was noted before, over commits in flight', async () => {
    const { ledger, claim } = await claimed();
    const { door, commits, gate } = watched(ledger);
    const group = new GroupCommit(door, claim);
    await group.flush();
    expect(commits).toEqual([]);
    await group.intend(intent(0));
    const open = shut(gate);
    const second = group.intend(intent(1));
    await settled();
    group.settle(accepted(0));
    const flushed = group.flush();
    open();
    await flushed;
    await second;
    expect((await ledger.totals(RUN)).accepted).toBe(1);
    await group.flush();
  });

  test('keeps an outcome with nobody waiting for it', async () => {
    const { ledger, claim } = await claimed();
    const group = new GroupCommit(ledger, claim);
    await group.intend(intent(0));
    group.settle(accepted(0));
    for (let turn = 0; turn < 5; turn += 1) await settled();
    expect((await ledger.totals(RUN)).accepted).toBe(1);
  });

  const failures: readonly [what: string, error: Error][] = [
    ['a lost fence', new FenceLostError(RUN, 1)],
    ['a full disk', new LedgerError('Cannot write the ledger: the disk is full')],
  ];
  for (const [what, error] of failures) {
    test(`after ${what}, fails every intent and flush, asks the ledger no more, and leaves nothing unhandled`, async () => {
      const unhandled = unhandledRejections();
      const { ledger, claim } = await claimed();
      const { door, commits, gate } = watched(ledger);
      const group = new GroupCommit(door, claim);
      await group.intend(intent(0));
      gate.fail = error;
      // An outcome alone, whose commit nobody waits for; then what was waiting behind it.
      group.settle(accepted(0));
      await settled();
      const waiting = group.intend(intent(1));
      await expect(waiting).rejects.toBe(error);
      expect(group.failure).toBe(error);
      gate.fail = null;
      const asked = commits.length;
      group.settle(accepted(0));
      await expect(group.intend(intent(2))).rejects.toBe(error);
      await expect(group.flush()).rejects.toBe(error);
      await expect(group.flush()).rejects.toBe(error);
      for (let turn = 0; turn < 5; turn += 1) await settled();
      expect(commits).toHaveLength(asked);
      expect(unhandled).toEqual([]);
      expect((await ledger.totals(RUN)).accepted).toBe(0);
    });
  }

  test('loses its fence to whoever claims the batch after this process counts as dead', async () => {
    const { ledger, claim, folder } = await claimed();
    const group = new GroupCommit(ledger, claim);
    await group.intend(intent(0));
    await ledger.release(claim);
    const other = openState(folder);
    onTestFinished(() => other.close());
    expect((await other.ledger.claim(RUN, 1, { now: 0 }))?.due).toHaveLength(PEOPLE - 1);
    group.settle(accepted(0));
    const error = await group.flush().catch((thrown: unknown) => thrown);
    expect(isFenceLost(error)).toBe(true);
    expect((await ledger.find(RUN, 'p0@example.com'))[0]?.outcome).toBe('uncertain');
  });

  test('tells an illegal move, and writes nothing of the commit that carried it', async () => {
    const { ledger, claim } = await claimed();
    const group = new GroupCommit(ledger, claim);
    const refused = group.intend({ index: 0, attempt: 7 });
    const innocent = group.intend(intent(1));
    await expect(refused).rejects.toBeInstanceOf(IllegalMoveError);
    await expect(innocent).rejects.toBeInstanceOf(IllegalMoveError);
    expect(isFenceLost(group.failure)).toBe(false);
    await ledger.release(claim);
    expect((await ledger.totals(RUN)).pending).toBe(PEOPLE);
  });
});
