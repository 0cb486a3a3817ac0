/** How the table is asked: in pages, in parts, by its index. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { SuppressionItems } from '../../functions/aws/suppression-items.ts';
import { newRun, planOf, recipients, START, settled } from '../ports/ledger.harness.ts';
import { FaultyRequests } from './faulty-requests.ts';
import { newTableStore, type TableStore, useDynalite } from './ledger-table.ts';

useDynalite();
// A busy machine takes its time over each of some thousand requests.
vi.setConfig({ testTimeout: 90_000 });

let store: TableStore;
let requests: FaultyRequests;
beforeEach(async () => {
  store = await newTableStore();
  requests = new FaultyRequests();
  await requests.open();
});
afterEach(() => {
  store.remove();
  requests.close();
});

describe('what is too much for one reply', () => {
  test('is read in pages of 1 MB', async () => {
    const { table } = await store.join({ client: requests.client });
    const names = Array.from({ length: 9 }, (_, place) => `item ${place}`);
    for (const sk of names) await table.put({ pk: 'large', sk }, { d: 'x'.repeat(300_000) });
    const found: unknown[] = [];
    for await (const { sk } of table.query({ pk: 'large', prefix: 'item' })) found.push(sk);
    expect(found).toEqual(names);
    expect(requests.seen.filter(({ action }) => action === 'Query').length).toBeGreaterThan(2);
  });

  test('is asked for again where a throttled table leaves it out of its answer', async () => {
    const { table } = await store.join({ client: requests.client, chance: () => 0.1 });
    const list = new SuppressionItems(table);
    const keys = Array.from({ length: 20 }, (_, place) => `p${place}@example.com`);
    await list.add(keys.map((key) => ({ key, recipient: key, reason: null, at: START })));
    requests.changed = ({ action, body }, reply) => (action === 'BatchGetItem' ? firstThree(body, reply) : reply);
    expect([...(await list.among([...keys, 'nobody@example.com']))].sort()).toEqual(keys.toSorted());
    expect(requests.seen.filter(({ action }) => action === 'BatchGetItem').length).toBe(7);
  });
});

/** Of what was asked for, the first three keys are answered, and the others are named as left out. */
function firstThree(body: string, reply: string): string {
  const asked = JSON.parse(body) as { RequestItems: Record<string, { Keys: Record<string, { S: string }>[] }> };
  const said = JSON.parse(reply) as { Responses: Record<string, Record<string, { S: string }>[]> };
  const [name = ''] = Object.keys(asked.RequestItems);
  const keys = asked.RequestItems[name]?.Keys ?? [];
  const isFirst = (item: Record<string, { S: string }>) => keys.slice(0, 3).some(({ sk }) => sk?.S === item.sk?.S);
  return JSON.stringify({
    Responses: { [name]: (said.Responses[name] ?? []).filter(isFirst) },
    UnprocessedKeys: keys.length > 3 ? { [name]: { Keys: keys.slice(3), ConsistentRead: true } } : {},
  });
}

describe('batches that are due', () => {
  test('are named by the index in the order of their moments, until they are closed', async () => {
    const { ledger } = await store.join();
    await ledger.createRun(newRun('run-1'));
    await ledger.addBatch('run-1', 0, []);
    await ledger.addBatch('run-1', 1, recipients(1), { notBefore: START + 60_000, zone: 'Asia/Tokyo' });
    await ledger.addBatch('run-1', 2, recipients(1, 2));
    const invalid = recipients(1, 3).map((each) => ({ ...each, state: 'invalid' as const }));
    await ledger.addBatch('run-1', 3, invalid);
    await ledger.addBatch('run-1', 4, recipients(1, 4));
    expect(await ledger.dueBatches('run-1', START, 10), 'before the plan is complete').toEqual([]);
    await ledger.completePlan('run-1', { ...planOf(4, 4), invalid: 1 });
    expect((await ledger.dueBatches('run-1', START, 10)).toSorted()).toEqual([2, 4]);
    expect(await ledger.dueBatches('run-1', START + 60_000, 10)).toHaveLength(3);
    expect((await ledger.dueBatches('run-1', START + 60_000, 10)).at(-1)).toBe(1);
    expect(await ledger.dueBatches('run-1', START + 60_000, 1)).toHaveLength(1);
    for (const [batch, state] of [
      [2, 'refused'],
      [4, 'deferred'],
    ] as const) {
      const claim = await ledger.claim('run-1', batch, { now: START });
      if (claim === null) throw new Error('not claimed');
      const outcome = settled(0, state, { nextAt: START + 30_000 });
      await ledger.commit(claim, { settled: [outcome], intended: [] });
      await ledger.release(claim);
    }
    expect(await ledger.dueBatches('run-1', START + 29_999, 10)).toEqual([]);
    expect(await ledger.dueBatches('run-1', START + 60_000, 10)).toEqual([4, 1]);
    expect(await ledger.dueBatches('nobody', START, 10)).toEqual([]);
  });

  test('are not named while they are held, until the lease of their holder is over', async () => {
    const { ledger } = await store.join();
    await ledger.createRun(newRun('run-1'));
    await ledger.addBatch('run-1', 0, []);
    await ledger.addBatch('run-1', 1, recipients(1));
    await ledger.claim('run-1', 0, { now: START });
    await ledger.completePlan('run-1', planOf(1, 1));
    await ledger.claim('run-1', 1, { now: START });
    expect(await ledger.dueBatches('run-1', store.now + 60_000, 10)).toEqual([]);
    expect(await ledger.dueBatches('run-1', store.now + 63_000, 10)).toEqual([1]);
  });

  test('come back when doubts are to be sent again, and when recipients are retried', async () => {
    const { ledger } = await store.join();
    await ledger.createRun(newRun('run-1'));
    await ledger.addBatch('run-1', 1, recipients(2));
    await ledger.completePlan('run-1', planOf(1, 2));
    const claim = await ledger.claim('run-1', 1, { now: START });
    if (claim === null) throw new Error('not claimed');
    const rev = await ledger.commit(claim, { settled: [settled(0, 'refused')], intended: [{ index: 1, attempt: 1 }] });
    await ledger.commit({ ...claim, rev }, { settled: [settled(1, 'uncertain', { at: START })], intended: [] });
    await ledger.release(claim);
    const all = () => ledger.dueBatches('run-1', Number.MAX_SAFE_INTEGER, 10);
    expect(await all()).toEqual([]);
    await ledger.setUncertainPolicy('run-1', 'resend');
    expect(await all()).toEqual([1]);
    expect(await ledger.dueBatches('run-1', START + 14 * 60_000, 10)).toEqual([]);
    await ledger.setUncertainPolicy('run-1', 'hold');
    expect(await all()).toEqual([]);
    await ledger.retry('run-1', { outcomes: ['refused'], at: START });
    expect(await ledger.dueBatches('run-1', START, 10)).toEqual([1]);
  });
});
