/** A run with an archive dies between octets and intent, and between intent and indicator, by SIGKILL; or its disk is full. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { PointName } from '../../lab/points.ts';
import { ORDERS } from '../../lab/program/orders.ts';
import { cartero, jsonLines, lastJson, temporaryFolder, writeCampaign } from '../cli/cartero.ts';
import { startRelay } from '../mailing/scripted-relay.ts';

const BIN = fileURLToPath(new URL('../../functions/cli/bin.js', import.meta.url));
const LAB = fileURLToPath(new URL('../../lab/program/cartero.ts', import.meta.url));
const CAMPAIGN = { from: 'News <news@example.com>', audience: 'list.csv', archive: true };

async function folderWithLetters(campaign: object = {}, files: Readonly<Record<string, Uint8Array>> = {}) {
  const folder = temporaryFolder();
  await writeCampaign(folder, 'letters', { 'campaign.json': JSON.stringify({ ...CAMPAIGN, ...campaign }), ...files });
  return { folder, relay: await startRelay() };
}

async function killedAt(point: PointName, words: readonly string[], folder: string): Promise<void> {
  const orders = { trace: join(folder, 'trace.jsonl'), point, passing: 1, clockMs: 0 };
  const env = { ...process.env, [ORDERS]: JSON.stringify(orders) };
  const child = spawn(process.execPath, [LAB, ...words], { cwd: folder, env, stdio: 'ignore' });
  const [, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  expect(signal).toBe('SIGKILL');
}

const deaths: readonly [point: PointName, sent: boolean | null, outcome: string, accepted: number][] = [
  ['ledger.intend:before', false, 'pending', 2],
  ['ledger.intend:after', null, 'uncertain', 1],
  ['write.indicator:before', null, 'uncertain', 1],
];

for (const [point, sent, outcome, accepted] of deaths) {
  test(`tells the truth of a mail whose process died at ${point}`, { timeout: 120_000 }, async () => {
    const { folder, relay } = await folderWithLetters();
    const words = ['run', 'letters', '--relay', relay.url, '--connections', '1', '--json'];
    await killedAt(point, words, folder);
    const run = String(jsonLines(await cartero(['status', '--json'], folder))[0]?.run);
    expect(jsonLines(await cartero(['archive', run, '--json'], folder))).toMatchObject([
      { recipient: 'ana@example.com', attempt: 1, sent, outcome },
    ]);
    const kept = await cartero(['archive', run, '--recipient', 'ana@example.com', '--attempt', '1'], folder);
    const again = await cartero(words, folder);
    expect(lastJson(again), again.stderr).toMatchObject({ accepted, uncertain: 2 - accepted });
    expect(relay.accepted).toHaveLength(accepted);
    for (const { recipient, content } of relay.ended) {
      const given = await cartero(['archive', run, '--recipient', recipient], folder);
      expect(given.octets.toString('latin1')).toBe(content);
      if (recipient === 'ana@example.com') expect(kept.octets.equals(given.octets)).toBe(true);
    }
  });
}

test('stops where an archive finds the disk full, puts nobody in doubt, and goes on when there is room', {
  timeout: 120_000,
}, async () => {
  // As base64 it is above the limit that the process has on the size of its files, and as it is below.
  const file = Buffer.alloc(900 * 1024, 'attachment');
  const { folder, relay } = await folderWithLetters({ attachments: [{ object: 'a.bin' }] }, { 'a.bin': file });
  const words = ['run', 'letters', '--relay', relay.url, '--json'];
  const line = ['-c', 'ulimit -f 1000; exec "$0" "$@"', process.execPath, BIN, ...words];
  const child = spawn('bash', line, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  expect(code, said).toBe(1);
  expect(said).toMatch(/^Cannot write .*archive/m);
  expect(relay.accepted).toEqual([]);
  const people = jsonLines(await cartero(['status', '--recipients', '--json'], folder));
  expect(people.map(({ outcome, attempts }) => [outcome, attempts])).toEqual([
    ['pending', 0],
    ['pending', 0],
  ]);
  expect(lastJson(await cartero(words, folder))).toMatchObject({ accepted: 2 });
  const run = String(jsonLines(await cartero(['status', '--json'], folder))[0]?.run);
  for (const { recipient, content } of relay.ended) {
    const given = await cartero(['archive', run, '--recipient', recipient], folder);
    expect(given.octets.toString('latin1') === content, recipient).toBe(true);
  }
});
