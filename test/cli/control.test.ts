/** pause, resume, cancel and retry, as typed, against a run in another process. */
import { describe, expect, test } from 'vitest';
import { startRelay } from '../mailing/scripted-relay.ts';
import { cartero, jsonLines, lastJson, startCartero, temporaryFolder, writeCampaign } from './cartero.ts';

const PEOPLE = Array.from({ length: 150 }, (_, index) => `p${index}@example.com,P${index}\n`).join('');

/** A run of 150 that is under way, slowly, in another process. */
async function underWay() {
  const folder = temporaryFolder();
  await writeCampaign(folder, 'letters', { 'list.csv': `email,name\n${PEOPLE}` });
  let begun = () => {};
  const reached = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const relay = await startRelay(({ at }) => {
    if (at === 'MAIL') begun();
    return null;
  });
  const again = () => cartero(['run', 'letters', '--relay', relay.url, '--json'], folder);
  const { ended } = startCartero(['run', 'letters', '--relay', relay.url, '--rate', '20', '--json'], folder);
  await reached;
  return { folder, relay, ended, again };
}

const runOf = async (folder: string) => String(jsonLines(await cartero(['status', '--json'], folder))[0]?.run);

describe('a run in another process', () => {
  test('stops when it is paused, loses nothing, and goes on when it is resumed', { timeout: 60_000 }, async () => {
    const { folder, relay, ended, again } = await underWay();
    const run = await runOf(folder);
    const paused = await cartero(['pause', run], folder);
    expect(paused.code, paused.stderr).toBe(0);
    const stopped = await ended;
    expect(stopped.code, stopped.stderr).toBe(3);
    expect(stopped.stderr).toContain(`npx cartero resume ${run}`);
    const { accepted, pending } = lastJson(stopped);
    expect(Number(accepted) + Number(pending)).toBe(150);
    expect(relay.accepted).toHaveLength(Number(accepted));
    expect((await cartero(['status'], folder)).stdout).toContain('paused');
    expect(await again(), 'while it is paused').toMatchObject({ code: 3 });
    expect(await cartero(['pause', run], folder)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('paused already') as unknown,
    });
    expect(await cartero(['resume', run], folder)).toMatchObject({ code: 0 });
    const finished = await again();
    expect(finished.code, finished.stderr).toBe(0);
    expect(new Set(relay.accepted).size).toBe(150);
    expect(relay.accepted).toHaveLength(150);
    expect(await cartero(['pause', run], folder)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('finished') as unknown,
    });
  });

  test('ends when it is cancelled, and a retry takes the cancelled up again', { timeout: 60_000 }, async () => {
    const { folder, relay, ended, again } = await underWay();
    const run = await runOf(folder);
    expect(await cartero(['cancel', run.slice(0, -2)], folder)).toMatchObject({ code: 0 });
    const stopped = await ended;
    expect(stopped.code, stopped.stderr).toBe(3);
    const { accepted, cancelled } = lastJson(stopped);
    expect(Number(accepted) + Number(cancelled)).toBe(150);
    expect(await cartero(['cancel', run], folder)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('it is cancelled') as unknown,
    });
    const again1 = await cartero(['resume', run], folder);
    expect(again1.stderr).toContain(`npx cartero retry ${run} --outcome cancelled`);
    const retried = await cartero(['retry', run, '--outcome', 'cancelled', '--json'], folder);
    expect(lastJson(retried)).toEqual({ run, retried: cancelled });
    expect(await again()).toMatchObject({ code: 0 });
    expect(relay.accepted).toHaveLength(150);
    expect(new Set(relay.accepted).size).toBe(150);
  });
});

describe('cartero retry', () => {
  test('sends to the refused and to nobody else, and shows the evidence of one', { timeout: 60_000 }, async () => {
    const folder = temporaryFolder();
    await writeCampaign(folder, 'letters');
    const refusing = await startRelay(({ at, recipient }) =>
      at === 'RCPT' && recipient === 'zoe@example.com' ? '550 5.1.1 no such person' : null,
    );
    const first = await cartero(['run', 'letters', '--relay', refusing.url, '--json'], folder);
    expect(first.code, first.stderr).toBe(2);
    const run = String(lastJson(first).run);
    const wrong = await cartero(['retry', run, '--recipient', 'ana@example.com'], folder);
    expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining('is accepted, not') as unknown });
    const one = await cartero(['retry', run, '--outcome', 'refused', '--recipient', 'zoe@EXAMPLE.com'], folder);
    expect(one.code, one.stderr).toBe(0);
    expect(one.stderr).toContain('The relay said: 550 5.1.1 no such person');
    const healthy = await startRelay();
    const second = await cartero(['run', 'letters', '--relay', healthy.url, '--json'], folder);
    expect(second.code, second.stderr).toBe(0);
    expect(healthy.accepted).toEqual(['zoe@example.com']);
    expect(await cartero(['retry', run, '--outcome', 'accepted'], folder)).toMatchObject({ code: 1 });
    expect(await cartero(['retry', 'nobody'], folder)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(run) as unknown,
    });
  });
});

describe('whoever the relay puts off', () => {
  test('is left with exit code 2 by --once, and waited for without it, until a signal', {
    timeout: 60_000,
  }, async () => {
    const folder = temporaryFolder();
    await writeCampaign(folder, 'letters');
    const relay = await startRelay(({ at }) => (at === 'RCPT' ? '451 4.7.1 greylisted' : null));
    const once = await cartero(['run', 'letters', '--relay', relay.url, '--once', '--json'], folder);
    expect(once.code, once.stderr).toBe(2);
    expect(lastJson(once)).toMatchObject({ deferred: 2 });
    expect(once.stderr).toContain('The next of those who wait is due at');
    const { child, ended } = startCartero(['run', 'letters', '--relay', relay.url, '--json'], folder);
    await new Promise<void>((resolve) => {
      child.stderr?.on('data', (text: Buffer) => {
        if (text.toString().includes('the next is due at')) resolve();
      });
    });
    child.kill('SIGTERM');
    const stopped = await ended;
    expect(stopped.code, stopped.stderr).toBe(3);
    expect(lastJson(stopped)).toMatchObject({ deferred: 2 });
  });
});
