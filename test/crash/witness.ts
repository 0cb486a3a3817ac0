/** Who was accepted by a server in a process of its own, and whether the ledger says the same. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished } from 'vitest';
import { writeCampaign } from '../cli/cartero.ts';

export interface Witness {
  /** For `--relay`. */
  readonly url: string;
  /** What it has written down, a record a line. */
  readonly records: () => Record<string, unknown>[];
  /** How often each recipient was accepted. */
  readonly accepted: () => Map<string, number>;
}

export const ORACLE = fileURLToPath(new URL('oracle-server.ts', import.meta.url));

/** Ends with the test. @param server a program that takes a file and the longest delay of an answer, and prints its port */
export async function startWitness(server: string, folder: string, delayMs: number): Promise<Witness> {
  const file = join(folder, 'acceptances.jsonl');
  const child = spawn(process.execPath, [server, file, String(delayMs)], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const [port] = (await once(child.stdout, 'data')) as [Buffer];
  const records = () => recordsIn(file);
  return {
    url: `smtp+insecure://127.0.0.1:${port.toString().trim()}`,
    records,
    accepted: () => {
      const counts = new Map<string, number>();
      for (const { recipient } of records())
        if (typeof recipient === 'string') counts.set(recipient, (counts.get(recipient) ?? 0) + 1);
      return counts;
    },
  };
}

/** What it is writing is no line yet. */
function recordsIn(file: string): Record<string, unknown>[] {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
  return lines.map((line) => JSON.parse(line));
}

/** A campaign to so many. @param person what their addresses begin with */
export async function writeLargeCampaign(
  folder: string,
  recipients: number,
  name = 'letters',
  person = 'person',
): Promise<void> {
  const rows = Array.from({ length: recipients }, (_, index) => `${person}${index}@example.com,Person ${index}\n`);
  await writeCampaign(folder, name, { 'list.csv': `email,name\n${rows.join('')}` });
}

/**
 * Every recipient ends in a fact, and the facts are those of the server.
 * @param status lines of `status --recipients --json`
 * @returns the number of uncertain ones
 */
export function expectTruth(
  status: readonly Record<string, unknown>[],
  accepted: ReadonlyMap<string, number>,
  recipients: number,
): number {
  const outcomes = new Map(status.map(({ recipient, outcome }) => [String(recipient), String(outcome)]));
  expect(status).toHaveLength(recipients);
  expect(outcomes.size).toBe(recipients);
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
