/** The ledger on DynamoDB where requests fail for good, processes die between two of them, or several want the same. */
import { createHash, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '#local';
import { FenceLostError, type Ledger, LedgerError } from '#mailing';
import { Table } from '../../functions/aws/table.ts';
import {
  all,
  intent,
  newRun,
  outcomes,
  plannedRun,
  planOf,
  recipients,
  START,
  settled,
} from '../ports/ledger.harness.ts';
import { type Fate, FaultyRequests, type SeenRequest } from './faulty-requests.ts';
import { newTableStore, type Process, type TableStore, useDynalite } from './ledger-table.ts';

useDynalite();

let store: TableStore;
let requests: FaultyRequests;
/** Behind the requests that can fail, and without any patience; the other's pass. */
let one: Process;
let other: Process;
const LATER = START + 60_000;

beforeEach(async () => {
  store = await newTableStore();
  requests = new FaultyRequests();
  one = await store.join({ client: await requests.open(), patienceMs: 0, tryMs: 3000 });
  other = await store.join();
});
afterEach(() => {
  store.remove();
  requests.close();
});

const claimed = async (ledger: Ledger, run: string, batch = 1) => {
  const claim = await ledger.claim(run, batch, { now: LATER });
  if (claim === null) throw new Error(`batch ${batch} was not claimed`);
  return claim;
};
const isSend = (seen: SeenRequest) => seen.isWrite;

describe('a throttled table', () => {
  const patient = async (patienceMs: number) => store.join({ client: requests.client, patienceMs });

  test('moves nobody when patience is at its end, and the same commit holds when it is over', async () => {
    const { ledger } = await patient(1000);
    const run = await plannedRun(ledger);
    const claim = await claimed(ledger, run);
    requests.fateOf = () => 'throttled';
    const changes = { settled: [settled(0, 'refused')], intended: [intent(1)] };
    const before = requests.seen.length;
    const commit = ledger.commit(claim, changes);
    await expect(commit).rejects.toThrow(LedgerError);
    await expect(commit).rejects.toThrow('DynamoDB takes no more requests at the moment');
    expect(requests.seen.length - before).toBeGreaterThan(2);
    expect(await outcomes(other.ledger, run)).toEqual(['pending', 'pending', 'pending']);
    requests.fateOf = () => 'pass';
    await ledger.commit(claim, changes);
    expect(await outcomes(other.ledger, run)).toEqual(['refused', 'pending', 'pending']);
  });

  test('is waited for', async () => {
    const { ledger } = await patient(15_000);
    const run = await plannedRun(ledger);
    const until = requests.seen.length + 5;
    requests.fateOf = ({ number }) => (number <= until ? 'throttled' : 'pass');
    expect(await ledger.claim(run, 1, { now: LATER })).toMatchObject({ fence: 1 });
  });

  test('is not what a table is that is not there, which is said at once', async () => {
    const nowhere = new Table({ client: store.client, table: 'nowhere', clock: systemClock(), chance: Math.random });
    await expect(nowhere.get({ pk: 'a', sk: 'b' })).rejects.toThrow(
      'Cannot read the ledger "nowhere": there is no table "nowhere" in this account and region; deploy the state stack',
    );
  });
});

describe('a reply that is lost for good', () => {
  /** From here on the first write is done and not answered, and nothing arrives any more. */
  const loseOne = (fate: Fate) => {
    let isDone = false;
    requests.fateOf = (seen) => {
      if (isDone || !isSend(seen)) return isDone ? 'refused' : 'pass';
      isDone = true;
      return fate;
    };
  };

  test.each([
    ['lost', 4],
    ['silent', 1],
  ] as const)(
    'of a claim (%s, %i times): it may be claimed again by the same process, and was no crash',
    async (fate, times) => {
      const run = await plannedRun(one.ledger);
      for (let each = 0; each < times; each += 1) {
        loseOne(fate);
        await expect(one.ledger.claim(run, 1, { now: LATER })).rejects.toThrow(LedgerError);
        requests.fateOf = () => 'pass';
      }
      expect(await other.ledger.claim(run, 1, { now: LATER }), 'while that process lives').toBeNull();
      expect(await one.ledger.openBatches(run)).toMatchObject([{ held: false }]);
      const claim = await claimed(one.ledger, run);
      expect(claim).toMatchObject({ careful: false, fence: times + 1 });
      expect(claim.due).toHaveLength(3);
    },
  );

  test('of a commit: it is there, nothing is written over it, and its intent is in doubt once it is given back', async () => {
    const run = await plannedRun(one.ledger);
    const claim = await claimed(one.ledger, run);
    loseOne('lost');
    const changes = { settled: [settled(0, 'refused')], intended: [intent(1)] };
    await expect(one.ledger.commit(claim, changes)).rejects.toThrow(LedgerError);
    requests.fateOf = () => 'pass';
    await expect(one.ledger.commit(claim, changes)).rejects.toThrow(FenceLostError);
    await one.ledger.release(claim);
    expect(await outcomes(other.ledger, run)).toEqual(['refused', 'uncertain', 'pending']);
    const next = await claimed(other.ledger, run);
    expect(next.due.map(({ index }) => index)).toEqual([2]);
  });

  test('of a release: the batch is free', async () => {
    const run = await plannedRun(one.ledger);
    const claim = await claimed(one.ledger, run);
    loseOne('lost');
    await expect(one.ledger.release(claim)).rejects.toThrow(LedgerError);
    expect(await other.ledger.openBatches(run)).toMatchObject([{ held: false }]);
  });

  test('of a release that did not arrive: this process may claim it again, another when the lease is over', async () => {
    const run = await plannedRun(one.ledger);
    const claim = await claimed(one.ledger, run);
    requests.fateOf = () => 'refused';
    await expect(one.ledger.release(claim)).rejects.toThrow(LedgerError);
    requests.fateOf = () => 'pass';
    expect(await other.ledger.claim(run, 1, { now: LATER })).toBeNull();
    expect(await claimed(one.ledger, run)).toMatchObject({ fence: 2, careful: false });
    await store.die(one);
    expect(await claimed(other.ledger, run)).toMatchObject({ fence: 3 });
  });
});

describe('a process that is taken for dead and lives', () => {
  test('writes nothing under its old fence, whatever it tries', async () => {
    const run = await plannedRun(one.ledger);
    const claim = await claimed(one.ledger, run);
    const rev = await one.ledger.commit(claim, { settled: [], intended: [intent(0)] });
    await store.die(one);
    const next = await claimed(other.ledger, run);
    expect(next.due.map(({ index }) => index)).toEqual([1, 2]);
    const before = await all(other.ledger.deliveries(run));
    const late = { settled: [settled(0, 'accepted')], intended: [intent(1)] };
    await expect(one.ledger.commit({ ...claim, rev }, late)).rejects.toThrow(FenceLostError);
    await one.ledger.release(claim);
    expect(await all(other.ledger.deliveries(run))).toEqual(before);
    expect(await other.ledger.openBatches(run)).toMatchObject([{ held: true }]);
    await other.ledger.commit(next, { settled: [], intended: [intent(1)] });
  });

  test('goes on as before where nobody has taken its batch', async () => {
    const run = await plannedRun(one.ledger);
    const claim = await claimed(one.ledger, run);
    await store.die(one);
    expect(await other.ledger.openBatches(run)).toMatchObject([{ held: false }]);
    await one.ledger.commit(claim, { settled: [settled(0, 'refused')], intended: [] });
    await one.ledger.release(claim);
    expect(await outcomes(other.ledger, run)).toEqual(['refused', 'pending', 'pending']);
  });

  test('leaves a page behind that says nothing, where its commit was refused', async () => {
    const run = await plannedRun(one.ledger, { sizes: [60] });
    const claim = await claimed(one.ledger, run);
    const replies = Array.from(
      { length: 60 },
      (_, index) => `250 ${createHash('sha256').update(String(index)).digest('base64')}`,
    );
    const first = await one.ledger.commit(claim, { settled: [], intended: replies.map((_, index) => intent(index)) });
    const many = replies.map((reply, index) => settled(index, 'accepted', { reply })).slice(0, 50);
    const rev = await one.ledger.commit({ ...claim, rev: first }, { settled: many, intended: [] });
    await store.die(one);
    await claimed(other.ledger, run);
    const pages = requests.seen.filter(({ body }) => body.includes('p#0000001'));
    const late = { settled: [settled(50, 'accepted', { reply: 'never said' })], intended: [] };
    await expect(one.ledger.commit({ ...claim, rev }, late)).rejects.toThrow(FenceLostError);
    expect(requests.seen.filter(({ body }) => body.includes('p#0000001')).length).toBeGreaterThan(pages.length);
    const found = await all(other.ledger.deliveries(run));
    expect(found.slice(0, 50).map(({ reply }) => reply)).toEqual(replies.slice(0, 50));
    expect(found.slice(50).map(({ outcome }) => outcome)).toEqual(Array.from({ length: 10 }, () => 'uncertain'));
  });
});

describe('a server that talks too much', () => {
  test.each([1, 40, 500])(
    'to each of %i mails of a commit: every outcome is kept, and the words as far as there is room',
    async (many) => {
      const run = await plannedRun(other.ledger, { sizes: [500] });
      const claim = await claimed(other.ledger, run);
      const reply = (index: number) => `550 ${index} ${randomBytes(24 * 1024).toString('base64')}`;
      const changes = Array.from({ length: many }, (_, index) => settled(index, 'refused', { reply: reply(index) }));
      const rev = await other.ledger.commit(claim, { settled: changes, intended: [] });
      await other.ledger.commit({ ...claim, rev }, { settled: [], intended: many < 500 ? [intent(499)] : [] });
      await other.ledger.release(claim);
      const found = (await all(other.ledger.deliveries(run))).slice(0, many);
      expect(new Set(found.map(({ outcome }) => outcome))).toEqual(new Set(['refused']));
      for (const [index, record] of found.entries()) {
        const said = changes[index]?.reply ?? '';
        expect(record.reply).toBe(many === 1 ? said : `${said.slice(0, 200)}…`);
      }
    },
  );
});

describe('several processes at once', () => {
  test('each batch is claimed by one, whoever asks how often', async () => {
    const run = await plannedRun(one.ledger, { sizes: Array.from({ length: 12 }, () => 2) });
    const processes = [one, other, await store.join(), await store.join()];
    const claims = await Promise.all(
      Array.from({ length: 12 }, (_, place) => place + 1).flatMap((batch) =>
        [...processes, one, other].map(({ ledger }) => ledger.claim(run, batch, { now: LATER })),
      ),
    );
    const given = claims.filter((claim) => claim !== null);
    expect(given.map(({ batch }) => batch).sort((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, n) => n + 1));
    expect(given.every(({ fence }) => fence === 1)).toBe(true);
  });

  test('a cancellation among claims and releases leaves nobody who would be sent to', async () => {
    const run = await plannedRun(one.ledger, { sizes: Array.from({ length: 10 }, () => 2) });
    const work = async ({ ledger }: Process, batches: readonly number[]) => {
      for (const batch of batches) {
        const claim = await ledger.claim(run, batch, { now: LATER });
        if (claim !== null) await ledger.release(claim);
      }
    };
    const numbers = Array.from({ length: 10 }, (_, n) => n + 1);
    const cancel = (async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      await (await store.join()).ledger.setControl(run, 'cancelled', LATER);
    })();
    await Promise.all([work(one, numbers), work(other, numbers.toReversed()), cancel]);
    expect(new Set(await outcomes(other.ledger, run))).toEqual(new Set(['cancelled']));
    expect(await other.ledger.run(run)).toMatchObject({ finished: true });
    expect(await other.ledger.dueBatches(run, Number.MAX_SAFE_INTEGER, 100)).toEqual([]);
    expect(await other.ledger.claim(run, 1, { now: LATER })).toBeNull();
  });

  test('evidence beside the commits of a holder is in what he gives back', async () => {
    const run = await plannedRun(one.ledger, { sizes: [6] });
    const claim = await claimed(one.ledger, run);
    let rev = await one.ledger.commit(claim, { settled: [], intended: [0, 1, 2, 3].map((index) => intent(index)) });
    rev = await one.ledger.commit(
      { ...claim, rev },
      { settled: [0, 1, 2].map((index) => settled(index, 'uncertain')), intended: [] },
    );
    const evidence = [1, 2, 3].map((row) => ({
      key: `r${row}@example.org`,
      attempt: 1,
      state: 'accepted' as const,
      at: LATER,
      reply: `late ${row}`,
    }));
    const told = evidence.map((each) => other.ledger.establish(run, [each]));
    rev = await one.ledger.commit({ ...claim, rev }, { settled: [settled(3, 'accepted')], intended: [intent(4)] });
    const results = (await Promise.all(told)).flat().map(({ result }) => result);
    expect(results).toEqual(['settled', 'settled', 'settled']);
    await one.ledger.commit({ ...claim, rev }, { settled: [settled(4, 'accepted')], intended: [] });
    await one.ledger.release(claim);
    const found = await all(other.ledger.deliveries(run));
    expect(found.map(({ outcome }) => outcome)).toEqual([...Array.from({ length: 5 }, () => 'accepted'), 'pending']);
    expect(found.slice(0, 3).map(({ reply }) => reply)).toEqual(['late 1', 'late 2', 'late 3']);
  });
});

