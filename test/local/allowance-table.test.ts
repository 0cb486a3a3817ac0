import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type LocalState, openState } from '#local';
import { temporaryFolder } from '../cli/cartero.ts';
import { describeAllowanceBook } from '../ports/allowance-book.contract.ts';
import { startChild } from './child-process.ts';

describeAllowanceBook('AllowanceTable', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cartero-allowances-'));
  const states: LocalState[] = [];
  return {
    join: async () => {
      const state = openState(folder);
      states.push(state);
      return state.allowances;
    },
    remove: async () => {
      for (const state of states) state.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
});

describe('AllowanceTable', () => {
  test('makes its file when it is first asked, for its user alone', async () => {
    const folder = temporaryFolder();
    const state = openState(folder);
    const file = join(folder, 'warm-up.sqlite');
    expect(existsSync(file)).toBe(false);
    await state.allowances.taken('news', '2026-12-01');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    state.close();
  });

  test('is refused by a state that is closed', async () => {
    const state = openState(temporaryFolder());
    state.close();
    await expect(state.allowances.taken('news', '2026-12-01')).rejects.toThrow('the state is closed');
  });

  test('processes at once use the day up to its last mail, and none more', { timeout: 120_000 }, async () => {
    const folder = temporaryFolder();
    const children = [1, 2, 3].map(() => startChild('use-allowance.ts', folder, '300'));
    const used = await Promise.all(children.map(({ rest }) => rest()));
    expect(await Promise.all(children.map(({ ended }) => ended))).toEqual([0, 0, 0]);
    // What one gives back at its end the others may not have seen any more; the next one has it.
    const rest = await startChild('use-allowance.ts', folder, '300').rest();
    expect(used.flat().length + rest.length).toBe(300);
  });

  test('processes that are killed use never more than the day allows, and fewer by their chunks at the most', {
    timeout: 120_000,
  }, async () => {
    const folder = temporaryFolder();
    const LIMIT = 2000;
    const CHUNK = 20;
    let used = 0;
    const DEATHS = 5;
    for (let death = 0; death < DEATHS; death += 1) {
      const child = startChild('use-allowance.ts', folder, String(LIMIT));
      // Each at another place within its chunk.
      for (let line = 0; line <= death * 9; line += 1) if ((await child.line()) !== null) used += 1;
      child.kill('SIGKILL');
      used += (await child.rest()).length;
      await child.ended;
    }
    used += (await startChild('use-allowance.ts', folder, String(LIMIT)).rest()).length;
    expect(used).toBeLessThanOrEqual(LIMIT);
    expect(used).toBeGreaterThanOrEqual(LIMIT - DEATHS * CHUNK);
  });
});
