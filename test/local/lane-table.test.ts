import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type LocalState, openState } from '#local';
import { temporaryFolder } from '../cli/cartero.ts';
import { describeLaneBook } from '../ports/lane-book.contract.ts';
import { startChild } from './child-process.ts';

describeLaneBook('LaneTable', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cartero-lanes-'));
  const states: LocalState[] = [];
  return {
    join: async () => {
      const state = openState(folder);
      states.push(state);
      return state;
    },
    die: async ({ owner }) => states.find((state) => state.owner === owner)?.close(),
    remove: async () => {
      for (const state of states) state.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
});

describe('LaneTable', () => {
  test('makes its file when it is first asked, for its user alone', async () => {
    const folder = temporaryFolder();
    const state = openState(folder);
    const file = join(folder, 'lanes.sqlite');
    expect(existsSync(file)).toBe(false);
    await state.lanes.read('relay');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    state.close();
  });

  test('a process that is killed holds its lanes until then, and none afterwards', async () => {
    const folder = temporaryFolder();
    const child = startChild('hold-lanes.ts', folder);
    expect(await child.line()).toBe('held');
    const state = openState(folder);
    expect((await state.lanes.read('relay')).holders).toMatchObject([{ lanes: 3 }]);
    child.kill('SIGKILL');
    await child.ended;
    expect((await state.lanes.read('relay')).holders).toEqual([]);
    state.close();
  });

  test('processes that write at once lose no write', { timeout: 60_000 }, async () => {
    const folder = temporaryFolder();
    const children = [1, 2, 3, 4].map(() => startChild('count-lanes.ts', folder));
    expect(await Promise.all(children.map(({ ended }) => ended))).toEqual([0, 0, 0, 0]);
    const state = openState(folder);
    expect((await state.lanes.read('relay')).rev).toBe(4 * 200);
    state.close();
  });
});
