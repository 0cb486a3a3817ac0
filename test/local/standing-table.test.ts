/** What processes say of how they go: the newest word of each that lives, and nothing of the dead. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type LocalState, openState } from '#local';
import type { Standing } from '#mailing';
import { temporaryFolder } from '../cli/cartero.ts';

function joined(folder: string): LocalState {
  const state = openState(folder);
  onTestFinished(() => state.close());
  return state;
}

const said = ({ owner }: LocalState, more: Partial<Standing> = {}): Standing => ({
  owner,
  run: 'letters-1',
  relay: 'mx.test:25',
  pace: null,
  rest: null,
  ...more,
});

test('each process has its newest word, by run, until it dies', async () => {
  const folder = temporaryFolder();
  const [one, other] = [joined(folder), joined(folder)];
  await one.standings.say(said(one));
  const slow = said(one, { pace: { messagesPerSecond: 2.5, connections: 1, because: '421 later' } });
  await one.standings.say(slow);
  const resting = said(other, { rest: { until: 1_800_000_000_000, why: 'window', because: null } });
  await other.standings.say(resting);
  const both = await one.standings.of('letters-1');
  expect(both).toEqual([slow, resting].toSorted((a, b) => (a.owner < b.owner ? -1 : 1)));
  expect(await one.standings.of('letters-2')).toEqual([]);
  one.close();
  expect(await other.standings.of('letters-1')).toEqual([resting]);
});

test('to ask makes no file', async () => {
  const folder = temporaryFolder();
  const state = joined(folder);
  expect(await state.standings.of('letters-1')).toEqual([]);
  expect(existsSync(join(folder, 'lanes.sqlite'))).toBe(false);
});

test('a state that is closed takes no more words, and says so', async () => {
  const state = joined(temporaryFolder());
  state.close();
  await expect(state.standings.say(said(state))).rejects.toThrow('the state is closed');
});
