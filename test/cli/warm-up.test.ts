/** A relay that is warmed up, by real processes: what it gets of them on one day. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test, vi } from 'vitest';
import { cartero, lastJson, startCartero, temporaryFolder, writeCampaign } from './cartero.ts';

vi.setConfig({ testTimeout: 240_000 });

const SERVER = fileURLToPath(new URL('counting-relay.ts', import.meta.url));
/** Where midnight is far from now. */
const timezone = new Date().getUTCHours() < 12 ? 'UTC' : 'Etc/GMT+12';

async function place(perDay: readonly number[], people: number, delayMs = 0) {
  const folder = temporaryFolder();
  const file = join(folder, 'acceptances.jsonl');
  const child = spawn(process.execPath, [SERVER, file, String(delayMs)], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const [port] = (await once(child.stdout, 'data')) as [Buffer];
  const from = new Intl.DateTimeFormat('sv-SE', { timeZone: timezone, dateStyle: 'short' }).format(new Date());
  const relay = {
    host: '127.0.0.1',
    port: Number(port.toString()),
    security: 'none',
    warmUp: { from, perDay, timezone },
  };
  await mkdir(join(folder, 'infra'));
  await writeFile(join(folder, 'infra/relays.json'), JSON.stringify({ relays: { default: relay } }));
  const rows = Array.from({ length: people }, (_, index) => `p${index}@example.com,Person ${index}`);
  await writeCampaign(folder, 'letters', { 'list.csv': `email,name\n${rows.join('\n')}\n` });
  const accepted = () =>
    existsSync(file)
      ? readFileSync(file, 'utf8')
          .split('\n')
          .filter((line) => line.includes('recipient'))
      : [];
  return { folder, accepted, url: `smtp+insecure://127.0.0.1:${relay.port}` };
}

test('workers and later runs have one day between them; the run says why it ends', async () => {
  const { folder, accepted, url } = await place([60], 900);
  const ended = await cartero(['run', 'letters', '--workers', '2', '--once', '--json'], folder);
  expect(ended.stderr).toContain('Warm-up of "default": 0 of the 60 mails');
  expect(ended.stderr).toContain("The relay's warm-up allows no more mails now: nobody is sent to before");
  expect(lastJson(ended)).toMatchObject({ accepted: 60, pending: 840 });
  expect(ended.code).toBe(2);
  const again = await cartero(['run', 'letters', '--new', '--once', '--relay', url, '--json'], folder);
  expect(again.stderr).toContain('60 of the 60 mails');
  expect(lastJson(again)).toMatchObject({ accepted: 0, pending: 900 });
  expect(accepted()).toHaveLength(60);
});

test('a run rests when the day is used up, and a signal ends its rest', async () => {
  const { folder, accepted } = await place([5], 20);
  const { child, ended } = startCartero(['run', 'letters'], folder);
  let said = '';
  await new Promise<void>((resolve) => {
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk;
      if (said.includes('nobody is sent to before')) resolve();
    });
  });
  child.kill('SIGINT');
  expect((await ended).code).toBe(3);
  expect(accepted()).toHaveLength(5);
});

test('runs that are killed give the relay never more than the day allows', async () => {
  const { folder, accepted } = await place([200], 600, 5);
  for (const kills of [20, 60, 110]) {
    const { child, ended } = startCartero(['run', 'letters', '--once', '--on-uncertain', 'skip'], folder);
    while (accepted().length < kills && child.exitCode === null)
      await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill('SIGKILL');
    await ended;
  }
  await cartero(['run', 'letters', '--once'], folder);
  expect(accepted().length).toBeLessThanOrEqual(200);
  // Each death takes a chunk of two and what was under way on four connections with it, at the most.
  expect(accepted().length).toBeGreaterThanOrEqual(200 - 3 * (2 + 4 * 16));
});

test.each([
  [{ from: '2026-02-30', perDay: [5] }, 'relays.default.warmUp.from: found "2026-02-30"'],
  [{ from: '2026-12-01', perDay: [5], timezone: 'Europe/Madird' }, 'warmUp.timezone: found "Europe/Madird"'],
  [{ from: '2026-12-01', perDay: [0] }, 'warmUp'],
  [{ from: '2026-12-01', perDay: [] }, 'warmUp'],
])('a warm-up of %j is refused before anything is sent', async (warmUp, problem) => {
  const folder = temporaryFolder();
  await writeCampaign(folder, 'letters');
  await mkdir(join(folder, 'infra'));
  const relay = { host: '127.0.0.1', port: 9, security: 'none', warmUp };
  await writeFile(join(folder, 'infra/relays.json'), JSON.stringify({ relays: { default: relay } }));
  const ended = await cartero(['run', 'letters'], folder);
  expect(ended.code).toBe(1);
  expect(ended.stderr).toContain(problem);
});
