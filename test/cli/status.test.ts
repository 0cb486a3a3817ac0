/** `status` as typed: the report of one run, and everybody's line as JSON and CSV. */
import { readdirSync } from 'node:fs';
import { lstat, readFile, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { expect, test } from 'vitest';
import { status } from '../../functions/cli/status.ts';
import { startRelay } from '../mailing/scripted-relay.ts';
import { cartero, lastJson, temporaryFolder, writeCampaign } from './cartero.ts';
import { typed } from './typed.ts';

test('a run is told with its rate and reasons, and its people as lines', { timeout: 120_000 }, async () => {
  const folder = temporaryFolder();
  const people = ['+ana', 'ben', 'cleo', 'dora', 'eve'].map((name) => `${name}@example.com,${name}\n`).join('');
  await writeCampaign(folder, 'letters', { 'list.csv': `email,name\n${people}` });
  const relay = await startRelay(({ at, recipient }) => {
    if (at !== 'RCPT' || recipient.startsWith('eve')) return null;
    return recipient.startsWith('dora') ? '451 4.7.1 later, in 300 s' : `550 5.1.1 <${recipient}>: no such "user"`;
  });
  const ended = await cartero(['run', 'letters', '--relay', relay.url, '--once', '--json'], folder);
  expect(ended.code, ended.stderr).toBe(2);
  const run = String(lastJson(ended).run);
  const say = (...words: string[]) => typed(status, [run, ...words], folder);

  const { out } = await say();
  expect(out).toMatch(/ {2}accepted {13}1\n {2}refused {14}3\n {2}deferred {13}1\n/);
  expect(out).toMatch(/ {2}[\d.]+\/s on the whole\n {2}the next of those who wait is due at 20\S+Z\n/);
  expect(Buffer.from(out, 'latin1').toString()).toMatch(
    /Why:\n {2}refused {14}3 {2}550 5\.1\.1 <…>: no such "user"\n +such as \+ana@example\.com: 550 5\.1\.1/,
  );
  const report = JSON.parse((await say('--json')).out);
  expect(report).toMatchObject({ run, accepted: 1, refused: 3, sending: false, secondsLeft: null });
  expect(report.rate).toEqual({ lastMinute: null, overall: expect.any(Number) as unknown });
  expect(Date.parse(report.nextDueAt)).toBeGreaterThan(Date.parse(report.createdAt));
  expect(report.reasons).toHaveLength(3);

  const csv = await say('--csv');
  const rows = parse(csv.out) as string[][];
  expect(rows[0]?.slice(0, 3)).toEqual(['recipient', 'outcome', 'reply']);
  expect(rows[1]?.slice(0, 4)).toEqual([
    "'+ana@example.com",
    'refused',
    '550 5.1.1 <+ana@example.com>: no such "user"',
    '5.1.1',
  ]);
  expect(rows).toHaveLength(6);
  expect(csv.out.endsWith('\r\n')).toBe(true);

  expect((await say('--csv', '--outcome', 'deferred, accepted', '--out', 'some.csv')).out).toBe('');
  const some = parse(await readFile(join(folder, 'some.csv'), 'utf8')) as string[][];
  expect(some.map(([recipient]) => recipient)).toEqual(['recipient', 'dora@example.com', 'eve@example.com']);
  expect((await stat(join(folder, 'some.csv'))).mode & 0o777).toBe(0o600);
  await symlink('/dev/null', join(folder, 'device'));
  expect((await say('--csv', '--out', 'device')).out).toBe('');
  expect((await lstat(join(folder, 'device'))).isSymbolicLink(), 'a device is written to, and not replaced').toBe(true);
  const lines = (await say('--recipients', '--outcome', 'accepted')).out.trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line).recipient)).toEqual(['eve@example.com']);

  for (const wrong of [
    ['--outcome', 'accepted'],
    ['--out', 'x.csv'],
    ['--csv', '--json'],
    ['--csv', '--outcome', 'gone'],
    ['--csv', '--out', 'nowhere/x.csv'],
  ])
    await expect(say(...wrong)).rejects.toThrow();
  expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([]);
});
