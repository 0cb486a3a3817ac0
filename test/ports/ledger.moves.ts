/** How deliveries move in every ledger: what a commit may do, and what death, time and policy do. */
import { describe, expect, test } from 'vitest';
import { ANY_TIME, IllegalMoveError, RESEND_AFTER_MS, type Settlement } from '#mailing';
import {
  all,
  EXPIRES,
  indexes,
  intent,
  MINUTE,
  type NewLedgerStore,
  newRun,
  outcomes,
  plannedRun,
  planOf,
  recipients,
  START,
  settled,
  useLedger,
} from './ledger.harness.ts';

export function describeLedgerMoves(name: string, newStore: NewLedgerStore): void {
  describe(`${name} moves deliveries by the delivery protocol`, () => {
    const at = useLedger(newStore);

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
        const run = await plannedRun(at.ledger);
        const claim = await at.claimed(run);
        const rev = await at.ledger.commit(claim, { settled: [], intended: [intent(0), intent(2)] });
        const last = await at.ledger.commit({ ...claim, rev }, { settled: [settled(2, 'accepted')], intended: [] });
        return { run, claim: { ...claim, rev: last } };
      };

      test.each(illegal)('settling %s is refused, and nothing of that commit is written', async (_, change) => {
        const { run, claim } = await prepared();
        const before = await all(at.ledger.deliveries(run));
        const legal = settled(change.index === 1 ? 0 : 1, 'deferred');
        await expect(at.ledger.commit(claim, { settled: [legal, change], intended: [] })).rejects.toThrow(
          IllegalMoveError,
        );
        expect(await all(at.ledger.deliveries(run))).toEqual(before);
        await at.ledger.commit(claim, { settled: [legal], intended: [] });
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
        await expect(at.ledger.commit(claim, changes)).rejects.toThrow(IllegalMoveError);
      });

      test.each(['hold', 'skip'] as const)('under %s an uncertain one goes nowhere', async (policy) => {
        const run = await plannedRun(at.ledger, { sizes: [1], onUncertain: policy });
        const claim = await at.claimed(run);
        const rev = await at.ledger.commit(claim, { settled: [], intended: [intent(0)] });
        const last = await at.ledger.commit({ ...claim, rev }, { settled: [settled(0, 'uncertain')], intended: [] });
        for (const changes of [
          { settled: [], intended: [intent(0, 2)] },
          { settled: [settled(0, 'deferred', { attempt: 2 })], intended: [] },
          { settled: [settled(0, 'cancelled')], intended: [] },
        ]) {
          await expect(at.ledger.commit({ ...claim, rev: last }, changes)).rejects.toThrow(IllegalMoveError);
        }
        expect(await outcomes(at.ledger, run)).toEqual(['uncertain']);
      });

      test('an intent that was not used is settled as deferred and made again in one commit', async () => {
        const { run, claim } = await prepared();
        const unsent = settled(0, 'deferred', { nextAt: START });
        const rev = await at.ledger.commit(claim, { settled: [unsent], intended: [intent(0, 2)] });
        await at.ledger.commit({ ...claim, rev }, { settled: [settled(0, 'accepted', { attempt: 2 })], intended: [] });
        expect(await outcomes(at.ledger, run)).toEqual(['accepted', 'pending', 'accepted']);
      });
    });

    describe('death', () => {
      test('what a dead process had intended is uncertain with its evidence, at once and after the next claim', async () => {
        const run = await plannedRun(at.ledger, { sizes: [4] });
        const claim = await at.claimed(run);
        const changes = { settled: [settled(2, 'refused')], intended: [intent(0), intent(1)] };
        await at.ledger.commit(claim, changes);
        expect(await outcomes(at.ledger, run)).toEqual(['pending', 'pending', 'refused', 'pending']);
        await at.restart();
        expect(await outcomes(at.ledger, run)).toEqual(['uncertain', 'uncertain', 'refused', 'pending']);
        expect(await at.ledger.openBatches(run)).toEqual([{ batch: 1, held: false, nextAt: 0, ...ANY_TIME }]);
        const next = await at.claimed(run, { now: START + 5 });
        expect(next.fence).toBe(claim.fence + 1);
        expect(indexes(next)).toEqual([3]);
        const [first] = await at.ledger.find(run, 'r1@example.org');
        expect(first).toMatchObject({
          outcome: 'uncertain',
          attempts: 1,
          uncertainAttempts: 1,
          at: START + 5,
          nextAt: null,
        });
        expect(first?.problem).toContain('attempt 1');
        await at.work(next, () => ({ state: 'accepted' }));
        expect(await at.ledger.run(run)).toMatchObject({ finished: true });
      });

      test('a deferral before the death loses nothing: its attempts and its moment stay', async () => {
        const run = await plannedRun(at.ledger, { sizes: [1] });
        const claim = await at.claimed(run);
        const nextAt = START + 5 * MINUTE;
        await at.ledger.commit(claim, {
          settled: [settled(0, 'deferred', { nextAt, reply: '451 4.7.1 wait' })],
          intended: [],
        });
        await at.restart();
        expect((await at.claimed(run)).due).toEqual([]);
        expect(await at.ledger.find(run, 'r1@example.org')).toMatchObject([
          { outcome: 'deferred', attempts: 1, nextAt },
        ]);
      });

      test('an intent left at a release becomes uncertain at the next claim', async () => {
        const run = await plannedRun(at.ledger, { sizes: [1] });
        const claim = await at.claimed(run);
        await at.ledger.commit(claim, { settled: [], intended: [intent(0)] });
        await at.ledger.release(claim);
        expect(await outcomes(at.ledger, run)).toEqual(['uncertain']);
        await at.ledger.release(await at.claimed(run));
        expect(await outcomes(at.ledger, run)).toEqual(['uncertain']);
        expect(await at.ledger.run(run)).toMatchObject({ finished: true });
      });
    });

    describe('time', () => {
      test('a deferred recipient is due at its moment, earlier only to who is eager', async () => {
        const run = await plannedRun(at.ledger, { sizes: [2] });
        const nextAt = START + 5 * MINUTE;
        await at.work(await at.claimed(run), (index) =>
          index ? { state: 'accepted' } : { state: 'deferred', nextAt },
        );
        expect(await at.ledger.openBatches(run)).toEqual([{ batch: 1, held: false, nextAt, ...ANY_TIME }]);
        const early = await at.claimed(run, { now: nextAt - 1 });
        expect(early.due).toEqual([]);
        await at.ledger.release(early);
        const eager = await at.claimed(run, { now: START, eager: true });
        expect(eager.due).toMatchObject([{ index: 0, attempt: 1 }]);
        await at.ledger.release(eager);
        expect(indexes(await at.claimed(run, { now: nextAt }))).toEqual([0]);
      });

      test('a batch that has a moment is told with it, and hands nobody out before, but to who is eager', async () => {
        const time = { notBefore: START + 60 * MINUTE, zone: 'Asia/Tokyo' };
        await at.ledger.createRun(newRun('run-1'));
        await at.ledger.addBatch('run-1', 1, recipients(2), time);
        await at.ledger.addBatch('run-1', 1, recipients(2), ANY_TIME);
        await at.ledger.addBatch('run-1', 2, recipients(1, 3));
        await at.ledger.completePlan('run-1', planOf(2, 3));
        const waiting = [
          { batch: 1, held: false, nextAt: time.notBefore, ...time },
          { batch: 2, held: false, nextAt: 0, ...ANY_TIME },
        ];
        expect(await at.ledger.openBatches('run-1')).toEqual(waiting);
        const early = await at.claimed('run-1', { now: time.notBefore - 1 });
        expect(early.due).toEqual([]);
        await at.ledger.release(early);
        expect(await at.ledger.openBatches('run-1')).toEqual(waiting);
        const eager = await at.claimed('run-1', { now: START, eager: true });
        expect(indexes(eager)).toEqual([0, 1]);
        await at.ledger.release(eager);
        expect(indexes(await at.claimed('run-1', { now: time.notBefore }))).toEqual([0, 1]);
      });

      test('deferred recipients of a batch that has a moment expire as long after it as others after the start', async () => {
        const later = 60 * MINUTE;
        await at.ledger.createRun(newRun('run-1'));
        await at.ledger.addBatch('run-1', 1, recipients(1), { notBefore: START + later, zone: null });
        await at.ledger.completePlan('run-1', planOf(1, 1));
        const put = { state: 'deferred' as const, nextAt: EXPIRES + 2 * later };
        await at.work(await at.claimed('run-1', { now: START + later }), () => put);
        expect(await at.ledger.openBatches('run-1')).toMatchObject([{ nextAt: EXPIRES + later }]);
        await at.ledger.release(await at.claimed('run-1', { now: EXPIRES + later - 1 }));
        expect(await outcomes(at.ledger, 'run-1')).toEqual(['deferred']);
        await at.ledger.release(await at.claimed('run-1', { now: EXPIRES + later }));
        expect(await outcomes(at.ledger, 'run-1')).toEqual(['expired']);
        expect(await at.ledger.run('run-1')).toMatchObject({ finished: true });
      });

      test('whoever is planned as expired is settled, and closes what has nobody else', async () => {
        await at.ledger.createRun(newRun('run-1'));
        const missed = recipients(2).map((each) => ({ ...each, state: 'expired' as const, problem: 'was missed' }));
        await at.ledger.addBatch('run-1', 1, missed, { notBefore: START + MINUTE, zone: 'Asia/Tokyo' });
        await at.ledger.completePlan('run-1', planOf(1, 2));
        expect(await at.ledger.run('run-1')).toMatchObject({ finished: true });
        expect(await outcomes(at.ledger, 'run-1')).toEqual(['expired', 'expired']);
      });

      test('deferred recipients expire with the run, and keep the last reply', async () => {
        const run = await plannedRun(at.ledger, { sizes: [2] });
        const nextAt = EXPIRES + MINUTE;
        await at.work(await at.claimed(run), () => ({ state: 'deferred', nextAt, reply: '452 4.2.2 mailbox full' }));
        expect(await at.ledger.openBatches(run)).toMatchObject([{ nextAt: EXPIRES }]);
        await at.ledger.release(await at.claimed(run, { now: EXPIRES - 1 }));
        expect(await outcomes(at.ledger, run)).toEqual(['deferred', 'deferred']);
        const claim = await at.claimed(run, { now: EXPIRES, eager: true });
        expect(claim.due).toEqual([]);
        await at.ledger.release(claim);
        expect(await at.ledger.find(run, 'r1@example.org')).toMatchObject([
          { outcome: 'expired', reply: '452 4.2.2 mailbox full', at: EXPIRES, nextAt: null },
        ]);
        expect(await at.ledger.run(run)).toMatchObject({ finished: true });
      });

      test('recipients that were never tried do not expire', async () => {
        const run = await plannedRun(at.ledger, { sizes: [1] });
        expect(indexes(await at.claimed(run, { now: EXPIRES + MINUTE }))).toEqual([0]);
      });
    });

    describe('uncertain', () => {
      const doubted = async (onUncertain: 'hold' | 'resend' | 'skip') => {
        const run = await plannedRun(at.ledger, { sizes: [1], onUncertain });
        await at.work(await at.claimed(run), () => ({ state: 'uncertain', problem: 'no reply to the end of data' }));
        return run;
      };

      test.each(['hold', 'skip'] as const)('under %s it is final', async (policy) => {
        const run = await doubted(policy);
        expect(await at.ledger.run(run)).toMatchObject({ finished: true });
        expect(await at.ledger.find(run, 'r1@example.org')).toMatchObject([
          { outcome: 'uncertain', problem: 'no reply to the end of data', uncertainAttempts: 1, nextAt: null },
        ]);
      });

      test('under resend it is due after 15 minutes, not earlier to who is eager, and the doubt stays on record', async () => {
        const run = await doubted('resend');
        const due = START + RESEND_AFTER_MS;
        expect(await at.ledger.openBatches(run)).toEqual([{ batch: 1, held: false, nextAt: due, ...ANY_TIME }]);
        expect(await at.ledger.find(run, 'r1@example.org')).toMatchObject([{ outcome: 'uncertain', nextAt: due }]);
        const early = await at.claimed(run, { now: due - 1, eager: true });
        expect(early.due).toEqual([]);
        await at.ledger.release(early);
        const claim = await at.claimed(run, { now: due });
        expect(claim.due).toMatchObject([{ index: 0, attempt: 1 }]);
        await at.work(claim, () => ({ state: 'accepted', reply: '250 ok' }));
        expect(await at.ledger.find(run, 'r1@example.org')).toMatchObject([
          { outcome: 'accepted', attempts: 2, uncertainAttempts: 1, problem: null },
        ]);
      });

      test('under resend the 15 minutes of a dead process begin with the claim that found it dead', async () => {
        const run = await plannedRun(at.ledger, { sizes: [1], onUncertain: 'resend' });
        await at.ledger.commit(await at.claimed(run), { settled: [], intended: [intent(0)] });
        await at.restart();
        const now = START + 60 * MINUTE;
        const claim = await at.claimed(run, { now });
        expect(claim.due).toEqual([]);
        await at.ledger.release(claim);
        expect(await at.ledger.openBatches(run)).toMatchObject([{ nextAt: now + RESEND_AFTER_MS }]);
      });

      test('changing to resend opens the batch and the run again, changing back closes them', async () => {
        const run = await doubted('hold');
        await at.ledger.setUncertainPolicy(run, 'resend');
        expect(await at.ledger.run(run)).toMatchObject({ onUncertain: 'resend', finished: false });
        expect(await at.ledger.openBatches(run)).toEqual([
          { batch: 1, held: false, nextAt: START + RESEND_AFTER_MS, ...ANY_TIME },
        ]);
        await at.ledger.setUncertainPolicy(run, 'skip');
        expect(await at.ledger.run(run)).toMatchObject({ onUncertain: 'skip', finished: true });
        expect(await at.ledger.claim(run, 1, { now: EXPIRES })).toBeNull();
      });

      test('after hold, a resent recipient that was only deferred is uncertain again, and is not sent', async () => {
        const run = await doubted('resend');
        const nextAt = START + 20 * MINUTE;
        await at.work(await at.claimed(run, { now: nextAt }), () => ({ state: 'deferred', nextAt }));
        expect(await outcomes(at.ledger, run)).toEqual(['deferred']);
        await at.ledger.setUncertainPolicy(run, 'hold');
        expect(await outcomes(at.ledger, run)).toEqual(['uncertain']);
        expect(await at.ledger.run(run)).toMatchObject({ finished: true });
      });

      test('a change while a process holds the batch takes effect with the next claim', async () => {
        const run = await doubted('resend');
        const now = START + RESEND_AFTER_MS;
        const claim = await at.claimed(run, { now });
        await at.ledger.setUncertainPolicy(run, 'hold');
        expect(await at.ledger.openBatches(run)).toMatchObject([{ held: true }]);
        const rev = await at.ledger.commit(claim, { settled: [], intended: [intent(0, 2)] });
        const deferral = settled(0, 'deferred', { attempt: 2, nextAt: now });
        await at.ledger.commit({ ...claim, rev }, { settled: [deferral], intended: [] });
        await at.ledger.release(claim);
        expect(await outcomes(at.ledger, run)).toEqual(['uncertain']);
        expect(await at.ledger.run(run)).toMatchObject({ finished: true });
      });

      test('after hold, what a dead process had resent and deferred is uncertain again, and is not sent', async () => {
        const run = await doubted('resend');
        const now = START + RESEND_AFTER_MS;
        const claim = await at.claimed(run, { now });
        await at.ledger.commit(claim, { settled: [settled(0, 'deferred', { attempt: 2, nextAt: now })], intended: [] });
        await at.restart();
        await at.ledger.setUncertainPolicy(run, 'hold');
        const next = await at.claimed(run, { now });
        expect(next.due).toEqual([]);
        await at.ledger.release(next);
        expect(await outcomes(at.ledger, run)).toEqual(['uncertain']);
        expect(await at.ledger.run(run)).toMatchObject({ finished: true });
      });

      test('setUncertainPolicy refuses a run that is not there', async () => {
        await expect(at.ledger.setUncertainPolicy('nobody', 'hold')).rejects.toThrow(IllegalMoveError);
      });
    });
  });
}
