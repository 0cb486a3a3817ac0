/** `run --log`: what a machine that watches gets to see, and what nobody gets to see. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startRelay } from '../mailing/scripted-relay.ts';
import { cartero, lastJson, temporaryFolder, writeCampaign } from './cartero.ts';
import { login, place } from './relay-place.ts';

type Line = Record<string, unknown>;

const textOf = (folder: string) => readFileSync(join(folder, 'run.log'), 'utf8');
const linesOf = (folder: string) =>
  textOf(folder)
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line);
const settled = (folder: string) => linesOf(folder).filter(({ event }) => event === 'mail settled');

async function namesOf(folder: string, address: string): Promise<string[]> {
  const { logNames } = lastJson(await cartero(['trace', address, '--json'], folder));
  return (logNames as string[]).map(String);
}

const PEOPLE = 'email,name\nana@bücher.example,Ana\nzoe.b@example.com,Zoë\nno-address,X\nEva@example.com,Eva\n';

test('a run is told from its beginning to its end, and nobody by address', { timeout: 60_000 }, async () => {
  const folder = temporaryFolder();
  await writeCampaign(folder, 'letters', { 'list.csv': PEOPLE });
  const relay = await startRelay(({ at, recipient }) => {
    if (at === 'RCPT' && recipient.startsWith('ana'))
      return '550 5.1.1 ANA@BÜCHER.example: <Ana@xn--bcher-kva.example>';
    return at === '.' && recipient.startsWith('zoe') ? '451 4.3.0 zoe.b is busy, ask postmaster@mx.example' : null;
  });
  const words = ['run', 'letters', '--relay', relay.url, '--connections', '1', '--once', '--log', 'run.log', '--json'];
  const first = await cartero(words, folder);
  expect(first.code, first.stderr).toBe(2);
  expect((await cartero(words, folder)).code).toBe(2);
  const { run } = lastJson(first);
  const lines = linesOf(folder);
  expect(lines.map(({ event }) => event)).toEqual([
    'run begun',
    'sending begun',
    'connection opened',
    'mail settled',
    'mail settled',
    'mail settled',
    'connection closed',
    'run ended',
    'run resumed',
    'sending begun',
    'run ended',
  ]);
  for (const line of lines) expect(line).toMatchObject({ at: expect.stringMatching(/^20\S+Z$/), run });
  expect(new Set(lines.map((line) => line.process)).size).toBe(2);
  expect(lines[0]).toMatchObject({ campaign: 'letters', rows: 4, recipients: 4, invalid: 1, workers: 1 });
  expect(lines[2]).toMatchObject({ connection: 1, mode: 'lockstep', tls: null, ms: expect.any(Number) });
  expect(lines[6]).toMatchObject({ connection: 1, mails: 3 });
  expect(lines[7]).toMatchObject({ exitCode: 2, accepted: 1, refused: 1, deferred: 1, invalid: 1, pending: 0 });
  const [[ana], [zoe], eva] = [
    await namesOf(folder, 'ANA@bücher.example'.toLowerCase()),
    await namesOf(folder, 'zoe.b@EXAMPLE.com'),
    await namesOf(folder, 'Eva@example.com'),
  ];
  const byRow = settled(folder).toSorted((a, b) => Number(a.row) - Number(b.row));
  expect(byRow).toMatchObject([
    { recipient: ana, outcome: 'refused', attempt: 1, batch: 1, row: 1, enhancedStatus: '5.1.1' },
    { recipient: zoe, outcome: 'deferred', attempt: 1, row: 2, nextAt: expect.stringMatching(/^20\S+Z$/) },
    { recipient: eva[0], outcome: 'accepted', queueId: expect.any(String), row: 4, ms: expect.any(Number) },
  ]);
  expect(byRow[1]?.reply).toMatch(new RegExp(`^451 4\\.3\\.0 ${zoe} is busy, ask hash:\\S{22}$`));
  const text = textOf(folder);
  expect(text).not.toMatch(/@|bcher|bücher|zoe|no-address|"ana/i);
  expect(statSync(join(folder, '.cartero/log-keys.json')).mode & 0o777).toBe(0o600);
  // Who asks is answered in words as well.
  expect((await cartero(['trace', 'zoe.b@example.com'], folder)).stdout).toContain(`\n  in logs ${zoe}\n`);
  await writeFile(join(folder, '.cartero/log-keys.json'), '{}');
  const traced = await cartero(['trace', 'zoe.b@example.com'], folder);
  expect(traced.code).toBe(0);
  expect(traced.stderr).toContain('it has no keys');
});

test('with addresses where that is asked for', { timeout: 60_000 }, async () => {
  const folder = temporaryFolder();
  await writeCampaign(folder, 'letters', { 'list.csv': 'email,name\nana@example.com,Ana\n' });
  const relay = await startRelay(({ at }) => (at === 'RCPT' ? '550 5.1.1 <ana@example.com>' : null));
  const words = ['run', 'letters', '--relay', relay.url, '--log', 'run.log', '--log-addresses'];
  expect((await cartero(words, folder)).code).toBe(2);
  expect(settled(folder)).toMatchObject([{ recipient: 'ana@example.com', reply: '550 5.1.1 <ana@example.com>' }]);
  const alone = await cartero(['run', 'letters', '--log-addresses'], folder);
  expect([alone.code, alone.stderr]).toEqual([1, expect.stringContaining('--log-addresses goes with --log')]);
});

test('each worker adds its lines to the same file', { timeout: 120_000 }, async () => {
  const folder = temporaryFolder();
  const people = Array.from({ length: 1200 }, (_, index) => `person${index}@example.com,P${index}\n`);
  await writeCampaign(folder, 'letters', { 'list.csv': `email,name\n${people.join('')}` });
  const relay = await startRelay();
  const words = ['run', 'letters', '--relay', relay.url, '--connections', '4', '--workers', '2', '--log', 'run.log'];
  const ended = await cartero(words, folder);
  expect(ended.code, ended.stderr).toBe(0);
  const lines = linesOf(folder);
  const mails = settled(folder);
  expect(new Set(mails.map(({ recipient }) => recipient)).size).toBe(1200);
  expect(mails).toHaveLength(1200);
  expect([lines[0]?.event, lines.at(-1)?.event]).toEqual(['run begun', 'run ended']);
  expect(lines[0]).toMatchObject({ workers: 2 });
  expect(lines.filter(({ event }) => event === 'run begun')).toHaveLength(1);
  expect(new Set(mails.map((line) => line.process))).not.toContain(lines[0]?.process);
  expect(textOf(folder)).not.toContain('@');
});

test.each([
  ['on a full disk', '/dev/full', []],
  ['in a folder that is not there', 'nowhere/run.log', []],
  ['in a folder that is not there, by two workers', 'nowhere/run.log', ['--workers', '2', '--connections', '2']],
])('a log %s is told once and stops no mail', { timeout: 60_000 }, async (_where, file, more) => {
  const folder = temporaryFolder();
  await writeCampaign(folder, 'letters');
  const relay = await startRelay();
  const ended = await cartero(['run', 'letters', '--relay', relay.url, '--log', file, ...more], folder);
  expect(ended.code, ended.stderr).toBe(0);
  expect(relay.accepted).toHaveLength(2);
  expect(ended.stderr.match(/The log cannot be kept/g)).toHaveLength(1);
});

test('where the keys cannot be read, no log is kept rather than one with addresses', { timeout: 60_000 }, async () => {
  const folder = temporaryFolder();
  await writeCampaign(folder, 'letters');
  const relay = await startRelay();
  await cartero(['run', 'letters', '--relay', relay.url], folder);
  // Without --log nothing is made for it.
  expect(readdirSync(join(folder, '.cartero'))).not.toContain('log-keys.json');
  await writeFile(join(folder, '.cartero/log-keys.json'), '{"keys":[]}');
  const ended = await cartero(['run', 'letters', '--new', '--relay', relay.url, '--log', 'run.log'], folder);
  expect(ended.code, ended.stderr).toBe(0);
  expect(ended.stderr.match(/The log cannot be kept: .*it has no keys/g)).toHaveLength(1);
  expect(existsSync(join(folder, 'run.log'))).toBe(false);
});

test('a connection that is lost is told with its reason, and whose mails were on it by no address', {
  timeout: 60_000,
}, async () => {
  const folder = temporaryFolder();
  await writeCampaign(folder, 'letters', { 'list.csv': 'email,name\nana.b@example.com,Ana\n' });
  const relay = await startRelay(({ at }) => (at === '.' ? '25 ana.b what?' : null));
  await cartero(['run', 'letters', '--relay', relay.url, '--once', '--log', 'run.log'], folder);
  const lost = linesOf(folder).filter(({ event }) => event === 'connection lost');
  expect(lost).toMatchObject([
    { connection: 1, mails: 1, step: 'end of data', problem: expect.stringContaining('25 ') },
  ]);
  expect(settled(folder)).toMatchObject([{ outcome: 'uncertain', problem: expect.stringContaining('25 hash:') }]);
  expect(textOf(folder)).not.toContain('ana.b');
});

test.each([
  ['is accepted', login],
  ['is refused', 'ana:wr0ng-CANARY@'],
])('a login that %s is in no log', { timeout: 60_000 }, async (_how, credentials) => {
  const { folder, server, ca } = await place();
  const words = ['--relay', `smtps://${credentials}127.0.0.1:${server.implicitTlsPort}${ca}`, '--log', 'run.log'];
  const ended = await cartero(['run', 'letters', ...words, '--log-addresses'], folder);
  const text = textOf(folder);
  expect(text).toContain(ended.code === 0 ? '"connection opened"' : '"connection failed"');
  expect(text).toContain(`"run ended"`);
  const secrets = ['CANARY', ...[login, credentials].map((each) => each.slice(0, -1).split(':')[1] ?? '')];
  for (const secret of secrets)
    for (const form of [
      secret,
      Buffer.from(secret).toString('base64'),
      Buffer.from(`\0ana\0${secret}`).toString('base64'),
    ])
      expect(text).not.toContain(form);
});
