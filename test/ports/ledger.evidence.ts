/** What evidence does in every ledger, without a fence: it settles an attempt's own doubt, and moves nothing else. */
import { describe, expect, test } from 'vitest';
import {
  type Evidence,
  type EvidenceDesk,
  IllegalMoveError,
  type Ledger,
  RESEND_AFTER_MS,
  type UncertainPolicy,
} from '#mailing';
import {
  all,
  intent,
  MINUTE,
  type NewLedgerStore,
  outcomes,
  plannedRun,
  START,
  settled,
  useLedger,
} from './ledger.harness.ts';

const LATER = START + 60 * MINUTE;

function evidence(state: Evidence['state'], more: Partial<Evidence> = {}): Evidence {
  return { key: 'r1@example.org', attempt: 1, state, at: LATER, ...more };
}

/** @param deskOf the same store's desk */
export function describeEvidence(
  name: string,
  newStore: NewLedgerStore,
  deskOf: (ledger: Ledger) => EvidenceDesk,
): void {
  describe(`${name} takes evidence`, () => {
    const at = useLedger(newStore);
    const establish = (run: string, ...each: Evidence[]) => deskOf(at.ledger).establish(run, each);
    const results = async (run: string, ...each: Evidence[]) =>
      (await establish(run, ...each)).map(({ result }) => result);

    /** One batch of three; the first is uncertain by its attempt 1, the second accepted, the third refused. */
    const doubted = async (onUncertain: UncertainPolicy = 'hold', id = 'run-1') => {
      const run = await plannedRun(at.ledger, { id, onUncertain });
      const ends = ['uncertain', 'accepted', 'refused'] as const;
      await at.work(await at.claimed(run), (index) => ({
        state: ends[index] ?? 'refused',
        ...(index === 0 ? { problem: 'no reply came' } : { reply: `reply ${index}` }),
      }));
      return run;
    };

    test('an attempt that was uncertain becomes the fact, with all its evidence, and stays known to have been', async () => {
      const run = await doubted();
      const said = { reply: '250 2.0.0 late', enhancedStatus: '2.0.0', queueId: 'Q7', problem: 'seen in the log' };
      const [found] = await establish(run, evidence('accepted', said));
      const fact = { outcome: 'accepted', attempts: 1, uncertainAttempts: 1, at: LATER, nextAt: null, ...said };
      expect(found).toMatchObject({ result: 'settled', delivery: { recipient: 'r1@example.org', batch: 1, ...fact } });
      expect(await at.ledger.find(run, 'r1@example.org')).toMatchObject([fact]);
      expect(await outcomes(at.ledger, run)).toEqual(['accepted', 'accepted', 'refused']);
      expect(await at.ledger.totals(run)).toMatchObject({ accepted: 2, refused: 1, uncertain: 0 });
      expect(await at.ledger.run(run)).toMatchObject({ finished: true });
    });

    test('the same twice is known, the contrary is not taken, whoever said the first', async () => {
      const run = await doubted();
      expect(await results(run, evidence('refused'), evidence('refused'))).toEqual(['settled', 'known']);
      const before = await all(at.ledger.deliveries(run));
      expect(
        await results(run, evidence('refused', { at: LATER + 1, problem: 'again' }), evidence('accepted')),
      ).toEqual(['known', 'other']);
      const relays = [evidence('refused', { key: 'r2@example.org' }), evidence('accepted', { key: 'r2@example.org' })];
      expect(await results(run, ...relays)).toEqual(['other', 'known']);
      expect(await results(run, evidence('accepted', { key: 'r3@example.org' }))).toEqual(['other']);
      expect(await all(at.ledger.deliveries(run))).toEqual(before);
    });

    test.each([0, 2, -1, 1.5])('evidence of attempt %s says nothing about attempt 1', async (attempt) => {
      const run = await doubted();
      expect(await results(run, evidence('accepted', { attempt }))).toEqual(['other']);
      expect(await outcomes(at.ledger, run)).toEqual(['uncertain', 'accepted', 'refused']);
    });

    test('nobody, another run and a run that is not there are told', async () => {
      const run = await doubted();
      const other = await plannedRun(at.ledger, { id: 'run-2' });
      expect(await establish(run, evidence('accepted', { key: 'eve@example.org' }))).toEqual([
        { result: 'nobody', delivery: null },
      ]);
      expect(await results(other, evidence('accepted'))).toEqual(['other']);
      await expect(establish('nobody', evidence('accepted'))).rejects.toThrow(IllegalMoveError);
      expect(await establish(run)).toEqual([]);
    });

    test('a recipient that a retry made due again is not settled by what is known of the attempt before', async () => {
      const run = await doubted();
      await at.ledger.retry(run, { outcomes: ['uncertain'], at: LATER });
      expect(await results(run, evidence('accepted'))).toEqual(['other']);
      const claim = await at.claimed(run, { now: LATER });
      const rev = await at.ledger.commit(claim, { settled: [], intended: [intent(0, 2)] });
      expect(await results(run, evidence('accepted'), evidence('accepted', { attempt: 2 }))).toEqual([
        'other',
        'other',
      ]);
      await at.ledger.commit({ ...claim, rev }, { settled: [settled(0, 'uncertain', { attempt: 2 })], intended: [] });
      await at.ledger.release(claim);
      expect(await results(run, evidence('accepted'), evidence('accepted', { attempt: 2 }))).toEqual([
        'other',
        'settled',
      ]);
      expect(await at.ledger.find(run, 'r1@example.org')).toMatchObject([{ attempts: 2, uncertainAttempts: 2 }]);
    });

    test('an intent whose process died is in doubt at once, and evidence settles it before any claim does', async () => {
      const run = await plannedRun(at.ledger);
      const claim = await at.claimed(run);
      await at.ledger.commit(claim, { settled: [], intended: [intent(0), intent(1)] });
      expect(await results(run, evidence('accepted')), 'while its process lives').toEqual(['other']);
      await at.restart();
      expect(await results(run, evidence('accepted'))).toEqual(['settled']);
      const next = await at.claimed(run, { now: LATER });
      expect(next.due.map(({ index }) => index)).toEqual([2]);
      expect(await at.ledger.find(run, 'r1@example.org')).toMatchObject([
        { outcome: 'accepted', attempts: 1, uncertainAttempts: 1 },
      ]);
      expect(await outcomes(at.ledger, run)).toEqual(['accepted', 'uncertain', 'pending']);
    });

    test('while a living process holds the batch its fence and rev stay good, and its commits go on', async () => {
      const run = await plannedRun(at.ledger);
      const claim = await at.claimed(run);
      const rev = await at.ledger.commit(claim, { settled: [], intended: [intent(0), intent(1)] });
      const doubt = { settled: [settled(0, 'uncertain')], intended: [] };
      const next = await at.ledger.commit({ ...claim, rev }, doubt);
      const other = await at.store.join();
      expect(await deskOf(other).establish(run, [evidence('accepted')])).toMatchObject([{ result: 'settled' }]);
      const last = { settled: [settled(1, 'accepted'), settled(2, 'refused')], intended: [] };
      await at.ledger.commit({ ...claim, rev: next }, last);
      await at.ledger.release(claim);
      expect(await outcomes(at.ledger, run)).toEqual(['accepted', 'accepted', 'refused']);
      expect(await at.ledger.run(run)).toMatchObject({ finished: true });
    });

    test('under resend a living process may be about to send again: it is not settled under its hands', async () => {
      const run = await doubted('resend');
      const claim = await at.claimed(run, { now: START + RESEND_AFTER_MS });
      expect(claim.due).toMatchObject([{ index: 0 }]);
      const other = await at.store.join();
      expect(await deskOf(other).establish(run, [evidence('accepted')])).toMatchObject([
        { result: 'held', delivery: { outcome: 'uncertain' } },
      ]);
      await at.ledger.commit(claim, { settled: [], intended: [intent(0, 2)] });
      await at.restart();
      expect(await results(run, evidence('accepted'), evidence('refused', { attempt: 2 }))).toEqual([
        'other',
        'settled',
      ]);
    });

    test('under resend it is not sent again, and a batch that waited for it alone is closed', async () => {
      const run = await doubted('resend');
      expect(await at.ledger.run(run)).toMatchObject({ finished: false });
      expect(await results(run, evidence('accepted'))).toEqual(['settled']);
      expect(await at.ledger.openBatches(run)).toEqual([]);
      expect(await at.ledger.run(run)).toMatchObject({ finished: true });
      expect(await at.ledger.claim(run, 1, { now: LATER })).toBeNull();
    });

    test('a run that was cancelled stays so, and its uncertain ones can be settled', async () => {
      const run = await plannedRun(at.ledger);
      const claim = await at.claimed(run);
      await at.ledger.commit(claim, { settled: [], intended: [intent(0)] });
      await at.restart();
      await at.ledger.setControl(run, 'cancelled', LATER);
      expect(await results(run, evidence('refused'), evidence('refused', { key: 'r2@example.org' }))).toEqual([
        'settled',
        'other',
      ]);
      expect(await outcomes(at.ledger, run)).toEqual(['refused', 'cancelled', 'cancelled']);
      expect(await at.ledger.control(run)).toBe('cancelled');
      expect(await at.ledger.run(run)).toMatchObject({ finished: true });
    });

    test('what is settled as refused can be sent again by a retry, what is settled as accepted cannot', async () => {
      const run = await doubted();
      await establish(run, evidence('refused'));
      expect(await at.ledger.retry(run, { outcomes: ['uncertain'], at: LATER })).toBe(0);
      expect(await at.ledger.retry(run, { outcomes: ['refused'], key: 'r1@example.org', at: LATER })).toBe(1);
      const other = await doubted('hold', 'run-2');
      await establish(other, evidence('accepted'));
      const everything = ['refused', 'deferred', 'uncertain', 'expired', 'quarantined', 'cancelled'] as const;
      expect(await at.ledger.retry(other, { outcomes: everything, key: 'r1@example.org', at: LATER })).toBe(0);
    });

    test('a policy that is changed to resend later finds nothing to send again', async () => {
      const run = await doubted();
      await establish(run, evidence('accepted'));
      await at.ledger.setUncertainPolicy(run, 'resend');
      expect(await at.ledger.run(run)).toMatchObject({ finished: true });
    });
  });
}
