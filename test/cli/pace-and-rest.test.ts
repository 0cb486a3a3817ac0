/** What `status` says, from another process, of a run that its relay has slowed down, or that rests because the relay is gone. */
import { once } from 'node:events';
import { expect, test, vi } from 'vitest';
import { startRelay } from '../mailing/scripted-relay.ts';
import { cartero, lastJson, type Started, startCartero, temporaryFolder, writeCampaign } from './cartero.ts';

vi.setConfig({ testTimeout: 120_000 });

async function folderWith(people: number): Promise<string> {
  const folder = temporaryFolder();
  const rows = Array.from({ length: people }, (_, index) => `p${index}@example.com,P${index}\n`);
  await writeCampaign(folder, 'letters', { 'list.csv': `email,name\n${rows.join('')}` });
  return folder;
}

/** Reads what it tells until it has said that. */
async function untilSaid({ child, ended }: Started, wanted: RegExp): Promise<string> {
  let said = '';
  void ended.then(() => child.stderr?.emit('data', '\nended'));
  while (!wanted.test(said)) {
    const [chunk] = (await once(child.stderr ?? child, 'data')) as [Buffer | string];
    said += chunk.toString();
    if (said.endsWith('\nended')) throw new Error(`it never said ${wanted}:\n${said}`);
  }
  return said;
}

/** As `status` tells it, for machines and for people. */
async function statusOf(folder: string): Promise<{ report: Record<string, unknown>; text: string }> {
  const [, run = ''] = /^(letters-\S+)/.exec((await cartero(['status'], folder)).stdout) ?? [];
  const report = lastJson(await cartero(['status', run, '--json'], folder));
  return { report, text: (await cartero(['status', run], folder)).stdout };
}

async function stopped({ child, ended }: Started): Promise<Record<string, unknown>> {
  child.kill('SIGTERM');
  const last = await ended;
  expect(last.code, last.stderr).toBe(3);
  return lastJson(last);
}

test('a relay that asks to go slower: its words, and the rate and connections now', async () => {
  const folder = await folderWith(4000);
  let mails = 0;
  const relay = await startRelay(({ at }) => {
    if (at === '.') mails += 1;
    return at === '.' && mails === 40 ? '421 4.7.0 mx.test: sending rate exceeded, try again later' : null;
  });
  const label = `127.0.0.1:${relay.port}`;
  const words = ['run', 'letters', '--relay', relay.url, '--connections', '4', '--json'];
  const started = startCartero(words, folder);
  await untilSaid(started, /The relay asks to go slower \(421 4\.7\.0 [^\n]*\): [\d.]+ mails a second/);
  const { report, text } = await statusOf(folder);
  expect(report.processes).toMatchObject([
    { relay: label, slowed: { because: expect.stringMatching(/^421/) }, resting: null },
  ]);
  expect(text).toMatch(
    new RegExp(
      `slower than it may: ${label} asked for it \\(421 4\\.7\\.0 .*\\); [\\d.]+ mails a second over \\d connections? now`,
    ),
  );
  const last = await stopped(started);
  expect(last.accepted).toBe(relay.accepted.length);
  expect(new Set(relay.accepted).size).toBe(relay.accepted.length);
  const after = await statusOf(folder);
  expect(after.report.processes, 'the process is gone, and what it said').toEqual([]);
});

test('a relay that is gone: why the run rests, and when one mail is tried', async () => {
  const folder = await folderWith(60);
  let mails = 0;
  const relay = await startRelay(({ at }) => {
    if (at === 'MAIL') mails += 1;
    if (mails === 20) void relay.close();
    return null;
  });
  const label = `127.0.0.1:${relay.port}`;
  const started = startCartero(['run', 'letters', '--relay', relay.url, '--connections', '2', '--json'], folder);
  const said = await untilSaid(started, /The run rests until \S+, then one mail is tried/);
  const [, until = ''] = /rests until (\S+),/.exec(said) ?? [];
  const { report, text } = await statusOf(folder);
  expect(report.processes).toMatchObject([{ relay: label, slowed: null, resting: { until, why: 'relay' } }]);
  expect(text).toContain(`rests: ${label} does not work (`);
  expect(text).toContain(`; one mail is tried at ${until}\n`);
  const last = await stopped(started);
  expect(Number(last.accepted) + Number(last.pending) + Number(last.uncertain) + Number(last.deferred)).toBe(60);
});
