/** Started by an older Node, cartero is two processes: signals, exit codes and deaths are as if it were one. */
import { describe, expect, test, vi } from 'vitest';
import { type ScriptedRelay, startRelay } from '../mailing/scripted-relay.ts';
import { cartero, lastJson, type Started, startCartero, temporaryFolder, writeCampaign } from './cartero.ts';

/** With a Node that is named, the first process starts a second one, as an older Node does. */
const LAUNCHED = { CARTERO_NODE: process.execPath };

interface Sending extends Started {
  readonly relay: ScriptedRelay;
  readonly pid: number;
}

/** A run of a hundred mails, begun. */
async function startSending(env: Record<string, string>): Promise<Sending> {
  const folder = temporaryFolder();
  const rows = Array.from({ length: 100 }, (_, index) => `p${index}@example.com,P${index}\n`);
  await writeCampaign(folder, 'letters', { 'list.csv': `email,name\n${rows.join('')}` });
  const relay = await startRelay();
  const args = ['run', 'letters', '--relay', relay.url, '--rate', '20', '--json'];
  const started = startCartero(args, folder, env, { ownGroup: true });
  const pid = await mailing(started, relay);
  return { ...started, relay, pid };
}

/** Resolves once mails leave. */
async function mailing({ child }: Started, relay: ScriptedRelay): Promise<number> {
  await vi.waitUntil(() => relay.accepted.length > 2, { timeout: 20_000 });
  if (child.pid === undefined) throw new Error('Cannot send a signal: the process was not started');
  return child.pid;
}

const signals: readonly [what: string, env: Record<string, string>, send: (pid: number) => void][] = [
  ['SIGTERM to the first of two processes', LAUNCHED, (pid) => process.kill(pid, 'SIGTERM')],
  ['SIGHUP to the first of two processes', LAUNCHED, (pid) => process.kill(pid, 'SIGHUP')],
  ['Ctrl-C, which reaches both processes', LAUNCHED, (pid) => process.kill(-pid, 'SIGINT')],
  [
    'Ctrl-C that npm passes on once more',
    {},
    (pid) => {
      process.kill(-pid, 'SIGINT');
      process.kill(pid, 'SIGINT');
    },
  ],
];
test.each(signals)('%s: what is in flight is settled, the exit code is 3', { timeout: 30_000 }, async (...signal) => {
  const [, env, send] = signal;
  const { ended, relay, pid } = await startSending(env);
  send(pid);
  const end = await ended;
  expect([end.code, end.signal], end.stderr).toEqual([3, null]);
  expect(end.stderr.match(/^Stopped/gm)).toHaveLength(1);
  expect(lastJson(end)).toMatchObject({ accepted: relay.accepted.length, uncertain: 0 });
});

describe('cartero as two processes', () => {
  test('is gone as a whole when the first is killed', { timeout: 30_000 }, async () => {
    const { ended, pid } = await startSending(LAUNCHED);
    process.kill(pid, 'SIGKILL');
    // It ends when nobody holds its streams any more, the second process included.
    expect(await ended).toMatchObject({ code: null, signal: 'SIGKILL', stdout: '' });
  });

  test('ends with the exit code and the output of the second', async () => {
    const folder = temporaryFolder();
    const [usage, help] = await Promise.all([
      cartero(['frobnicate'], folder, LAUNCHED),
      cartero(['--help'], folder, LAUNCHED),
    ]);
    expect([usage.code, usage.stdout, usage.stderr]).toEqual([1, '', expect.stringContaining('There is no command')]);
    expect([help.code, help.stderr]).toEqual([0, '']);
    expect(help.stdout).toBe((await cartero(['--help'], folder)).stdout);
  });

  test('says so where the Node that is named is not there', async () => {
    const { code, stderr } = await cartero(['--help'], temporaryFolder(), { CARTERO_NODE: '/nowhere/node' });
    expect([code, stderr]).toEqual([1, expect.stringContaining('CARTERO_NODE names no file')]);
  });
});

test('a second Ctrl-C, later than the first, ends a run that cannot settle with 3', { timeout: 30_000 }, async () => {
  const folder = temporaryFolder();
  await writeCampaign(folder, 'letters');
  const relay = await startRelay(({ at }) => (at === '.' ? '250-not all of a reply' : null));
  const { child, ended } = startCartero(['run', 'letters', '--relay', relay.url], folder);
  await vi.waitUntil(() => relay.ended.length > 0, { timeout: 20_000 });
  child.kill('SIGINT');
  await new Promise((resolve) => setTimeout(resolve, 1100));
  child.kill('SIGINT');
  expect(await ended).toMatchObject({ code: 3, signal: null });
});

test('a command that has nothing to settle ends with 3 at once', { timeout: 30_000 }, async () => {
  const relay = await startRelay(({ at }) => (at === 'greeting' ? '220-not all of a reply' : null));
  const words = ['send', '--from', 'a@example.com', '--to', 'b@example.com', '--subject', 'x', '--text', 'y'];
  const { child, ended } = startCartero([...words, '--relay', relay.url], temporaryFolder());
  await vi.waitUntil(() => relay.received.length > 0, { timeout: 20_000 });
  child.kill('SIGINT');
  expect(await ended).toMatchObject({ code: 3, signal: null });
});
