/**
 * What a ledger keeps of the deaths of those who held a batch: when its mails are to be worked with care, and who is
 * quarantined. Numbers stand here as they are promised, and not by the constants' names.
 */
import { describe, expect, test } from 'vitest';
import type { Claim } from '#mailing';
import {
  all,
  EXPIRES,
  indexes,
  intent,
  MINUTE,
  type NewLedgerStore,
  outcomes,
  plannedRun,
  START,
  settled,
  useLedger,
} from './ledger.harness.ts';

export function describePoison(name: string, newStore: NewLedgerStore): void {
  describe(`${name} counts deaths`, () => {
    const at = useLedger(newStore);

    /** A process takes the batch and dies, with the row of that index alone in its hands where one is named. */
    const crash = async (run: string, current?: number): Promise<Claim> => {
      const claim = await at.claimed(run);
      if (current !== undefined) await at.ledger.commit(claim, { settled: [], intended: [], current });
      await at.restart();
      return claim;
    };
    const crashes = async (run: string, times: number, current?: number) => {
      for (let each = 0; each < times; each += 1) await crash(run, current);
    };

    test('two crashed claims make the third careful', async () => {
      const run = await plannedRun(at.ledger);
      expect([(await crash(run)).careful, (await crash(run)).careful, (await crash(run)).careful]).toEqual([
        false,
        false,
        true,
      ]);
    });

    test('a batch that is given back was no crash, and undoes none', async () => {
      const run = await plannedRun(at.ledger);
      for (let each = 0; each < 5; each += 1) await at.ledger.release(await at.claimed(run));
      expect((await crash(run)).careful).toBe(false);
      await at.ledger.release(await at.claimed(run));
      expect((await crash(run)).careful, 'after one crash').toBe(false);
      await at.ledger.release(await at.claimed(run));
      expect((await at.claimed(run)).careful, 'after two crashes').toBe(true);
    });

    test('a death after an outcome is no crash, and the outcome lets those before be forgotten', async () => {
      const run = await plannedRun(at.ledger, { sizes: [9] });
      await crashes(run, 2);
      for (const index of [0, 1, 2]) {
        const claim = await at.claimed(run);
        expect(claim.careful).toBe(index === 0);
        await at.ledger.commit(claim, { settled: [settled(index, 'refused')], intended: [] });
        await at.restart();
      }
      await crashes(run, 2);
      expect((await at.claimed(run)).careful).toBe(true);
    });

    test('an intent alone is no outcome', async () => {
      const run = await plannedRun(at.ledger);
      for (const index of [0, 1]) {
        await at.ledger.commit(await at.claimed(run), { settled: [], intended: [intent(index)] });
        await at.restart();
      }
      expect((await at.claimed(run)).careful).toBe(true);
      expect(await outcomes(at.ledger, run)).toEqual(['uncertain', 'uncertain', 'pending']);
    });

    test('who is current in three crashes is quarantined with a reason, and the others are handed out as usual', async () => {
      const run = await plannedRun(at.ledger);
      await crashes(run, 2);
      await crashes(run, 2, 1);
      expect(await outcomes(at.ledger, run)).toEqual(['pending', 'pending', 'pending']);
      await crash(run, 1);
      const claim = await at.claimed(run, { now: START + MINUTE });
      expect(indexes(claim)).toEqual([0, 2]);
      expect(claim.careful).toBe(false);
      const [, found] = await all(at.ledger.deliveries(run));
      expect(found).toMatchObject({ outcome: 'quarantined', attempts: 0, at: START + MINUTE, nextAt: null });
      expect(found?.problem).toContain('the process ended 3 times');
      expect(await at.ledger.totals(run)).toMatchObject({ quarantined: 1, pending: 2 });
    });

    test('who was current stays so through claims that crash without anybody current, which are not counted', async () => {
      const run = await plannedRun(at.ledger);
      await crashes(run, 2, 1);
      expect((await crash(run)).careful).toBe(true);
      await crashes(run, 4);
      expect(await outcomes(at.ledger, run)).toEqual(['pending', 'pending', 'pending']);
      await crash(run, 1);
      expect(indexes(await at.claimed(run))).toEqual([0, 2]);
    });

    test('a claim that is given back while one is current is not counted against him', async () => {
      const run = await plannedRun(at.ledger);
      for (let each = 0; each < 5; each += 1) {
        const claim = await at.claimed(run);
        await at.ledger.commit(claim, { settled: [], intended: [], current: 1 });
        await at.ledger.release(claim);
      }
      await crashes(run, 2, 1);
      expect(indexes(await at.claimed(run))).toEqual([0, 1, 2]);
    });

    test.each([
      ['an outcome of another', { settled: [settled(0, 'refused')], intended: [] }],
      ['another who is current', { settled: [], intended: [], current: 0 }],
    ])('%s between the crashes begins their count anew', async (_, changes) => {
      const run = await plannedRun(at.ledger);
      await crashes(run, 2, 1);
      await at.ledger.commit(await at.claimed(run), changes);
      await at.restart();
      await crashes(run, 2, 1);
      expect(indexes(await at.claimed(run))).toContain(1);
      await at.restart();
      await crash(run, 1);
      expect(indexes(await at.claimed(run))).not.toContain(1);
    });

    test('an outcome and the next who is current go in one write', async () => {
      const run = await plannedRun(at.ledger);
      for (let each = 0; each < 3; each += 1) {
        const claim = await at.claimed(run);
        const first = each === 0 ? [settled(0, 'refused')] : [];
        await at.ledger.commit(claim, { settled: first, intended: [], current: 1 });
        await at.restart();
      }
      expect(indexes(await at.claimed(run))).toEqual([2]);
    });

    test.each(['hold', 'skip'] as const)(
      'whose intent is in doubt under %s is uncertain, and never quarantined',
      async (policy) => {
        const run = await plannedRun(at.ledger, { onUncertain: policy });
        await crashes(run, 2, 1);
        const claim = await at.claimed(run);
        await at.ledger.commit(claim, { settled: [], intended: [intent(1)], current: 1 });
        await at.restart();
        expect((await crash(run)).due).toHaveLength(2);
        expect(await outcomes(at.ledger, run)).toEqual(['pending', 'uncertain', 'pending']);
      },
    );

    test('whose mail ends its process behind the intent is quarantined under resend', async () => {
      const run = await plannedRun(at.ledger, { sizes: [1], onUncertain: 'resend' });
      for (const attempt of [1, 2, 3]) {
        const claim = await at.claimed(run, { now: START + attempt * 20 * MINUTE });
        expect(indexes(claim)).toEqual([0]);
        const rev = await at.ledger.commit(claim, { settled: [], intended: [], current: 0 });
        await at.ledger.commit({ ...claim, rev }, { settled: [], intended: [intent(0, attempt)] });
        await at.restart();
        // The doubt is written down, and the batch waits until it is due again.
        const next = await at.claimed(run, { now: START + attempt * 20 * MINUTE });
        expect(next.due).toEqual([]);
        await at.ledger.release(next);
      }
      expect(await at.ledger.run(run)).toMatchObject({ finished: true });
      expect(await all(at.ledger.deliveries(run))).toMatchObject([{ outcome: 'quarantined', uncertainAttempts: 3 }]);
    });

    test('who is given up by time is expired, and not quarantined', async () => {
      const run = await plannedRun(at.ledger);
      const claim = await at.claimed(run);
      await at.ledger.commit(claim, { settled: [settled(1, 'deferred', { nextAt: START })], intended: [] });
      await at.restart();
      await crashes(run, 3, 1);
      await at.claimed(run, { now: EXPIRES });
      expect(await outcomes(at.ledger, run)).toEqual(['pending', 'expired', 'pending']);
    });

    test('retry makes a quarantined one due again, as if nobody had died', async () => {
      const run = await plannedRun(at.ledger);
      await crashes(run, 3, 1);
      await at.ledger.release(await at.claimed(run));
      expect(await at.ledger.retry(run, { outcomes: ['quarantined'], at: START })).toBe(1);
      await crashes(run, 2, 1);
      const claim = await at.claimed(run);
      expect(indexes(claim)).toEqual([0, 1, 2]);
      await at.work(claim, () => ({ state: 'accepted' }));
      expect(await outcomes(at.ledger, run)).toEqual(['accepted', 'accepted', 'accepted']);
    });

    test('nobody is current who is not there', async () => {
      const run = await plannedRun(at.ledger);
      const claim = await at.claimed(run);
      const changes = { settled: [], intended: [], current: 3 };
      await expect(at.ledger.commit(claim, changes)).rejects.toThrow('there is no such delivery');
    });
  });
}
