/**
 * A mail that ends its process whenever it is made, in real processes: after some deaths it is quarantined, and everybody
 * else has the mail.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { cartero, type Ended, jsonLines, lastJson, temporaryFolder, writeCampaign } from '../cli/cartero.ts';

const RECIPIENTS = 60;
const CONNECTIONS = 3;
/** Two crashed claims, three deaths in its turn, and those before, in which somebody else was settled. */
const DEATHS = 2 + 3;
const MOST_DEATHS = DEATHS + 3;

interface Scene {
  readonly folder: string;
  readonly words: readonly string[];
  readonly poison: string;
  /** How often the server has accepted each mail. */
  readonly accepted: () => Map<string, number>;
}

async function sceneWith(place: number): Promise<Scene> {
  const folder = temporaryFolder();
  const rows = Array.from({ length: RECIPIENTS }, (_, index) => `person${index}@example.com,Person ${index}\n`);
  await writeCampaign(folder, 'letters', { 'list.csv': `email,name\n${rows.join('')}` });
  const file = join(folder, 'acceptances.jsonl');
  const script = fileURLToPath(new URL('oracle-server.ts', import.meta.url));
  const child: ChildProcess = spawn(process.execPath, [script, file, '4'], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const [port] = (await once(child.stdout as NonNullable<typeof child.stdout>, 'data')) as [Buffer];
  const relay = `smtp+insecure://127.0.0.1:${port.toString().trim()}`;
  return {
    folder,
    words: ['run', 'letters', '--relay', relay, '--connections', String(CONNECTIONS), '--json'],
    poison: `person${place}@example.com`,
    accepted: () => countAcceptances(file),
  };
}

function countAcceptances(file: string): Map<string, number> {
  const counts = new Map<string, number>();
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
  for (const line of lines) {
    const { recipient } = JSON.parse(line) as { recipient: string };
    counts.set(recipient, (counts.get(recipient) ?? 0) + 1);
  }
  return counts;
}

const PRELOAD = new URL('poison-preload.ts', import.meta.url).href;

/** Started again and again, as a supervisor does, until it ends by itself. */
async function runToTheEnd({ folder, words, poison }: Scene): Promise<{ deaths: number; last: Ended }> {
  for (let deaths = 0; ; deaths += 1) {
    const last = await cartero(words, folder, { NODE_OPTIONS: `--import ${PRELOAD}`, POISON: poison });
    if (last.signal !== 'SIGKILL') return { deaths, last };
    expect(deaths, last.stderr).toBeLessThan(MOST_DEATHS);
  }
}

async function outcomesOf(folder: string): Promise<Map<string, string>> {
  const status = jsonLines(await cartero(['status', '--recipients', '--json'], folder));
  return new Map(status.map(({ recipient, outcome }) => [String(recipient), String(outcome)]));
}

describe('a mail that ends its process', () => {
  test('first of its batch: it is quarantined, told, and due again by a person’s word; each other is accepted once', {
    timeout: 180_000,
  }, async () => {
    const scene = await sceneWith(0);
    const { folder, words, poison, accepted } = scene;
    const { deaths, last } = await runToTheEnd(scene);
    expect(deaths).toBe(DEATHS);
    expect(last.code, last.stderr).toBe(2);
    expect(lastJson(last)).toMatchObject({ accepted: RECIPIENTS - 1, quarantined: 1, pending: 0 });
    expect(accepted().size).toBe(RECIPIENTS - 1);
    expect([...accepted().values()].every((count) => count === 1)).toBe(true);
    const { run } = lastJson(last);
    expect((await cartero(['trace', poison], folder)).stdout).toMatch(/quarantined[\s\S]*the process ended 3 times/);
    const status = await cartero(['status', String(run)], folder);
    expect(status.stdout + status.stderr).toMatch(/quarantined/);

    const retried = await cartero(['retry', String(run), '--outcome', 'quarantined', '--json'], folder);
    expect(lastJson(retried)).toMatchObject({ retried: 1 });
    const mended = await cartero(words, folder);
    expect(mended.code, mended.stderr).toBe(0);
    expect(lastJson(mended)).toMatchObject({ accepted: RECIPIENTS, quarantined: 0 });
    expect(accepted().get(poison)).toBe(1);
  });

  test('in the middle: whoever was in flight at a death is accepted once or uncertain, everybody else is accepted', {
    timeout: 180_000,
  }, async () => {
    const scene = await sceneWith(RECIPIENTS / 2);
    const { deaths, last } = await runToTheEnd(scene);
    expect(last.code, last.stderr).toBe(2);
    const outcomes = await outcomesOf(scene.folder);
    expect(outcomes.get(scene.poison)).toBe('quarantined');
    const others = [...outcomes].filter(([recipient]) => recipient !== scene.poison);
    const counts = scene.accepted();
    expect(
      [...counts.values()].every((count) => count === 1),
      'mailed twice',
    ).toBe(true);
    const wrong = others.filter(
      ([who, outcome]) => outcome !== 'uncertain' && !(outcome === 'accepted' && counts.has(who)),
    );
    expect(wrong).toEqual([]);
    expect(others).toHaveLength(RECIPIENTS - 1);
    const doubts = others.filter(([, outcome]) => outcome === 'uncertain').length;
    expect(doubts).toBeLessThanOrEqual(deaths * CONNECTIONS);
    expect(scene.accepted().has(scene.poison)).toBe(false);
  });

  test('with workers: those who die are replaced until it is quarantined, and one start is enough', {
    timeout: 180_000,
  }, async () => {
    const scene = await sceneWith(0);
    const env = { NODE_OPTIONS: `--import ${PRELOAD}`, POISON: scene.poison };
    const ended = await cartero([...scene.words, '--workers', '2'], scene.folder, env);
    expect(ended.code, ended.stderr).toBe(2);
    expect(lastJson(ended)).toMatchObject({ accepted: RECIPIENTS - 1, quarantined: 1 });
    expect([...scene.accepted().values()].every((count) => count === 1)).toBe(true);
  });
});
