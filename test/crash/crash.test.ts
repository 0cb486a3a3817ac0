/**
 * Deaths at any instant: `cartero run` is killed by SIGKILL again and again, and started again, until it ends by itself.
 * A server in a process of its own has written down what it accepted. CRASH_KILLS: how many deaths in all.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  cartero,
  jsonLines,
  lastJson,
  type Started,
  startCartero,
  temporaryFolder,
  writeCampaign,
} from '../cli/cartero.ts';

const KILLS = Number(process.env.CRASH_KILLS ?? 12);
const RECIPIENTS = 300;
const CONNECTIONS = 4;
const LONGEST_DELAY_MS = 24;
/** From the start of the process: a life without death takes about two seconds. */
const LATEST_DEATH_MS = 1600;

interface Oracle {
  readonly url: string;
  readonly accepted: () => Map<string, number>;
}

async function startOracle(folder: string): Promise<Oracle> {
  const file = join(folder, 'acceptances.jsonl');
  const script = fileURLToPath(new URL('oracle-server.ts', import.meta.url));
  const child: ChildProcess = spawn(process.execPath, [script, file, String(LONGEST_DELAY_MS)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const [port] = (await once(child.stdout as NonNullable<typeof child.stdout>, 'data')) as [Buffer];
  return { url: `smtp+insecure://127.0.0.1:${port.toString().trim()}`, accepted: () => countAcceptances(file) };
}

function countAcceptances(file: string): Map<string, number> {
  const counts = new Map<string, number>();
  if (!existsSync(file)) return counts;
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (line === '') continue;
    const { recipient } = JSON.parse(line) as { recipient: string };
    counts.set(recipient, (counts.get(recipient) ?? 0) + 1);
  }
  return counts;
}

async function writeLargeCampaign(folder: string): Promise<void> {
  const rows = Array.from({ length: RECIPIENTS }, (_, index) => `person${index}@example.com,Person ${index}`);
  await writeCampaign(folder, 'letters', { 'list.csv': `email,name\n${rows.join('\n')}\n` });
}

/** A run of which some mails are accepted already. */
async function startInTheMiddle(args: readonly string[], folder: string, oracle: Oracle): Promise<Started> {
  const started = startCartero(args, folder);
  while (oracle.accepted().size < 20) await new Promise((resolve) => setTimeout(resolve, 20));
  return started;
}

/** Every recipient ends in a fact, and the facts are those of the server. @returns the number of uncertain ones */
function expectTruth(status: Record<string, unknown>[], accepted: Map<string, number>): number {
  const outcomes = new Map(status.map(({ recipient, outcome }) => [String(recipient), String(outcome)]));
  expect(outcomes.size).toBe(RECIPIENTS);
  const twice = [...accepted].filter(([, count]) => count > 1);
  expect(twice, 'mailed twice').toEqual([]);
  const lost = [...outcomes].filter(
    ([recipient, outcome]) => !(outcome === 'uncertain' || (outcome === 'accepted' && accepted.get(recipient) === 1)),
  );
  expect(lost, 'neither accepted by the server nor uncertain').toEqual([]);
  const unknown = [...accepted.keys()].filter(
    (recipient) => !['accepted', 'uncertain'].includes(outcomes.get(recipient) ?? ''),
  );
  expect(unknown, 'accepted by the server, and the ledger says otherwise').toEqual([]);
  return [...outcomes.values()].filter((outcome) => outcome === 'uncertain').length;
}

describe('cartero run', () => {
  test(
    `loses nobody and mails nobody twice when it is killed ${KILLS} times at random instants`,
    async () => {
      let kills = 0;
      let uncertain = 0;
      while (kills < KILLS) {
        const folder = temporaryFolder();
        await writeLargeCampaign(folder);
        const oracle = await startOracle(folder);
        const args = ['run', 'letters', '--relay', oracle.url, '--connections', String(CONNECTIONS), '--json'];
        let killsOfRound = 0;
        for (;;) {
          const { child, ended } = startCartero(args, folder);
          const death =
            kills < KILLS ? setTimeout(() => child.kill('SIGKILL'), Math.random() * LATEST_DEATH_MS) : undefined;
          const { signal, code, stderr } = await ended;
          clearTimeout(death);
          if (signal === 'SIGKILL') {
            kills += 1;
            killsOfRound += 1;
            continue;
          }
          expect([0, 2], stderr).toContain(code);
          break;
        }
        const status = jsonLines(await cartero(['status', '--recipients', '--json'], folder));
        const uncertainOfRound = expectTruth(status, oracle.accepted());
        expect(uncertainOfRound).toBeLessThanOrEqual(killsOfRound * CONNECTIONS);
        uncertain += uncertainOfRound;
      }
      console.log(`${kills} kills: 0 lost, 0 mailed twice, ${uncertain} uncertain (at most ${kills * CONNECTIONS})`);
    },
    60_000 + KILLS * 6_000,
  );

  test('goes on at once after a death: a dead process holds no lease', { timeout: 60_000 }, async () => {
    const folder = temporaryFolder();
    await writeLargeCampaign(folder);
    const oracle = await startOracle(folder);
    const args = ['run', 'letters', '--relay', oracle.url, '--json'];
    const first = await startInTheMiddle(args, folder, oracle);
    first.child.kill('SIGKILL');
    await first.ended;
    const second = await cartero(args, folder);
    expect(second.stderr).not.toContain("another process's hands");
    const { accepted, uncertain, pending } = lastJson(second);
    expect(pending).toBe(0);
    expect(Number(accepted) + Number(uncertain)).toBe(RECIPIENTS);
  });

  test('shares a state with another process, and no recipient is mailed by both', { timeout: 60_000 }, async () => {
    const folder = temporaryFolder();
    await writeLargeCampaign(folder);
    const oracle = await startOracle(folder);
    const args = ['run', 'letters', '--relay', oracle.url, '--json'];
    await Promise.all([cartero(args, folder), cartero(args, folder), cartero(args, folder)]);
    const status = jsonLines(await cartero(['status', '--recipients', '--json'], folder));
    expect(expectTruth(status, oracle.accepted())).toBe(0);
  });

  test('settles what is in flight on SIGTERM, ends with 3 and goes on when started again', {
    timeout: 60_000,
  }, async () => {
    const folder = temporaryFolder();
    await writeLargeCampaign(folder);
    const oracle = await startOracle(folder);
    const args = ['run', 'letters', '--relay', oracle.url, '--json'];
    const first = await startInTheMiddle(args, folder, oracle);
    first.child.kill('SIGTERM');
    const stopped = await first.ended;
    expect(stopped.code).toBe(3);
    const told = lastJson(stopped);
    expect(told.uncertain).toBe(0);
    expect(told.accepted).toBe(oracle.accepted().size);
    expect(Number(told.pending)).toBeGreaterThan(0);
    const second = await cartero(args, folder);
    expect(second.code).toBe(0);
    expect(expectTruth(jsonLines(await cartero(['status', '--recipients', '--json'], folder)), oracle.accepted())).toBe(
      0,
    );
  });
});
