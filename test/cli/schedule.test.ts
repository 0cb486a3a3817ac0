/** Runs that obey their schedule, as processes of their own and by the machine's clock. */
import { describe, expect, test, vi } from 'vitest';
import { startRelay } from '../mailing/scripted-relay.ts';
import { cartero, jsonLines, lastJson, startCartero, temporaryFolder, writeCampaign } from './cartero.ts';

vi.setConfig({ testTimeout: 60_000 });

const DAY_MS = 24 * 3_600_000;
const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

async function place(schedule: object, list?: string) {
  const folder = temporaryFolder();
  const campaign = { from: 'news@example.com', audience: 'list.csv', schedule };
  const files = { 'campaign.json': JSON.stringify(campaign), ...(list === undefined ? {} : { 'list.csv': list }) };
  await writeCampaign(folder, 'letters', files);
  const relay = await startRelay();
  const run = (...words: string[]) => ['run', 'letters', '--relay', relay.url, '--json', ...words];
  return { folder, relay, run };
}

/** A window on one day of the week, three days from now. */
const shut = () => ({ days: WEEKDAYS[new Date(Date.now() + 3 * DAY_MS).getUTCDay()] });
const moment = (fromNow: number) => `${new Date(Date.now() + fromNow).toISOString().slice(0, 19)}Z`;

describe('cartero run, by its schedule,', () => {
  test('sends nothing while the window is shut: --once says why and ends with 2', async () => {
    const { folder, relay, run } = await place({ cron: '0 9 * * ? *', window: shut() });
    const ended = await cartero(run('--once'), folder);
    expect(ended.code, ended.stderr).toBe(2);
    expect(ended.stderr).toContain('The sending window is shut: nobody is sent to before ');
    expect(lastJson(ended)).toMatchObject({ pending: 2, accepted: 0 });
    expect(relay.received).toEqual([]);
  });

  test('rests until the window opens, and ends with 3 at SIGTERM', async () => {
    const { folder, relay, run } = await place({ cron: '0 9 * * ? *', window: shut() });
    const { child, ended } = startCartero(run(), folder);
    child.stderr?.on('data', (chunk: Buffer) => {
      if (chunk.toString().includes('window is shut')) child.kill('SIGTERM');
    });
    const stopped = await ended;
    expect(stopped.code, stopped.stderr).toBe(3);
    expect(lastJson(stopped)).toMatchObject({ pending: 2 });
    expect(relay.received).toEqual([]);
  });

  test('waits for a slot that is to come, and warns of one that is no start of the campaign', async () => {
    const { folder, relay, run } = await place({ cron: '0 9 1 1 ? *' });
    const early = await cartero(run('--once', '--at', moment(DAY_MS)), folder);
    expect(early.code, early.stderr).toBe(2);
    expect(early.stderr).toContain("The run's slot is still to come");
    expect(early.stderr).toContain('is none of the starts that templates/letters/campaign.json has');
    expect(relay.received).toEqual([]);
    const soon = await cartero(run('--at', moment(3000)), folder);
    expect(soon.code, soon.stderr).toBe(0);
    expect(relay.accepted.toSorted()).toEqual(['ana@example.com', 'zoe@example.com']);
  });

  test('has nothing to do for a slot that was missed and is not made good', async () => {
    const { folder, relay, run } = await place({ cron: '0 9 * * ? *', missed: 'PT1H' });
    const ended = await cartero(run('--at', moment(-2 * 3_600_000)), folder);
    expect(ended.code, ended.stderr).toBe(0);
    expect(ended.stderr).toContain('was missed 2.0 h ago, and "missed" is "PT1H"');
    expect(lastJson(ended)).toMatchObject({ run: null, recipients: 0 });
    expect(relay.received).toEqual([]);
    expect((await cartero(run('--at', moment(-1000)), folder)).code).toBe(0);
    expect(relay.accepted).toHaveLength(2);
  });

  test('is one run of one slot, whoever starts it at the same moment', async () => {
    const people = Array.from({ length: 1200 }, (_, index) => `p${index}@example.com,P${index}`);
    const { folder, relay, run } = await place({ cron: '0 9 * * ? *' }, `email,name\n${people.join('\n')}\n`);
    const words = run('--at', moment(-60_000));
    const ends = await Promise.all([0, 1, 2].map(() => cartero(words, folder)));
    expect(ends.map(({ code }) => code).every((code) => code === 0 || code === 2)).toBe(true);
    const last = await cartero(words, folder);
    expect(last.code, last.stderr).toBe(0);
    expect(lastJson(last)).toMatchObject({ accepted: 1200 });
    expect(jsonLines(await cartero(['status', '--json'], folder))).toHaveLength(1);
    expect(relay.accepted).toHaveLength(1200);
    expect(new Set(relay.accepted).size).toBe(1200);
  });
});
