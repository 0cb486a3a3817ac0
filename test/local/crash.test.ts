/** Real processes on one state: many at once, and one that is killed at random instants. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openState } from '#local';
import { all, plannedRun } from '../ports/ledger.harness.ts';
import { startChild } from './child-process.ts';

const KILLS = 20;
const SIZE = 400;

interface Acknowledged {
  readonly fence: number;
  readonly rev: number;
  readonly settled: readonly { index: number; attempt: number }[];
  readonly intended: readonly { index: number; attempt: number }[];
}

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cartero-crash-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('six processes that open a new state at once all work, and each batch has one holder', async () => {
  const children = Array.from({ length: 6 }, () => startChild('join-ledger.ts', folder));
  const lines = await Promise.all(children.map((child) => child.line()));
  for (const child of children) child.kill('SIGKILL');
  await Promise.all(children.map(({ ended }) => ended));
  const got = lines.flatMap((line) => JSON.parse(line ?? 'null') as number[]);
  expect(got.sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  const state = openState(folder);
  const held = (await state.ledger.openBatches('run-1')).filter((batch) => batch.held);
  expect(held).toEqual([]);
  state.close();
}, 60_000);

test('processes that open the same new ledgers in the same moments never take one for a stranger', async () => {
  const args = [folder, '150', String(Date.now() + 1_000)];
  const children = Array.from({ length: 3 }, () => startChild('open-ledgers.ts', ...args));
  const lines = await Promise.all(children.map((child) => child.line()));
  await Promise.all(children.map(({ ended }) => ended));
  expect(lines).toEqual(['opened', 'opened', 'opened']);
}, 60_000);

describe('SIGKILL at random instants', () => {
  test(`of ${KILLS} processes loses no commit that was acknowledged, and the next goes on at once`, async () => {
    const first = openState(folder);
    await plannedRun(first.ledger, { sizes: [SIZE], onUncertain: 'resend' });
    first.close();
    let fence = 0;
    for (let kill = 0; kill < KILLS; kill += 1) {
      const acknowledged = await commitUntilKilled(Math.random() * 60);
      const last = acknowledged.at(-1);
      if (!last) throw new Error('the child was killed before its first commit');
      expect(last.fence).toBeGreaterThan(fence);
      fence = await verify(last, acknowledged, kill);
    }
  }, 120_000);
});

async function commitUntilKilled(afterMs: number): Promise<Acknowledged[]> {
  const child = startChild('commit-for-ever.ts', folder);
  const first = await child.line();
  await pause(afterMs);
  child.kill('SIGKILL');
  const lines = [first ?? '', ...(await child.rest())];
  expect(await child.ended).toBe('SIGKILL');
  // The last line can be torn; what it tells of was durable all the same, and is not asked for.
  return lines.flatMap((line) => (line.endsWith('}') ? [JSON.parse(line) as Acknowledged] : []));
}

/** @returns the fence under which it looked */
async function verify(last: Acknowledged, acknowledged: readonly Acknowledged[], kill: number): Promise<number> {
  const state = openState(folder);
  const { ledger } = state;
  expect(await ledger.openBatches('run-1')).toMatchObject([{ batch: 1, held: false }]);
  const claim = await ledger.claim('run-1', 1, { now: kill, eager: true });
  if (!claim) throw new Error('the dead process holds the batch');
  expect(claim.fence).toBe(last.fence + 1);
  // One commit more than acknowledged can have happened: killed between its return and its line.
  expect([last.rev + 1, last.rev + 2]).toContain(claim.rev);
  const found = await all(ledger.deliveries('run-1'));
  for (const { settled, intended } of acknowledged) {
    for (const { index, attempt } of [...settled, ...intended]) {
      expect(found[index]?.attempts).toBeGreaterThanOrEqual(attempt);
    }
  }
  const states = new Set(found.map(({ outcome }) => outcome));
  expect([...states].every((state) => ['pending', 'deferred', 'uncertain'].includes(state))).toBe(true);
  for (const { index, attempt } of last.intended) {
    const row = found[index];
    if (row?.attempts === attempt) expect(['uncertain', 'deferred']).toContain(row.outcome);
  }
  const uncertain = found.filter(({ outcome, at }) => outcome === 'uncertain' && at === kill);
  expect(uncertain).toHaveLength(last.intended.length);
  await ledger.release(claim);
  state.close();
  return claim.fence;
}
