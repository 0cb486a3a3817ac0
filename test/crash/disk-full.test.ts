/**
 * The disk is full while mails are under way, also between a relay's 250 and its settlement: the ledger takes no more, as by
 * the limit that a process has on the size of its files. Who had been accepted and was not settled is in doubt, nobody else.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { cartero, jsonLines, temporaryFolder } from '../cli/cartero.ts';
import { expectTruth, ORACLE, startWitness, writeLargeCampaign } from './witness.ts';

const BIN = fileURLToPath(new URL('../../functions/cli/bin.js', import.meta.url));
const RECIPIENTS = 200;
const CONNECTIONS = 4;
/** What the log may grow by before the disk is full, in KiB: somewhere in the middle of the mails. */
const ROOMS = [60, 97, 150];

/** The command line, none of whose files can grow above so many KiB. */
async function carteroWithin(
  kib: number,
  words: readonly string[],
  cwd: string,
): Promise<{ code: number | null; said: string }> {
  const line = ['-c', `ulimit -f ${kib}; exec "$0" "$@"`, process.execPath, BIN, ...words];
  const child = spawn('bash', line, { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, said };
}

test('loses nobody and mails nobody twice when the disk is full in the middle of a run', {
  timeout: 240_000,
}, async () => {
  const folder = temporaryFolder();
  await writeLargeCampaign(folder, RECIPIENTS);
  const relay = await startWitness(ORACLE, folder, 4);
  const words = ['run', 'letters', '--relay', relay.url, '--connections', String(CONNECTIONS), '--json'];
  let fullDisks = 0;
  for (const room of ROOMS) {
    const log = join(folder, '.cartero/ledger.sqlite-wal');
    const before = existsSync(log) ? statSync(log).size : 400 * 1024;
    const { code, said } = await carteroWithin(Math.ceil(before / 1024) + room, words, folder);
    expect([0, 1, 2], said).toContain(code);
    if (code !== 1) continue;
    fullDisks += 1;
    expect(said).toMatch(/^Cannot /m);
  }
  expect(fullDisks).toBeGreaterThan(0);
  const last = await cartero(words, folder);
  expect([0, 2], last.stderr).toContain(last.code);
  const status = jsonLines(await cartero(['status', '--recipients', '--json'], folder));
  expect(expectTruth(status, relay.accepted(), RECIPIENTS)).toBeLessThanOrEqual(fullDisks * CONNECTIONS);
});