describe('a process that dies between two requests', () => {
  /** Does `work` again and again, ended one request later each time, until it comes to its end. @returns how often */
  const dyingThrough = async (work: () => Promise<unknown>, after: () => Promise<void>): Promise<number> => {
    for (let lives = 1; ; lives += 1) {
      const last = requests.seen.length + lives;
      requests.fateOf = ({ number }) => (number <= last ? 'pass' : 'refused');
      const isDone = await work().then(
        () => requests.seen.length <= last,
        () => false,
      );
      requests.fateOf = () => 'pass';
      await after();
      if (isDone) return lives;
    }
  };

  test('while planning: planning again gives the same run, whole', async () => {
    const sizes = [2, 1];
    const plan = async () => {
      const { ledger } = one;
      await ledger.createRun(newRun('run-1'));
      await ledger.addBatch('run-1', 0, []);
      await ledger.addBatches('run-1', [
        [1, recipients(2)],
        [2, recipients(1, 3)],
      ]);
      await ledger.completePlan('run-1', planOf(sizes.length, 3));
    };
    expect(await dyingThrough(plan, async () => {})).toBeGreaterThan(8);
    expect(await outcomes(other.ledger, 'run-1')).toEqual(['pending', 'pending', 'pending']);
    expect((await other.ledger.openBatches('run-1')).map(({ batch }) => batch)).toEqual([1, 2]);
    expect((await other.ledger.runs()).map(({ id }) => id)).toEqual(['run-1']);
    expect(await other.ledger.find('run-1', 'r3@example.org')).toMatchObject([{ batch: 2, row: 3 }]);
  });

  test('while cancelling: nobody is handed out any more from the first moment that it is seen, and the run can be ended', async () => {
    for (let last = 1; last < 40; last += 1) {
      const run = await plannedRun(other.ledger, { id: `run-${last}`, sizes: [1, 1, 1] });
      const end = requests.seen.length + last;
      requests.fateOf = ({ number }) => (number <= end ? 'pass' : 'refused');
      const isDone = await one.ledger.setControl(run, 'cancelled', LATER).then(
        () => true,
        () => false,
      );
      requests.fateOf = () => 'pass';
      if ((await other.ledger.control(run)) === 'cancelled') {
        expect(await outcomes(other.ledger, run)).toEqual(['cancelled', 'cancelled', 'cancelled']);
        expect(await other.ledger.claim(run, 3, { now: LATER })).toBeNull();
        expect(await other.ledger.run(run)).toMatchObject({ finished: true });
        expect(await other.ledger.retry(run, { outcomes: ['cancelled'], key: 'r2@example.org', at: LATER })).toBe(1);
        expect(await outcomes(other.ledger, run)).toEqual(['cancelled', 'pending', 'cancelled']);
      } else expect(await outcomes(other.ledger, run)).toEqual(['pending', 'pending', 'pending']);
      if (isDone) return;
    }
    throw new Error('it never came to its end');
  });

  test('while a cancelled run is retried: nobody comes to life who was not chosen', async () => {
    for (let last = 1; last < 80; last += 1) {
      const run = await plannedRun(other.ledger, { id: `run-${last}`, sizes: [1, 1, 1] });
      await other.ledger.setControl(run, 'cancelled', LATER);
      const end = requests.seen.length + last;
      requests.fateOf = ({ number }) => (number <= end ? 'pass' : 'refused');
      const chosen = { outcomes: ['cancelled'] as const, key: 'r2@example.org', at: LATER };
      const isDone = await one.ledger.retry(run, chosen).then(
        () => true,
        () => false,
      );
      requests.fateOf = () => 'pass';
      const found = await outcomes(other.ledger, run);
      expect([found[0], found[2]]).toEqual(['cancelled', 'cancelled']);
      if (found[1] === 'cancelled') expect(await other.ledger.run(run)).toMatchObject({ finished: true });
      else expect(await other.ledger.control(run)).toBe('going');
      if (isDone) {
        expect(found[1]).toBe('pending');
        return;
      }
    }
    throw new Error('it never came to its end');
  });
});
