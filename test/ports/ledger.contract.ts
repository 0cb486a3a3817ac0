/** What every ledger does, whatever it is made of. A test file for each adapter calls this with its own store. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type Claim,
  FenceLostError,
  IllegalMoveError,
  type Ledger,
  OUTCOMES,
  RESEND_AFTER_MS,
  type Settlement,
} from '#mailing';
import {
  all,
  EXPIRES,
  intent,
  type LedgerStore,
  MINUTE,
  type NewLedgerStore,
  newRun,
  outcomes,
  plannedRun,
  planOf,
  recipients,
  START,
  settled,
} from './ledger.harness.ts';

export function describeLedger(name: string, newStore: NewLedgerStore): void {
  describe(`${name} keeps the contract of Ledger`, () => {
    let store: LedgerStore;
    let ledger: Ledger;
    beforeEach(async () => {
      store = await newStore();
      ledger = await store.join();
    });
    afterEach(() => store.remove());

    const claimed = async (
      run: string,
      options: { batch?: number; now?: number; by?: Ledger; eager?: boolean } = {},
    ) => {
      const { batch = 1, now = START, by = ledger, eager = false } = options;
      const claim = await by.claim(run, batch, { now, eager });
      if (claim === null) throw new Error(`batch ${batch} was not claimed`);
      return claim;
    };
    const indexes = ({ due }: Claim) => due.map(({ index }) => index);
    /** Intends and settles all that is due, and gives the batch back. */
    const work = async (
      claim: Claim,
      outcome: (index: number) => Partial<Settlement> & { state: Settlement['state'] },
    ) => {
      const intended = claim.due.map(({ index, attempt }) => intent(index, attempt + 1));
      const rev = await ledger.commit(claim, { settled: [], intended });
      const changes = intended.map(({ index, attempt }) => ({ index, attempt, at: START, ...outcome(index) }));
      await ledger.commit({ ...claim, rev }, { settled: changes, intended: [] });
      await ledger.release(claim);
    };

    describe('planning', () => {
      test('createRun keeps the first record of a run and lists runs in the order of their making', async () => {
        const first = newRun('z');
        await ledger.createRun(first);
        await ledger.createRun({ ...newRun('a'), campaign: 'birthday', slot: START });
        await ledger.createRun({ ...first, createdAt: START + MINUTE, onUncertain: 'resend' });
        expect(await ledger.run('z')).toEqual({ ...first, plan: null, finished: false });
        expect(await ledger.run('nobody')).toBeNull();
        expect((await ledger.runs()).map(({ id }) => id)).toEqual(['z', 'a']);
        expect((await ledger.runs('birthday')).map(({ id, slot }) => [id, slot])).toEqual([['a', START]]);
      });

      test('createRun replaces a run of other content whose plan was given up, with all its batches', async () => {
        const first = newRun('run-1');
        await ledger.createRun(first);
        await ledger.addBatch('run-1', 0, []);
        await ledger.addBatch('run-1', 1, recipients(3));
        const second = { ...first, contentHash: 'other content', createdAt: START + MINUTE };
        const planner = await claimed('run-1', { batch: 0 });
        await ledger.createRun(second);
        expect(await ledger.run('run-1'), 'while somebody plans it').toMatchObject({ contentHash: first.contentHash });
        await ledger.release(planner);
        await ledger.createRun(second);
        expect(await ledger.run('run-1')).toEqual({ ...second, plan: null, finished: false });
        expect(await all(ledger.deliveries('run-1'))).toEqual([]);
        await ledger.addBatch('run-1', 1, recipients(2, 7));
        await ledger.completePlan('run-1', planOf(1, 2));
        expect((await all(ledger.deliveries('run-1'))).map(({ recipient }) => recipient)).toEqual([
          'r7@example.org',
          'r8@example.org',
        ]);
        await ledger.createRun({ ...first, contentHash: 'a third one' });
        expect(await ledger.run('run-1'), 'once its plan is complete').toMatchObject({ contentHash: 'other content' });
      });

      test('addBatch twice changes nothing of what happened to the first', async () => {
        const run = await plannedRun(ledger);
        const claim = await claimed(run);
        await ledger.commit(claim, { settled: [settled(1, 'refused')], intended: [intent(0)] });
        await ledger.addBatch(run, 1, recipients(3));
        expect(await outcomes(ledger, run)).toEqual(['pending', 'refused', 'pending']);
      });

      test('addBatch refuses an unknown run, an index twice, and a batch beyond the complete plan', async () => {
        await expect(ledger.addBatch('nobody', 1, [])).rejects.toThrow(IllegalMoveError);
        await ledger.createRun(newRun('run-1'));
        const [one] = recipients(1);
        if (!one) throw new Error('no recipient');
        await expect(ledger.addBatch('run-1', 1, [one, one])).rejects.toThrow('index 0 comes twice');
        await expect(ledger.addBatch('run-1', 1, [{ ...one, index: -1 }])).rejects.toThrow(IllegalMoveError);
        expect(await ledger.openBatches('run-1')).toEqual([]);
        await ledger.completePlan('run-1', planOf(0, 0));
        await expect(ledger.addBatch('run-1', 1, [one])).rejects.toThrow('its plan is complete without it');
      });

      test('completePlan is harmless when repeated, and refuses other counts and another plan', async () => {
        await ledger.createRun(newRun('run-1'));
        await ledger.addBatch('run-1', 1, recipients(3));
        await expect(ledger.completePlan('run-1', planOf(2, 3))).rejects.toThrow(IllegalMoveError);
        await expect(ledger.completePlan('run-1', planOf(1, 4))).rejects.toThrow(IllegalMoveError);
        expect((await ledger.run('run-1'))?.plan).toBeNull();
        const plan = { ...planOf(1, 3), rows: 7, duplicates: 3, notSelected: 1 };
        await ledger.completePlan('run-1', plan);
        await ledger.completePlan('run-1', plan);
        await expect(ledger.completePlan('run-1', { ...plan, planHash: 'plan-2' })).rejects.toThrow(IllegalMoveError);
        expect(await ledger.run('run-1')).toMatchObject({ plan, finished: false });
      });

      test('completePlan closes what has nothing to send', async () => {
        await ledger.createRun(newRun('run-1'));
        const invalid = { state: 'invalid', problem: 'no domain', recipient: 'ana', key: 'ana' } as const;
        await ledger.addBatch(
          'run-1',
          1,
          recipients(2).map((delivery) => ({ ...delivery, ...invalid })),
        );
        expect(await ledger.run('run-1')).toMatchObject({ finished: false });
        await ledger.completePlan('run-1', { ...planOf(1, 2), invalid: 2 });
        expect(await ledger.run('run-1')).toMatchObject({ finished: true });
        expect(await ledger.openBatches('run-1')).toEqual([]);
        expect(await ledger.claim('run-1', 1, { now: START })).toBeNull();
        expect(await ledger.find('run-1', 'ana')).toMatchObject([
          { outcome: 'invalid', problem: 'no domain', attempts: 0, at: null },
          { outcome: 'invalid' },
        ]);
      });

      test('batch 0 is the lease of who plans, until the plan is complete', async () => {
        await ledger.createRun(newRun('run-1'));
        await ledger.addBatch('run-1', 0, []);
        const other = await store.join();
        const aborted = await claimed('run-1', { batch: 0 });
        expect(await other.claim('run-1', 0, { now: START })).toBeNull();
        await ledger.release(aborted);
        const planner = await claimed('run-1', { batch: 0, by: other });
        await other.addBatch('run-1', 1, recipients(1));
        await expect(ledger.claim('run-1', 1, { now: START })).rejects.toThrow('the plan is not complete');
        await other.completePlan('run-1', planOf(1, 1));
        await other.release(planner);
        expect(await ledger.claim('run-1', 0, { now: START })).toBeNull();
        expect(await ledger.openBatches('run-1')).toEqual([{ batch: 1, held: false, nextAt: 0 }]);
      });
    });

    describe('the life of a batch', () => {
      test('claim, commit, release: each recipient ends in its outcome with its evidence, and the run finishes', async () => {
        const run = await plannedRun(ledger, { sizes: [3, 1] });
        const claim = await claimed(run);
        expect(claim).toMatchObject({ run, batch: 1, fence: 1 });
        expect(claim.due).toEqual(
          recipients(3).map(({ index, row, recipient, messageId }) => ({
            index,
            row,
            recipient,
            messageId,
            attempt: 0,
          })),
        );
        const rev = await ledger.commit(claim, { settled: [], intended: [intent(0)] });
        const queued = { reply: '250 2.0.0 Ok: queued as 4F2', enhancedStatus: '2.0.0', queueId: '4F2' };
        const last = await ledger.commit(
          { ...claim, rev },
          { settled: [settled(0, 'accepted', queued), settled(1, 'refused', { reply: '550 5.1.1 no' })], intended: [] },
        );
        await ledger.commit(
          { ...claim, rev: last },
          { settled: [settled(2, 'invalid', { attempt: 0, problem: 'no variable "name"' })], intended: [] },
        );
        await ledger.release(claim);
        expect(await ledger.run(run)).toMatchObject({ finished: false });
        expect(await ledger.openBatches(run)).toEqual([{ batch: 2, held: false, nextAt: 0 }]);
        expect(await all(ledger.deliveries(run, 1))).toEqual([
          {
            batch: 1,
            row: 1,
            recipient: 'r1@example.org',
            outcome: 'accepted',
            ...queued,
            attempts: 1,
            uncertainAttempts: 0,
            messageId: 'm1@example.com',
            problem: null,
            at: START + MINUTE,
            nextAt: null,
          },
          expect.objectContaining({ outcome: 'refused', reply: '550 5.1.1 no', attempts: 1, queueId: null }),
          expect.objectContaining({ outcome: 'invalid', problem: 'no variable "name"', attempts: 0 }),
        ]);
        await work(await claimed(run, { batch: 2 }), () => ({ state: 'accepted' }));
        expect(await ledger.run(run)).toMatchObject({ finished: true });
        expect(await ledger.claim(run, 1, { now: START })).toBeNull();
      });

      test('a batch is claimable by nobody while a living process holds it, also not by its holder', async () => {
        const run = await plannedRun(ledger);
        const other = await store.join();
        const claim = await claimed(run);
        expect(await other.claim(run, 1, { now: START })).toBeNull();
        expect(await ledger.claim(run, 1, { now: START })).toBeNull();
        expect(await other.openBatches(run)).toMatchObject([{ batch: 1, held: true }]);
        await ledger.release(claim);
        expect(await other.claim(run, 1, { now: START })).toMatchObject({ fence: claim.fence + 1 });
      });

      test('claim refuses a run and a batch that are not there', async () => {
        const run = await plannedRun(ledger);
        await expect(ledger.claim('nobody', 1, { now: START })).rejects.toThrow('there is no such run');
        await expect(ledger.claim(run, 9, { now: START })).rejects.toThrow('there is no such batch');
      });

      test.each(['fence', 'rev', 'owner'] as const)('a commit with another %s is refused whole', async (part) => {
        const run = await plannedRun(ledger);
        const claim = await claimed(run);
        const rev = await ledger.commit(claim, { settled: [], intended: [intent(0)] });
        const before = await all(ledger.deliveries(run));
        const stale = { fence: { fence: claim.fence - 1, rev }, rev: { rev: claim.rev }, owner: { rev } }[part];
        const by = part === 'owner' ? await store.join() : ledger;
        const changes = { settled: [settled(0, 'accepted')], intended: [intent(1)] };
        await expect(by.commit({ ...claim, ...stale }, changes)).rejects.toThrow(FenceLostError);
        expect(await all(ledger.deliveries(run))).toEqual(before);
        await ledger.commit({ ...claim, rev }, changes);
      });

      test('a holder that was taken for dead writes nothing after the next claim, and its release is harmless', async () => {
        const run = await plannedRun(ledger);
        const claim = await claimed(run);
        await ledger.release(claim);
        const other = await store.join();
        const next = await claimed(run, { by: other });
        await expect(ledger.commit(claim, { settled: [settled(0, 'refused')], intended: [] })).rejects.toThrow(
          FenceLostError,
        );
        await ledger.release(claim);
        await other.commit(next, { settled: [], intended: [intent(0)] });
        expect(await ledger.openBatches(run)).toMatchObject([{ held: true }]);
      });
    });

    describe('moves', () => {
      const illegal: [string, Settlement][] = [
        ['accepted without an intent', settled(1, 'accepted')],
        ['uncertain without an intent', settled(1, 'uncertain')],
        ['a settled one again', settled(2, 'refused', { attempt: 2 })],
        ['the attempt before the intended one', settled(0, 'accepted', { attempt: 0 })],
        ['the attempt after the intended one', settled(0, 'accepted', { attempt: 2 })],
        ['two attempts at once', settled(1, 'refused', { attempt: 2 })],
        ['an attempt that was, as made', settled(1, 'refused', { attempt: -1 })],
        ['expired after the intent', settled(0, 'expired')],
        ['an index that is not there', settled(3, 'refused')],
        ['an index that is none', settled(0.5, 'refused')],
      ];
      /** Index 0 is intended, 1 pending, 2 accepted. */
      const prepared = async () => {
        const run = await plannedRun(ledger);
        const claim = await claimed(run);
        const rev = await ledger.commit(claim, { settled: [], intended: [intent(0), intent(2)] });
        const last = await ledger.commit({ ...claim, rev }, { settled: [settled(2, 'accepted')], intended: [] });
        return { run, claim: { ...claim, rev: last } };
      };

      test.each(illegal)('settling %s is refused, and nothing of that commit is written', async (_, change) => {
        const { run, claim } = await prepared();
        const before = await all(ledger.deliveries(run));
        const legal = settled(change.index === 1 ? 0 : 1, 'deferred');
        await expect(ledger.commit(claim, { settled: [legal, change], intended: [] })).rejects.toThrow(
          IllegalMoveError,
        );
        expect(await all(ledger.deliveries(run))).toEqual(before);
        await ledger.commit(claim, { settled: [legal], intended: [] });
      });

      test.each([
        ['a settled one', 2, 2],
        ['an intended one', 0, 2],
        ['the attempt before the next', 1, 0],
        ['the attempt after the next', 1, 2],
        ['an index that is not there', 3, 1],
      ])('intending %s is refused', async (_, index, attempt) => {
        const { claim } = await prepared();
        const changes = { settled: [], intended: [intent(index, attempt)] };
        await expect(ledger.commit(claim, changes)).rejects.toThrow(IllegalMoveError);
      });

      test.each(['hold', 'skip'] as const)('under %s an uncertain one goes nowhere', async (policy) => {
        const run = await plannedRun(ledger, { sizes: [1], onUncertain: policy });
        const claim = await claimed(run);
        const rev = await ledger.commit(claim, { settled: [], intended: [intent(0)] });
        const last = await ledger.commit({ ...claim, rev }, { settled: [settled(0, 'uncertain')], intended: [] });
        for (const changes of [
          { settled: [], intended: [intent(0, 2)] },
          { settled: [settled(0, 'deferred', { attempt: 2 })], intended: [] },
          { settled: [settled(0, 'cancelled')], intended: [] },
        ]) {
          await expect(ledger.commit({ ...claim, rev: last }, changes)).rejects.toThrow(IllegalMoveError);
        }
        expect(await outcomes(ledger, run)).toEqual(['uncertain']);
      });

      test('an intent that was not used is settled as deferred and made again in one commit', async () => {
        const { run, claim } = await prepared();
        const unsent = settled(0, 'deferred', { nextAt: START });
        const rev = await ledger.commit(claim, { settled: [unsent], intended: [intent(0, 2)] });
        await ledger.commit({ ...claim, rev }, { settled: [settled(0, 'accepted', { attempt: 2 })], intended: [] });
        expect(await outcomes(ledger, run)).toEqual(['accepted', 'pending', 'accepted']);
      });
    });

    describe('death', () => {
      test('what a dead process had intended is uncertain with its evidence, at once and after the next claim', async () => {
        const run = await plannedRun(ledger, { sizes: [4] });
        const claim = await claimed(run);
        const changes = { settled: [settled(2, 'refused')], intended: [intent(0), intent(1)] };
        await ledger.commit(claim, changes);
        expect(await outcomes(ledger, run)).toEqual(['pending', 'pending', 'refused', 'pending']);
        await store.die(ledger);
        ledger = await store.join();
        expect(await outcomes(ledger, run)).toEqual(['uncertain', 'uncertain', 'refused', 'pending']);
        expect(await ledger.openBatches(run)).toEqual([{ batch: 1, held: false, nextAt: 0 }]);
        const next = await claimed(run, { now: START + 5 });
        expect(next.fence).toBe(claim.fence + 1);
        expect(indexes(next)).toEqual([3]);
        const [first] = await ledger.find(run, 'r1@example.org');
        expect(first).toMatchObject({
          outcome: 'uncertain',
          attempts: 1,
          uncertainAttempts: 1,
          at: START + 5,
          nextAt: null,
        });
        expect(first?.problem).toContain('attempt 1');
        await work(next, () => ({ state: 'accepted' }));
        expect(await ledger.run(run)).toMatchObject({ finished: true });
      });

      test('a deferral before the death loses nothing: its attempts and its moment stay', async () => {
        const run = await plannedRun(ledger, { sizes: [1] });
        const claim = await claimed(run);
        const nextAt = START + 5 * MINUTE;
        await ledger.commit(claim, {
          settled: [settled(0, 'deferred', { nextAt, reply: '451 4.7.1 wait' })],
          intended: [],
        });
        await store.die(ledger);
        ledger = await store.join();
        expect((await claimed(run)).due).toEqual([]);
        expect(await ledger.find(run, 'r1@example.org')).toMatchObject([{ outcome: 'deferred', attempts: 1, nextAt }]);
      });

      test('an intent left at a release becomes uncertain at the next claim', async () => {
        const run = await plannedRun(ledger, { sizes: [1] });
        const claim = await claimed(run);
        await ledger.commit(claim, { settled: [], intended: [intent(0)] });
        await ledger.release(claim);
        expect(await outcomes(ledger, run)).toEqual(['uncertain']);
        await ledger.release(await claimed(run));
        expect(await outcomes(ledger, run)).toEqual(['uncertain']);
        expect(await ledger.run(run)).toMatchObject({ finished: true });
      });
    });

    describe('time', () => {
      test('a deferred recipient is due at its moment, earlier only to who is eager', async () => {
        const run = await plannedRun(ledger, { sizes: [2] });
        const nextAt = START + 5 * MINUTE;
        await work(await claimed(run), (index) => (index ? { state: 'accepted' } : { state: 'deferred', nextAt }));
        expect(await ledger.openBatches(run)).toEqual([{ batch: 1, held: false, nextAt }]);
        const early = await claimed(run, { now: nextAt - 1 });
        expect(early.due).toEqual([]);
        await ledger.release(early);
        const eager = await claimed(run, { now: START, eager: true });
        expect(eager.due).toMatchObject([{ index: 0, attempt: 1 }]);
        await ledger.release(eager);
        expect(indexes(await claimed(run, { now: nextAt }))).toEqual([0]);
      });

      test('deferred recipients expire with the run, and keep the last reply', async () => {
        const run = await plannedRun(ledger, { sizes: [2] });
        const nextAt = EXPIRES + MINUTE;
        await work(await claimed(run), () => ({ state: 'deferred', nextAt, reply: '452 4.2.2 mailbox full' }));
        expect(await ledger.openBatches(run)).toMatchObject([{ nextAt: EXPIRES }]);
        await ledger.release(await claimed(run, { now: EXPIRES - 1 }));
        expect(await outcomes(ledger, run)).toEqual(['deferred', 'deferred']);
        const claim = await claimed(run, { now: EXPIRES, eager: true });
        expect(claim.due).toEqual([]);
        await ledger.release(claim);
        expect(await ledger.find(run, 'r1@example.org')).toMatchObject([
          { outcome: 'expired', reply: '452 4.2.2 mailbox full', at: EXPIRES, nextAt: null },
        ]);
        expect(await ledger.run(run)).toMatchObject({ finished: true });
      });

      test('recipients that were never tried do not expire', async () => {
        const run = await plannedRun(ledger, { sizes: [1] });
        expect(indexes(await claimed(run, { now: EXPIRES + MINUTE }))).toEqual([0]);
      });
    });

    describe('uncertain', () => {
      const doubted = async (onUncertain: 'hold' | 'resend' | 'skip') => {
        const run = await plannedRun(ledger, { sizes: [1], onUncertain });
        await work(await claimed(run), () => ({ state: 'uncertain', problem: 'no reply to the end of data' }));
        return run;
      };

      test.each(['hold', 'skip'] as const)('under %s it is final', async (policy) => {
        const run = await doubted(policy);
        expect(await ledger.run(run)).toMatchObject({ finished: true });
        expect(await ledger.find(run, 'r1@example.org')).toMatchObject([
          { outcome: 'uncertain', problem: 'no reply to the end of data', uncertainAttempts: 1, nextAt: null },
        ]);
      });

      test('under resend it is due after 15 minutes, not earlier to who is eager, and the doubt stays on record', async () => {
        const run = await doubted('resend');
        const due = START + RESEND_AFTER_MS;
        expect(await ledger.openBatches(run)).toEqual([{ batch: 1, held: false, nextAt: due }]);
        expect(await ledger.find(run, 'r1@example.org')).toMatchObject([{ outcome: 'uncertain', nextAt: due }]);
        const early = await claimed(run, { now: due - 1, eager: true });
        expect(early.due).toEqual([]);
        await ledger.release(early);
        const claim = await claimed(run, { now: due });
        expect(claim.due).toMatchObject([{ index: 0, attempt: 1 }]);
        await work(claim, () => ({ state: 'accepted', reply: '250 ok' }));
        expect(await ledger.find(run, 'r1@example.org')).toMatchObject([
          { outcome: 'accepted', attempts: 2, uncertainAttempts: 1, problem: null },
        ]);
      });

      test('under resend the 15 minutes of a dead process begin with the claim that found it dead', async () => {
        const run = await plannedRun(ledger, { sizes: [1], onUncertain: 'resend' });
        await ledger.commit(await claimed(run), { settled: [], intended: [intent(0)] });
        await store.die(ledger);
        ledger = await store.join();
        const now = START + 60 * MINUTE;
        const claim = await claimed(run, { now });
        expect(claim.due).toEqual([]);
        await ledger.release(claim);
        expect(await ledger.openBatches(run)).toMatchObject([{ nextAt: now + RESEND_AFTER_MS }]);
      });

      test('changing to resend opens the batch and the run again, changing back closes them', async () => {
        const run = await doubted('hold');
        await ledger.setUncertainPolicy(run, 'resend');
        expect(await ledger.run(run)).toMatchObject({ onUncertain: 'resend', finished: false });
        expect(await ledger.openBatches(run)).toEqual([{ batch: 1, held: false, nextAt: START + RESEND_AFTER_MS }]);
        await ledger.setUncertainPolicy(run, 'skip');
        expect(await ledger.run(run)).toMatchObject({ onUncertain: 'skip', finished: true });
        expect(await ledger.claim(run, 1, { now: EXPIRES })).toBeNull();
      });

      test('after hold, a resent recipient that was only deferred is uncertain again, and is not sent', async () => {
        const run = await doubted('resend');
        const nextAt = START + 20 * MINUTE;
        await work(await claimed(run, { now: nextAt }), () => ({ state: 'deferred', nextAt }));
        expect(await outcomes(ledger, run)).toEqual(['deferred']);
        await ledger.setUncertainPolicy(run, 'hold');
        expect(await outcomes(ledger, run)).toEqual(['uncertain']);
        expect(await ledger.run(run)).toMatchObject({ finished: true });
      });

      test('a change while a process holds the batch takes effect with the next claim', async () => {
        const run = await doubted('resend');
        const now = START + RESEND_AFTER_MS;
        const claim = await claimed(run, { now });
        await ledger.setUncertainPolicy(run, 'hold');
        expect(await ledger.openBatches(run)).toMatchObject([{ held: true }]);
        const rev = await ledger.commit(claim, { settled: [], intended: [intent(0, 2)] });
        const deferral = settled(0, 'deferred', { attempt: 2, nextAt: now });
        await ledger.commit({ ...claim, rev }, { settled: [deferral], intended: [] });
        await ledger.release(claim);
        expect(await outcomes(ledger, run)).toEqual(['uncertain']);
        expect(await ledger.run(run)).toMatchObject({ finished: true });
      });

      test('after hold, what a dead process had resent and deferred is uncertain again, and is not sent', async () => {
        const run = await doubted('resend');
        const now = START + RESEND_AFTER_MS;
        const claim = await claimed(run, { now });
        await ledger.commit(claim, { settled: [settled(0, 'deferred', { attempt: 2, nextAt: now })], intended: [] });
        await store.die(ledger);
        ledger = await store.join();
        await ledger.setUncertainPolicy(run, 'hold');
        const next = await claimed(run, { now });
        expect(next.due).toEqual([]);
        await ledger.release(next);
        expect(await outcomes(ledger, run)).toEqual(['uncertain']);
        expect(await ledger.run(run)).toMatchObject({ finished: true });
      });

      test('setUncertainPolicy refuses a run that is not there', async () => {
        await expect(ledger.setUncertainPolicy('nobody', 'hold')).rejects.toThrow(IllegalMoveError);
      });
    });

    describe('reading', () => {
      test('totals name every outcome and are the sum of the deliveries', async () => {
        const run = await plannedRun(ledger, { sizes: [3, 2] });
        await work(await claimed(run), (index) => ({ state: index === 0 ? 'refused' : 'accepted' }));
        const totals = await ledger.totals(run);
        expect(Object.keys(totals).sort()).toEqual([...OUTCOMES].sort());
        expect(totals).toMatchObject({ pending: 2, accepted: 2, refused: 1, uncertain: 0 });
        const intended = await claimed(run, { batch: 2 });
        await ledger.commit(intended, { settled: [], intended: [intent(0)] });
        expect(await ledger.totals(run)).toMatchObject({ pending: 2, uncertain: 0 });
        await store.die(ledger);
        ledger = await store.join();
        expect(await ledger.totals(run)).toMatchObject({ pending: 1, uncertain: 1 });
        expect(Object.values(await ledger.totals('nobody')).every((count) => count === 0)).toBe(true);
      });

      test('deliveries come in the order of batch and index, one run and one batch at a time', async () => {
        await plannedRun(ledger, { id: 'other', sizes: [2] });
        const run = await plannedRun(ledger, { sizes: [2, 3] });
        const rows = (await all(ledger.deliveries(run))).map(({ batch, row }) => [batch, row]);
        expect(rows).toEqual([
          [1, 1],
          [1, 2],
          [2, 3],
          [2, 4],
          [2, 5],
        ]);
        expect((await all(ledger.deliveries(run, 2))).map(({ row }) => row)).toEqual([3, 4, 5]);
        expect(await all(ledger.deliveries(run, 9))).toEqual([]);
        expect(await all(ledger.deliveries('nobody'))).toEqual([]);
      });

      test('find knows the deliveries of one run by key, whatever the recipient was written like', async () => {
        await plannedRun(ledger, { id: 'other', sizes: [2] });
        await ledger.createRun(newRun('run-1'));
        const [one, two] = recipients(2);
        if (!one || !two) throw new Error('no recipients');
        await ledger.addBatch('run-1', 1, [{ ...one, recipient: '"r1"@EXAMPLE.org' }, two]);
        expect(await ledger.find('run-1', 'r1@example.org')).toEqual([]);
        await ledger.completePlan('run-1', planOf(1, 2));
        expect(await ledger.find('run-1', 'r1@example.org')).toMatchObject([{ row: 1, recipient: '"r1"@EXAMPLE.org' }]);
        expect(await ledger.find('run-1', '"r1"@EXAMPLE.org')).toEqual([]);
        expect(await ledger.find('run-1', 'r2@example.org')).toMatchObject([{ row: 2, batch: 1 }]);
        expect(await ledger.find('nobody', 'r2@example.org')).toEqual([]);
      });

      test('a reply comes back as it was, whatever is in it', async () => {
        const run = await plannedRun(ledger, { sizes: [1] });
        const reply = `550 5.7.1 "ñ'); DROP TABLE run;-- \r\n\t\u0000\u001b[31m \u{1f4e7}`;
        await work(await claimed(run), () => ({ state: 'refused', reply }));
        expect(await ledger.find(run, 'r1@example.org')).toMatchObject([{ reply }]);
      });
    });
  });
}
