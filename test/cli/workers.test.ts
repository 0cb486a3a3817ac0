/** Several processes on one state and one relay: what the relay sees, and what is left when any of them dies. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { cartero, jsonLines, lastJson, type Started, startCartero, temporaryFolder, writeCampaign } from './cartero.ts';

const SERVER = fileURLToPath(new URL('counting-relay.ts', import.meta.url));

interface CountingRelay {
  readonly url: string;
  /** How often each recipient was accepted. */
  accepted(): Map<string, number>;
  /** The most connections that stood at once. */
  most(): number;
}

/** @param delayMs before each acceptance */
async function startRelay(folder: string, delayMs: number): Promise<CountingRelay> {
  const file = join(folder, 'acceptances.jsonl');
  const child: ChildProcess = spawn(process.execPath, [SERVER, file, String(delayMs)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const [port] = (await once(child.stdout as NonNullable<typeof child.stdout>, 'data')) as [Buffer];
  const lines = () =>
    existsSync(file)
      ? readFileSync(file, 'utf8')
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => JSON.parse(line) as { recipient?: string; open: number })
      : [];
  return {
    url: `smtp+insecure://127.0.0.1:${port.toString().trim()}`,
    accepted: () => {
      const counts = new Map<string, number>();
      for (const { recipient } of lines()) {
        if (recipient !== undefined) counts.set(recipient, (counts.get(recipient) ?? 0) + 1);
      }
      return counts;
    },
    most: () => Math.max(0, ...lines().map(({ open }) => open)),
  };
}

async function campaignOf(folder: string, name: string, recipients: number): Promise<void> {
  const rows = Array.from({ length: recipients }, (_, index) => `${name}${index}@example.com,Person ${index}`);
  await writeCampaign(folder, name, { 'list.csv': `email,name\n${rows.join('\n')}\n` });
}

async function until(what: () => boolean): Promise<void> {
  while (!what()) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** Processes that this one has started, by what the kernel says. */
function childrenOf({ child }: Started): number[] {
  const { pid } = child;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((each) => {
      try {
        return (
          Number(
            readFileSync(`/proc/${each}/stat`, 'utf8')
              .replace(/^.*\) /, '')
              .split(' ')[1],
          ) === pid
        );
      } catch {
        return false;
      }
    });
}

const isAlive = (pid: number) => existsSync(`/proc/${pid}`) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));

/** Nobody is lost, nobody is mailed twice, and what the ledger says is what the relay has seen. @returns the uncertain ones */
async function expectTruth(folder: string, relay: CountingRelay, run: string, recipients: number): Promise<number> {
  const status = jsonLines(await cartero(['status', run, '--recipients', '--json'], folder));
  expect(status).toHaveLength(recipients);
  const accepted = relay.accepted();
  for (const { recipient, outcome } of status) {
    const count = accepted.get(String(recipient)) ?? 0;
    if (outcome === 'uncertain') expect(count).toBeLessThanOrEqual(1);
    else expect([recipient, outcome, count]).toEqual([recipient, 'accepted', 1]);
  }
  return status.filter(({ outcome }) => outcome === 'uncertain').length;
}

