/**
 * A target in a process of its own, watched from outside: an input that never ends, that eats all memory, or that takes the
 * process down with it, is known all the same, since each is written down before it is run.
 */
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Failure, FuzzOptions, FuzzReport } from './fuzzer.ts';
import { readNotes } from './notes.ts';

/** A target's name among all, or the address of a module that exports one as `target`. */
export type What = { readonly target: string } | { readonly module: string };

/** What the process is told; `notes` is the file to write down in, `watcher` the process that it ends with. */
export type FuzzRequest = What &
  Pick<FuzzOptions, 'inputs' | 'seed'> & { readonly notes: string; readonly watcher: number };

export interface WatchOptions {
  /** Milliseconds without a new input after which the process hangs. Default 60,000. */
  readonly hangMs?: number;
  /** MiB that its objects may take. Default 128. */
  readonly heapMiB?: number;
}

/** @returns what the fuzzer reports; where the process did not live to report, what it was about */
export async function fuzzWatched(
  what: What,
  options: Pick<FuzzOptions, 'inputs' | 'seed'>,
  { hangMs = 60_000, heapMiB = 128 }: WatchOptions = {},
): Promise<FuzzReport | Failure> {
  const folder = mkdtempSync(join(tmpdir(), 'cartero-fuzz-'));
  const notes = join(folder, 'notes');
  const child = fork(new URL('./fuzzed.ts', import.meta.url), {
    execArgv: [`--max-old-space-size=${heapMiB}`, '--expose-gc'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let words = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(0, 4000);
  });
  const failure = (problem: string): Failure => {
    const { begun, input } = readNotes(notes);
    const target = 'target' in what ? what.target : what.module;
    return { target, seed: options.seed, index: begun - 1, input: Buffer.from(input).toString('hex'), problem };
  };
  const watch = watchFor(notes, hangMs);
  try {
    child.send({ ...what, ...options, notes, watcher: process.pid } satisfies FuzzRequest);
    const end = await Promise.race([
      new Promise<FuzzReport>((resolve) => child.once('message', (message) => resolve(message as FuzzReport))),
      new Promise<string>((resolve) => {
        child.once('close', (code, signal) => resolve(`the process died (${signal ?? code}): ${words}`));
      }),
      watch.hung.then(() => `no end within ${hangMs / 1000} s`),
    ]);
    return typeof end === 'string' ? failure(end) : end;
  } finally {
    watch.stop();
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

function watchFor(notes: string, hangMs: number): { hung: Promise<void>; stop: () => void } {
  let seen = 0;
  let stop = (): void => {};
  const hung = new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const { begun } = readNotes(notes);
      // Before its first input it is loading what it needs.
      if (begun > 0 && begun === seen) resolve();
      seen = begun;
    }, hangMs);
    stop = () => clearInterval(timer);
  });
  return { hung, stop };
}
