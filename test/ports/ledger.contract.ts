/**
 * What every ledger does, whatever it is made of: plans, batches, and what is read back. Its moves are in
 * `ledger.moves.ts`. A test file for each adapter calls both with its own store.
 */
import { describe, expect, test } from 'vitest';
import { ANY_TIME, FenceLostError, IllegalMoveError, OUTCOMES } from '#mailing';
import {
  all,
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

export function describeLedger(name: string, newStore: NewLedgerStore): void {
  describe(`${name} keeps the contract of Ledger`, () => {
    const at = useLedger(newStore);

    describe('planning', () => {
      test('createRun keeps the first record of a run and lists runs in the order of their making', async () => {
        const first = newRun('z');
        await at.ledger.createRun(first);
        await at.ledger.createRun({ ...newRun('a'), campaign: 'birthday', slot: START });
        await at.ledger.createRun({ ...first, createdAt: START + MINUTE, onUncertain: 'resend' });
        expect(await at.ledger.run('z')).toEqual({ ...first, plan: null, finished: false, canary: null });
        expect(await at.ledger.run('nobody')).toBeNull();
        expect((await at.ledger.runs()).map(({ id }) => id)).toEqual(['z', 'a']);
        expect((await at.ledger.runs('birthday')).map(({ id, slot }) => [id, slot])).toEqual([['a', START]]);
      });

      test('createRun replaces a run of other content whose plan was given up, with all its batches', async () => {
        const first = newRun('run-1');
        await at.ledger.createRun(first);
        await at.ledger.addBatch('run-1', 0, []);
        await at.ledger.addBatch('run-1', 1, recipients(3));
        const second = { ...first, contentHash: 'other content', createdAt: START + MINUTE };
        const planner = await at.claimed('run-1', { batch: 0 });
        await at.ledger.createRun(second);
        expect(await at.ledger.run('run-1'), 'while somebody plans it').toMatchObject({
          contentHash: first.contentHash,
        });
        await at.ledger.release(planner);
        await at.ledger.createRun(second);
        expect(await at.ledger.run('run-1')).toEqual({ ...second, plan: null, finished: false, canary: null });
        expect(await all(at.ledger.deliveries('run-1'))).toEqual([]);
        await at.ledger.addBatch('run-1', 1, recipients(2, 7));
        await at.ledger.completePlan('run-1', planOf(1, 2));
        expect((await all(at.ledger.deliveries('run-1'))).map(({ recipient }) => recipient)).toEqual([
          'r7@example.org',
          'r8@example.org',
        ]);
        await at.ledger.createRun({ ...first, contentHash: 'a third one' });
        expect(await at.ledger.run('run-1'), 'once its plan is complete').toMatchObject({
          contentHash: 'other content',
        });
      });

      test('addBatch twice changes nothing of what happened to the first', async () => {
        const run = await plannedRun(at.ledger);
        const claim = await at.claimed(run);
        await at.ledger.commit(claim, { settled: [settled(1, 'refused')], intended: [intent(0)] });
        await at.ledger.addBatch(run, 1, recipients(3));
        expect(await outcomes(at.ledger, run)).toEqual(['pending', 'refused', 'pending']);
      });

      test('addBatches adds all or none, and is as harmless as addBatch', async () => {
        await at.ledger.createRun(newRun('run-1'));
        const [one] = recipients(1);
        if (!one) throw new Error('no recipient');
        const torn = at.ledger.addBatches('run-1', [
          [1, recipients(2)],
          [2, [one, one]],
        ]);
        await expect(torn).rejects.toThrow('index 0 comes twice');
        expect(await at.ledger.openBatches('run-1')).toEqual([]);
        await at.ledger.addBatch('run-1', 1, recipients(2));
        await at.ledger.addBatches('run-1', [
          [1, recipients(3)],
          [2, recipients(1)],
        ]);
        expect((await at.ledger.openBatches('run-1')).map(({ batch }) => batch)).toEqual([1, 2]);
        expect(await all(at.ledger.deliveries('run-1'))).toHaveLength(3);
      });

      test('addBatch refuses an unknown run, an index twice, and a batch beyond the complete plan', async () => {
        await expect(at.ledger.addBatch('nobody', 1, [])).rejects.toThrow(IllegalMoveError);
        await at.ledger.createRun(newRun('run-1'));
        const [one] = recipients(1);
        if (!one) throw new Error('no recipient');
        await expect(at.ledger.addBatch('run-1', 1, [one, one])).rejects.toThrow('index 0 comes twice');
        await expect(at.ledger.addBatch('run-1', 1, [{ ...one, index: -1 }])).rejects.toThrow(IllegalMoveError);
        expect(await at.ledger.openBatches('run-1')).toEqual([]);
        await at.ledger.completePlan('run-1', planOf(0, 0));
        await expect(at.ledger.addBatch('run-1', 1, [one])).rejects.toThrow('its plan is complete without it');
      });

      test('completePlan is harmless when repeated, and refuses other counts and another plan', async () => {
        await at.ledger.createRun(newRun('run-1'));
        await at.ledger.addBatch('run-1', 1, recipients(3));
        await expect(at.ledger.completePlan('run-1', planOf(2, 3))).rejects.toThrow(IllegalMoveError);
        await expect(at.ledger.completePlan('run-1', planOf(1, 4))).rejects.toThrow(IllegalMoveError);
        expect((await at.ledger.run('run-1'))?.plan).toBeNull();
        const plan = { ...planOf(1, 3), rows: 7, duplicates: 3, notSelected: 1 };
        await at.ledger.completePlan('run-1', plan);
        await at.ledger.completePlan('run-1', plan);
        await expect(at.ledger.completePlan('run-1', { ...plan, planHash: 'plan-2' })).rejects.toThrow(
          IllegalMoveError,
        );
        expect(await at.ledger.run('run-1')).toMatchObject({ plan, finished: false });
      });

      test('completePlan closes what has nothing to send', async () => {
        await at.ledger.createRun(newRun('run-1'));
        const invalid = { state: 'invalid', problem: 'no domain', recipient: 'ana', key: 'ana' } as const;
        await at.ledger.addBatch(
          'run-1',
          1,
          recipients(2).map((delivery) => ({ ...delivery, ...invalid })),
        );
        expect(await at.ledger.run('run-1')).toMatchObject({ finished: false });
        await at.ledger.completePlan('run-1', { ...planOf(1, 2), invalid: 2 });
        expect(await at.ledger.run('run-1')).toMatchObject({ finished: true });
        expect(await at.ledger.openBatches('run-1')).toEqual([]);
        expect(await at.ledger.claim('run-1', 1, { now: START })).toBeNull();
        expect(await at.ledger.find('run-1', 'ana')).toMatchObject([
          { outcome: 'invalid', problem: 'no domain', attempts: 0, at: null },
          { outcome: 'invalid' },
        ]);
      });

      test('batch 0 is the lease of who plans, until the plan is complete', async () => {
        await at.ledger.createRun(newRun('run-1'));
        await at.ledger.addBatch('run-1', 0, []);
        const other = await at.store.join();
        const aborted = await at.claimed('run-1', { batch: 0 });
        expect(await other.claim('run-1', 0, { now: START })).toBeNull();
        await at.ledger.release(aborted);
        const planner = await at.claimed('run-1', { batch: 0, by: other });
        await other.addBatch('run-1', 1, recipients(1));
        await expect(at.ledger.claim('run-1', 1, { now: START })).rejects.toThrow('the plan is not complete');
        await other.completePlan('run-1', planOf(1, 1));
        await other.release(planner);
        expect(await at.ledger.claim('run-1', 0, { now: START })).toBeNull();
        expect(await at.ledger.openBatches('run-1')).toEqual([{ batch: 1, held: false, nextAt: 0, ...ANY_TIME }]);
      });
    });

    describe('the life of a batch', () => {
      test('claim, commit, release: each recipient ends in its outcome with its evidence, and the run finishes', async () => {
        const run = await plannedRun(at.ledger, { sizes: [3, 1] });
        const claim = await at.claimed(run);
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
        const rev = await at.ledger.commit(claim, { settled: [], intended: [intent(0)] });
        const queued = { reply: '250 2.0.0 Ok: queued as 4F2', enhancedStatus: '2.0.0', queueId: '4F2' };
        const last = await at.ledger.commit(
          { ...claim, rev },
          { settled: [settled(0, 'accepted', queued), settled(1, 'refused', { reply: '550 5.1.1 no' })], intended: [] },
        );
        await at.ledger.commit(
          { ...claim, rev: last },
          { settled: [settled(2, 'invalid', { attempt: 0, problem: 'no variable "name"' })], intended: [] },
        );
        await at.ledger.release(claim);
        expect(await at.ledger.run(run)).toMatchObject({ finished: false });
        expect(await at.ledger.openBatches(run)).toEqual([{ batch: 2, held: false, nextAt: 0, ...ANY_TIME }]);
        expect(await all(at.ledger.deliveries(run, 1))).toEqual([
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
        await at.work(await at.claimed(run, { batch: 2 }), () => ({ state: 'accepted' }));
        expect(await at.ledger.run(run)).toMatchObject({ finished: true });
        expect(await at.ledger.claim(run, 1, { now: START })).toBeNull();
      });

      test('a batch is claimable by nobody while a living process holds it, also not by its holder', async () => {
        const run = await plannedRun(at.ledger);
        const other = await at.store.join();
        const claim = await at.claimed(run);
        expect(await other.claim(run, 1, { now: START })).toBeNull();
        expect(await at.ledger.claim(run, 1, { now: START })).toBeNull();
        expect(await other.openBatches(run)).toMatchObject([{ batch: 1, held: true }]);
        await at.ledger.release(claim);
        expect(await other.claim(run, 1, { now: START })).toMatchObject({ fence: claim.fence + 1 });
      });

      test('claim refuses a run and a batch that are not there', async () => {
        const run = await plannedRun(at.ledger);
        await expect(at.ledger.claim('nobody', 1, { now: START })).rejects.toThrow('there is no such run');
        await expect(at.ledger.claim(run, 9, { now: START })).rejects.toThrow('there is no such batch');
      });

      test.each(['fence', 'rev', 'owner'] as const)('a commit with another %s is refused whole', async (part) => {
        const run = await plannedRun(at.ledger);
        const claim = await at.claimed(run);
        const rev = await at.ledger.commit(claim, { settled: [], intended: [intent(0)] });
        const before = await all(at.ledger.deliveries(run));
        const stale = { fence: { fence: claim.fence - 1, rev }, rev: { rev: claim.rev }, owner: { rev } }[part];
        const by = part === 'owner' ? await at.store.join() : at.ledger;
        const changes = { settled: [settled(0, 'accepted')], intended: [intent(1)] };
        await expect(by.commit({ ...claim, ...stale }, changes)).rejects.toThrow(FenceLostError);
        expect(await all(at.ledger.deliveries(run))).toEqual(before);
        await at.ledger.commit({ ...claim, rev }, changes);
      });

      test('a holder that was taken for dead writes nothing after the next claim, and its release is harmless', async () => {
        const run = await plannedRun(at.ledger);
        const claim = await at.claimed(run);
        await at.ledger.release(claim);
        const other = await at.store.join();
        const next = await at.claimed(run, { by: other });
        await expect(at.ledger.commit(claim, { settled: [settled(0, 'refused')], intended: [] })).rejects.toThrow(
          FenceLostError,
        );
        await at.ledger.release(claim);
        await other.commit(next, { settled: [], intended: [intent(0)] });
        expect(await at.ledger.openBatches(run)).toMatchObject([{ held: true }]);
      });
    });

    describe('reading', () => {
      test('totals name every outcome and are the sum of the deliveries', async () => {
        const run = await plannedRun(at.ledger, { sizes: [3, 2] });
        await at.work(await at.claimed(run), (index) => ({ state: index === 0 ? 'refused' : 'accepted' }));
        const totals = await at.ledger.totals(run);
        expect(Object.keys(totals).sort()).toEqual([...OUTCOMES].sort());
        expect(totals).toMatchObject({ pending: 2, accepted: 2, refused: 1, uncertain: 0 });
        const intended = await at.claimed(run, { batch: 2 });
        await at.ledger.commit(intended, { settled: [], intended: [intent(0)] });
        expect(await at.ledger.totals(run)).toMatchObject({ pending: 2, uncertain: 0 });
        await at.restart();
        expect(await at.ledger.totals(run)).toMatchObject({ pending: 1, uncertain: 1 });
        expect(Object.values(await at.ledger.totals('nobody')).every((count) => count === 0)).toBe(true);
      });

      test('deliveries come in the order of batch and index, one run and one batch at a time', async () => {
        await plannedRun(at.ledger, { id: 'other', sizes: [2] });
        const run = await plannedRun(at.ledger, { sizes: [2, 3] });
        const rows = (await all(at.ledger.deliveries(run))).map(({ batch, row }) => [batch, row]);
        expect(rows).toEqual([
          [1, 1],
          [1, 2],
          [2, 3],
          [2, 4],
          [2, 5],
        ]);
        expect((await all(at.ledger.deliveries(run, 2))).map(({ row }) => row)).toEqual([3, 4, 5]);
        expect(await all(at.ledger.deliveries(run, 9))).toEqual([]);
        expect(await all(at.ledger.deliveries('nobody'))).toEqual([]);
      });

      test('find knows the deliveries of one run by key, whatever the recipient was written like', async () => {
        await plannedRun(at.ledger, { id: 'other', sizes: [2] });
        await at.ledger.createRun(newRun('run-1'));
        const [one, two] = recipients(2);
        if (!one || !two) throw new Error('no recipients');
        await at.ledger.addBatch('run-1', 1, [{ ...one, recipient: '"r1"@EXAMPLE.org' }, two]);
        expect(await at.ledger.find('run-1', 'r1@example.org')).toEqual([]);
        await at.ledger.completePlan('run-1', planOf(1, 2));
        expect(await at.ledger.find('run-1', 'r1@example.org')).toMatchObject([
          { row: 1, recipient: '"r1"@EXAMPLE.org' },
        ]);
        expect(await at.ledger.find('run-1', '"r1"@EXAMPLE.org')).toEqual([]);
        expect(await at.ledger.find('run-1', 'r2@example.org')).toMatchObject([{ row: 2, batch: 1 }]);
        expect(await at.ledger.find('nobody', 'r2@example.org')).toEqual([]);
      });

      test('a reply comes back as it was, whatever is in it', async () => {
        const run = await plannedRun(at.ledger, { sizes: [1] });
        const reply = `550 5.7.1 "ñ'); DROP TABLE run;-- \r\n\t\u0000\u001b[31m \u{1f4e7}`;
        await at.work(await at.claimed(run), () => ({ state: 'refused', reply }));
        expect(await at.ledger.find(run, 'r1@example.org')).toMatchObject([{ reply }]);
      });
    });
  });
}