describe('cartero run --workers', () => {
  test('sends one run from several processes: one summary, one exit code, every transcript', {
    timeout: 240_000,
  }, async () => {
    const folder = temporaryFolder();
    await campaignOf(folder, 'letters', 2000);
    const relay = await startRelay(folder, 2);
    const args = ['run', 'letters', '--relay', relay.url, '--connections', '4', '--workers', '2', '--json'];
    const ended = await cartero(args, folder);
    expect(ended.code, ended.stderr).toBe(0);
    expect(lastJson(ended)).toMatchObject({ recipients: 2000, accepted: 2000, pending: 0 });
    expect(ended.stderr.match(/Over 127/g)).toHaveLength(1);
    expect(ended.stderr).toContain('2,000 of 2,000');
    expect(await expectTruth(folder, relay, 'letters', 2000)).toBe(0);
    expect(relay.most()).toBeLessThanOrEqual(4);
    for (const person of [0, 700, 1999]) {
      const told = await cartero(['transcript', 'letters', '--recipient', `letters${person}@example.com`], folder);
      expect(told.stdout).toContain(`RCPT TO:<letters${person}@example.com>`);
    }
    const sessions = readFileSync(join(folder, '.cartero/transcripts', String(lastJson(ended).run), '1.jsonl'), 'utf8');
    expect(sessions).toContain('"kind":"session"');
  });

  test('sends a rehearsal to one embedded server', { timeout: 240_000 }, async () => {
    const folder = temporaryFolder();
    await campaignOf(folder, 'letters', 1200);
    const ended = await cartero(['run', 'letters', '--workers', '2', '--json'], folder);
    expect(ended.code, ended.stderr).toBe(0);
    expect(lastJson(ended)).toMatchObject({ accepted: 1200 });
    expect(ended.stderr.match(/A rehearsal/g)).toHaveLength(1);
  });

  test('replaces a worker that is killed, and loses nobody', { timeout: 240_000 }, async () => {
    const folder = temporaryFolder();
    await campaignOf(folder, 'letters', 2000);
    const relay = await startRelay(folder, 5);
    const args = ['run', 'letters', '--relay', relay.url, '--connections', '4', '--workers', '2', '--json'];
    const started = startCartero(args, folder);
    for (const enough of [100, 600, 1100]) {
      await until(() => relay.accepted().size >= enough);
      const [victim] = childrenOf(started);
      if (victim !== undefined) process.kill(victim, 'SIGKILL');
    }
    const ended = await started.ended;
    expect([0, 2], ended.stderr).toContain(ended.code);
    expect(ended.stderr).toContain('A worker ended before its work (SIGKILL); another takes its place.');
    expect(lastJson(ended).pending).toBe(0);
    expect(await expectTruth(folder, relay, 'letters', 2000)).toBeLessThanOrEqual(3 * 4 * 16);
    expect(relay.most()).toBeLessThanOrEqual(4);
  });

  test('ends all in order on SIGTERM, with 3, and goes on', { timeout: 240_000 }, async () => {
    const folder = temporaryFolder();
    await campaignOf(folder, 'letters', 2000);
    const relay = await startRelay(folder, 5);
    const args = ['run', 'letters', '--relay', relay.url, '--workers', '2', '--json'];
    const started = startCartero(args, folder);
    await until(() => relay.accepted().size >= 100);
    const workers = childrenOf(started);
    started.child.kill('SIGTERM');
    const stopped = await started.ended;
    expect(stopped.code, stopped.stderr).toBe(3);
    expect(workers).toHaveLength(2);
    expect(workers.filter(isAlive)).toEqual([]);
    expect(lastJson(stopped)).toMatchObject({ uncertain: 0, accepted: relay.accepted().size });
    const second = await cartero(args, folder);
    expect(second.code, second.stderr).toBe(0);
    expect(await expectTruth(folder, relay, 'letters', 2000)).toBe(0);
  });

  test('workers whose parent is killed settle what is in flight and end', { timeout: 240_000 }, async () => {
    const folder = temporaryFolder();
    await campaignOf(folder, 'letters', 2000);
    const relay = await startRelay(folder, 5);
    const args = ['run', 'letters', '--relay', relay.url, '--workers', '2', '--json'];
    const started = startCartero(args, folder);
    await until(() => relay.accepted().size >= 100);
    const workers = childrenOf(started);
    started.child.kill('SIGKILL');
    await started.ended;
    await until(() => !workers.some(isAlive));
    expect(relay.accepted().size).toBeLessThan(2000);
    const second = await cartero(args, folder);
    expect(second.code, second.stderr).toBe(0);
    expect(await expectTruth(folder, relay, 'letters', 2000)).toBe(0);
  });
});

describe('runs of two campaigns on one relay', () => {
  test('never have more connections than the cap together, and neither waits for the end of the other', {
    timeout: 240_000,
  }, async () => {
    const folder = temporaryFolder();
    await Promise.all(['letters', 'bills'].map((name) => campaignOf(folder, name, 800)));
    const relay = await startRelay(folder, 10);
    const args = (name: string) => ['run', name, '--relay', `${relay.url}?depth=1`, '--connections', '3', '--json'];
    const first = startCartero(args('letters'), folder);
    await until(() => relay.accepted().size >= 50);
    const second = startCartero(args('bills'), folder);
    const of = (name: string) => [...relay.accepted().keys()].filter((person) => person.startsWith(name)).length;
    await until(() => of('bills') >= 50);
    expect(of('letters')).toBeLessThan(800);
    const ends = await Promise.all([first.ended, second.ended]);
    expect(ends.map(({ code, stderr }) => [code, stderr.includes('fault')])).toEqual([
      [0, false],
      [0, false],
    ]);
    expect(relay.most()).toBeLessThanOrEqual(3);
  });

  test('take turns on one connection, and say whom they wait for', { timeout: 240_000 }, async () => {
    const folder = temporaryFolder();
    await Promise.all(['letters', 'bills'].map((name) => campaignOf(folder, name, 500)));
    const relay = await startRelay(folder, 25);
    const args = (name: string) => ['run', name, '--relay', `${relay.url}?depth=1`, '--connections', '1', '--json'];
    const first = startCartero(args('letters'), folder);
    await until(() => relay.accepted().size >= 10);
    const second = startCartero(args('bills'), folder);
    const ends = await Promise.all([first.ended, second.ended]);
    expect(ends.map(({ code }) => code)).toEqual([0, 0]);
    expect(ends[1]?.stderr).toMatch(/is in the hands of letters-\w+; waiting for one/);
    expect(relay.most()).toBe(1);
  });
});
