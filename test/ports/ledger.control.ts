/** What every ledger does when a person pauses, resumes, cancels a run, or has some of it sent again. */
import { describe, expect, test } from 'vitest';
import { IllegalMoveError } from '#mailing';
import {
  indexes,
  intent,
  MINUTE,
  type NewLedgerStore,
  newRun,
  outcomes,
  plannedRun,
  recipients,
  START,
  settled,
  useLedger,
} from './ledger.harness.ts';

export function describeLedgerControl(name: string, newStore: NewLedgerStore): void {
  describe(`${name} does what a person wants of a run`, () => {
    const at = useLedger(newStore);
    const LATER = START + 5 * MINUTE;

    test('a run is going, is paused, and goes on, as each process sees at once', async () => {
      const run = await plannedRun(at.ledger);
      const other = await at.store.join();
      expect(await other.control(run)).toBe('going');
      await at.ledger.setControl(run, 'paused', LATER);
      expect(await other.control(run)).toBe('paused');
      await other.setControl(run, 'going', LATER);
      expect(await at.ledger.control(run)).toBe('going');
      expect(await at.ledger.control('nobody')).toBeNull();
    });

    test('what is so already, is cancelled, is finished or is not there cannot be changed', async () => {
      const run = await plannedRun(at.ledger);
      await expect(at.ledger.setControl(run, 'going', LATER)).rejects.toThrow(IllegalMoveError);
      await at.ledger.setControl(run, 'paused', LATER);
      await expect(at.ledger.setControl(run, 'paused', LATER)).rejects.toThrow('paused already');
      await at.ledger.setControl(run, 'cancelled', LATER);
      await expect(at.ledger.setControl(run, 'going', LATER)).rejects.toThrow('it is cancelled');
      await expect(at.ledger.setControl('nobody', 'paused', LATER)).rejects.toThrow('no such run');
      const finished = await plannedRun(at.ledger, { id: 'run-2', sizes: [1] });
      await at.work(await at.claimed(finished), () => ({ state: 'accepted' }));
      await expect(at.ledger.setControl(finished, 'paused', LATER)).rejects.toThrow('it is finished');
    });

    test('a cancelled run ends at once where nobody has it in hand, deferred recipients included', async () => {
      const run = await plannedRun(at.ledger, { sizes: [2, 1] });
      const claim = await at.claimed(run);
      await at.ledger.commit(claim, {
        settled: [settled(0, 'deferred', { nextAt: START + 60 * MINUTE, reply: '451 later' })],
        intended: [],
      });
      await at.ledger.release(claim);
      await at.ledger.setControl(run, 'cancelled', LATER);
      expect(await outcomes(at.ledger, run)).toEqual(['cancelled', 'cancelled', 'cancelled']);
      expect(await at.ledger.run(run)).toMatchObject({ finished: true });
      expect(await at.ledger.claim(run, 1, { now: LATER })).toBeNull();
    });

    test('what a living process has in hand is settled by it, and the rest is cancelled when it lets go', async () => {
      const run = await plannedRun(at.ledger);
      const claim = await at.claimed(run);
      const rev = await at.ledger.commit(claim, { settled: [], intended: [intent(0)] });
      const other = await at.store.join();
      await other.setControl(run, 'cancelled', LATER);
      expect(await outcomes(other, run)).toEqual(['pending', 'pending', 'pending']);
      await at.ledger.commit({ ...claim, rev }, { settled: [settled(0, 'accepted')], intended: [] });
      await at.ledger.release(claim);
      expect(await outcomes(other, run)).toEqual(['accepted', 'cancelled', 'cancelled']);
      expect(await other.run(run)).toMatchObject({ finished: true });
    });

    test('an intent of a process that died stays in doubt when the run is cancelled, under each policy', async () => {
      for (const onUncertain of ['hold', 'resend', 'skip'] as const) {
        const run = await plannedRun(at.ledger, { id: `run-${onUncertain}`, onUncertain });
        await at.ledger.commit(await at.claimed(run), { settled: [], intended: [intent(1)] });
        await at.restart();
        await at.ledger.setControl(run, 'cancelled', LATER);
        expect(await outcomes(at.ledger, run)).toEqual(['cancelled', 'uncertain', 'cancelled']);
        expect(await at.ledger.run(run)).toMatchObject({ finished: true });
      }
    });

    test('a run that is cancelled before its plan is complete has nobody left when it is', async () => {
      await at.ledger.createRun(newRun('run-1'));
      await at.ledger.addBatch('run-1', 1, recipients(3));
      await at.ledger.setControl('run-1', 'cancelled', LATER);
      const run = await plannedRun(at.ledger);
      expect(await outcomes(at.ledger, run)).toEqual(['cancelled', 'cancelled', 'cancelled']);
    });

    test('a retry makes exactly the chosen outcomes due again, with their evidence', async () => {
      const run = await plannedRun(at.ledger, { sizes: [3, 2] });
      const ends = ['accepted', 'refused', 'uncertain'] as const;
      await at.work(await at.claimed(run), (index) => ({ state: ends[index] ?? 'accepted', reply: `reply ${index}` }));
      await at.work(await at.claimed(run, { batch: 2 }), () => ({ state: 'accepted' }));
      expect(await at.ledger.retry(run, { outcomes: ['refused'], at: LATER })).toBe(1);
      expect(await outcomes(at.ledger, run)).toEqual(['accepted', 'pending', 'uncertain', 'accepted', 'accepted']);
      expect((await at.ledger.find(run, 'r2@example.org'))[0]).toMatchObject({ attempts: 1, reply: 'reply 1' });
      expect(await at.ledger.run(run)).toMatchObject({ finished: false });
      expect((await at.ledger.openBatches(run)).map(({ batch }) => batch)).toEqual([1]);
      const claim = await at.claimed(run, { now: LATER });
      expect(claim.due).toMatchObject([{ index: 1, attempt: 1 }]);
      await at.work(claim, () => ({ state: 'accepted' }));
      expect(await at.ledger.run(run)).toMatchObject({ finished: true });
      expect((await at.ledger.find(run, 'r2@example.org'))[0]).toMatchObject({ attempts: 2, outcome: 'accepted' });
    });

    test('an uncertain one is sent again by a person alone, one recipient or all, also under hold', async () => {
      const run = await plannedRun(at.ledger);
      await at.work(await at.claimed(run), () => ({ state: 'uncertain' }));
      const key = 'r3@example.org';
      expect(await at.ledger.retry(run, { outcomes: ['uncertain'], key, at: LATER })).toBe(1);
      const claim = await at.claimed(run, { now: LATER });
      expect(indexes(claim)).toEqual([2]);
      await at.work(claim, () => ({ state: 'accepted' }));
      expect((await at.ledger.find(run, key))[0]).toMatchObject({ outcome: 'accepted', uncertainAttempts: 1 });
      expect(await at.ledger.retry(run, { outcomes: ['refused', 'expired'], at: LATER })).toBe(0);
      expect(await at.ledger.run(run)).toMatchObject({ finished: true });
    });

    test('a cancelled run goes on with those whom a retry chose, and stays cancelled when it chose nobody', async () => {
      const run = await plannedRun(at.ledger);
      await at.ledger.setControl(run, 'cancelled', LATER);
      expect(await at.ledger.retry(run, { outcomes: ['refused'], at: LATER })).toBe(0);
      expect(await at.ledger.control(run)).toBe('cancelled');
      expect(await at.ledger.retry(run, { outcomes: ['cancelled'], key: 'r1@example.org', at: LATER })).toBe(1);
      expect(await at.ledger.control(run)).toBe('going');
      expect(await outcomes(at.ledger, run)).toEqual(['pending', 'cancelled', 'cancelled']);
    });

    test('nothing is retried of a run that is being sent, or has no complete plan', async () => {
      await at.ledger.createRun(newRun('run-2'));
      await expect(at.ledger.retry('run-2', { outcomes: ['refused'], at: LATER })).rejects.toThrow(IllegalMoveError);
      const run = await plannedRun(at.ledger, { sizes: [1, 1] });
      await at.work(await at.claimed(run), () => ({ state: 'refused' }));
      const claim = await at.claimed(run, { batch: 2 });
      const other = await at.store.join();
      await expect(other.retry(run, { outcomes: ['refused'], at: LATER })).rejects.toThrow('it is being sent');
      await at.ledger.release(claim);
      expect(await other.retry(run, { outcomes: ['refused'], at: LATER })).toBe(1);
    });

    test('an intent whose process died counts as uncertain for a retry, before any claim wrote it down', async () => {
      const run = await plannedRun(at.ledger);
      await at.ledger.commit(await at.claimed(run), { settled: [], intended: [intent(0)] });
      await at.restart();
      expect(await at.ledger.retry(run, { outcomes: ['uncertain'], at: LATER })).toBe(1);
      expect((await at.ledger.find(run, 'r1@example.org'))[0]).toMatchObject({
        outcome: 'pending',
        attempts: 1,
        uncertainAttempts: 1,
      });
    });
  });
}
