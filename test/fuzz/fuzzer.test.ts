/** The fuzzer finds what is put in its way, says the same each time, and outlives what it finds. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { fuzz, replay } from './fuzzer.ts';
import { latin1Of, type Target } from './target.ts';
import { fuzzWatched } from './watched.ts';

function planted(fault: (text: string) => void, words: readonly string[] = ['ab', '(', ')']): Target {
  return {
    name: 'planted',
    seeds: ['seed'],
    words,
    run(input) {
      const text = latin1Of(input);
      fault(text);
      return `${text.includes('(')} ${text.includes('((')} ${text.includes('((')}`;
    },
  };
}

const deep = planted((text) => {
  if (text.includes('((((')) throw new TypeError('too deep');
});

describe('the fuzzer', () => {
  it('finds a fault that takes several steps, and its input shows it again', async () => {
    const { failure, inputs } = await fuzz(deep, { inputs: 100_000, seed: 3 });
    expect(failure).toMatchObject({
      target: 'planted',
      seed: 3,
      problem: expect.stringContaining('TypeError: too deep'),
    });
    expect(inputs).toBeGreaterThan(0);
    const input = Buffer.from(failure?.input ?? '', 'hex');
    expect(latin1Of(input)).toContain('((((');
    expect(await replay(deep, input)).toContain('too deep');
    expect(await replay(deep, Buffer.from('('))).toBeNull();
  });

  it('runs the same inputs from the same seed, and others from another', async () => {
    const inputsOf = async (seed: number): Promise<string[]> => {
      const seen: string[] = [];
      await fuzz(
        planted((text) => void seen.push(text)),
        { inputs: 500, seed },
      );
      return seen;
    };
    const first = await inputsOf(7);
    expect(await inputsOf(7)).toEqual(first);
    expect(await inputsOf(8)).not.toEqual(first);
  });

  it('tells an input that is slow each time', async () => {
    const slow = planted((text) => {
      for (const end = performance.now() + (text.includes('((') ? 30 : 0); performance.now() < end; );
    });
    const { failure } = await fuzz(slow, { inputs: 10_000, seed: 1, limitMs: 20 });
    expect(failure?.problem).toMatch(/^took \d+ ms, at most 20 are wanted$/);
  });

  it('tells a prototype that was changed', async () => {
    const polluting = planted((text) => {
      if (text.includes('(')) Object.assign(Object.prototype, { planted: 1 });
    });
    const { failure } = await fuzz(polluting, { inputs: 10_000, seed: 1 });
    Reflect.deleteProperty(Object.prototype, 'planted');
    expect(failure?.problem).toBe('Object.prototype has got planted');
  });
});

describe('a watched target', () => {
  const module = (name: string) => ({ module: new URL(`planted/${name}.ts`, import.meta.url).href });

  it('that never ends is told with its input', async () => {
    const end = await fuzzWatched(module('endless'), { inputs: 10_000, seed: 1 }, { hangMs: 400 });
    expect(end).toMatchObject({ problem: 'no end within 0.4 s' });
    expect('input' in end && latin1Of(Buffer.from(end.input, 'hex'))).toContain('!');
  });

  it('that takes the process down with it is told with its input', async () => {
    const end = await fuzzWatched(module('deadly'), { inputs: 10_000, seed: 1 });
    expect(end).toMatchObject({ problem: expect.stringContaining('the process died (SIGABRT)') });
    expect('input' in end && latin1Of(Buffer.from(end.input, 'hex'))).toContain('!');
  });

  it('that takes all memory is told with its input', async () => {
    const end = await fuzzWatched(module('hungry'), { inputs: 10_000, seed: 1 }, { heapMiB: 32 });
    expect(end).toMatchObject({ problem: expect.stringContaining('heap out of memory') });
    expect('input' in end && latin1Of(Buffer.from(end.input, 'hex'))).toContain('!');
  });
});

function lives(pid: number): boolean {
  try {
    // A process that has ended and whose end nobody has asked for is a zombie.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

describe('npm run fuzz', () => {
  const run = (...words: string[]) =>
    promisify(execFile)(process.execPath, [join(import.meta.dirname, 'run.ts'), ...words], { encoding: 'utf8' }).catch(
      (error: { stdout: string; stderr: string; code: number }) => error,
    );

  it('tells what it did, guided by what was executed', async () => {
    const { stdout } = await run('--target', 'reply,ehlo', '--inputs', '600', '--seed', '1');
    expect(stdout).toMatch(
      /^600 inputs for each target, seed 1\nreply +600 inputs in .*, [1-9]\d* functions;.*\nehlo .*\n$/,
    );
  });

  it.runIf(process.platform === 'linux')('leaves no process behind when it is killed', async () => {
    const words = [join(import.meta.dirname, 'run.ts'), '--target', 'reply', '--inputs', '100000000'];
    const runner = spawn(process.execPath, words, { stdio: 'ignore' });
    const children = () => readFileSync(`/proc/${runner.pid}/task/${runner.pid}/children`, 'utf8').trim();
    await vi.waitUntil(() => children() !== '', { timeout: 20_000, interval: 20 });
    const fuzzed = Number(children());
    const ended = once(runner, 'close');
    runner.kill('SIGKILL');
    await ended;
    onTestFinished(() => {
      if (lives(fuzzed)) process.kill(fuzzed, 'SIGKILL');
    });
    await vi.waitUntil(() => !lives(fuzzed), { timeout: 20_000, interval: 20 });
  });

  it('replays the input of a failure', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'cartero-fuzz-test-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, 'failure.json');
    writeFileSync(file, JSON.stringify({ target: 'reply', input: Buffer.from('250 ok\r\n').toString('hex') }));
    const { stdout } = await run('--replay', file);
    expect(stdout).toBe('reply: nothing is wrong\n');
  });

  it('names the targets that there are', async () => {
    const { stderr } = await run('--target', 'nothing');
    expect(stderr).toContain('found no target "nothing", one of reply, ehlo, ');
  });
});
