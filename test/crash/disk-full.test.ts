/**
 * The disk is full while mails are under way, also between a relay's 250 and its settlement: the ledger takes no more, as by
 * the limit that a process has on the size of its files. Who had been accepted and was not settled is in doubt, nobody else.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { cartero, jsonLines, temporaryFolder, writeCampaign } from '../cli/cartero.ts';

const BIN = fileURLToPath(new URL('../../functions/cli/bin.js', import.meta.url));
const ORACLE = fileURLToPath(new URL('oracle-server.ts', import.meta.url));
const RECIPIENTS = 200;
const CONNECTIONS = 4;
/** What the log may grow by before the disk is full, in KiB: somewhere in the middle of the mails. */
const ROOMS = [60, 97, 150];

async function startOracle(file: string): Promise<string> {
  const child: ChildProcess = spawn(process.execPath, [ORACLE, file, '4'], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const [port] = (await once(child.stdout as NonNullable<typeof child.stdout>, 'data')) as [Buffer];
  return `smtp+insecure://127.0.0.1:${port.toString().trim()}`;
}

function acceptances(file: string): string[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => (JSON.parse(line) as { recipient: string }).recipient);
}

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
  const rows = Array.from({ length: RECIPIENTS }, (_, index) => `person${index}@example.com,Person ${index}\n`);
  await writeCampaign(folder, 'letters', { 'list.csv': `email,name\n${rows.join('')}` });
  const file = join(folder, 'acceptances.jsonl');
  const relay = await startOracle(file);
  const words = ['run', 'letters', '--relay', relay, '--connections', String(CONNECTIONS), '--json'];
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
  const accepted = acceptances(file);
  expect(new Set(accepted).size, 'mailed twice').toBe(accepted.length);
  expect(status).toHaveLength(RECIPIENTS);
  const outcomes = new Map(status.map(({ recipient, outcome }) => [String(recipient), String(outcome)]));
  expect([...outcomes.values()].filter((outcome) => outcome !== 'accepted' && outcome !== 'uncertain')).toEqual([]);
  expect([...outcomes].filter(([who, outcome]) => outcome === 'accepted' && !accepted.includes(who))).toEqual([]);
  const doubts = [...outcomes.values()].filter((outcome) => outcome === 'uncertain').length;
  expect(doubts).toBeLessThanOrEqual(fullDisks * CONNECTIONS);
});
