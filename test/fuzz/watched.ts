/**
 * A target in a thread of its own, watched from outside: an input that never ends, or that eats the thread's memory, is
 * known all the same, since each is written down where both threads see it before it is run.
 */
import { Worker } from 'node:worker_threads';
import type { Failure, FuzzOptions, FuzzReport } from './fuzzer.ts';

/** Where the thread writes down what it is about. */
export interface Notes {
  /** Inputs begun, and octets of the one that is being run. */
  readonly state: Int32Array;
  readonly input: Uint8Array;
}

export type FuzzRequest = Pick<FuzzOptions, 'inputs' | 'seed'> & { readonly notes: Notes } & (
    | { readonly target: string }
    /** A module that exports a target as `target`. */
    | { readonly module: string }
  );

export interface WatchOptions {
  /** Milliseconds without a new input after which the thread hangs. Default 60,000. */
  readonly hangMs?: number;
  /** MiB that the thread's own objects may take. Default 256. */
  readonly heapMiB?: number;
}

const MAX_NOTED_OCTETS = 1 << 20;

/** @param what the target's name among all, or a module with one */
export async function fuzzWatched(
  what: { readonly target: string } | { readonly module: string },
  { inputs, seed }: Pick<FuzzOptions, 'inputs' | 'seed'>,
  { hangMs = 60_000, heapMiB = 256 }: WatchOptions = {},
): Promise<FuzzReport | Failure> {
  const notes: Notes = {
    state: new Int32Array(new SharedArrayBuffer(8)),
    input: new Uint8Array(new SharedArrayBuffer(MAX_NOTED_OCTETS)),
  };
  const request: FuzzRequest = { ...what, inputs, seed, notes };
  const worker = new Worker(new URL('./thread.ts', import.meta.url), {
    workerData: request,
    resourceLimits: { maxOldGenerationSizeMb: heapMiB },
  });
  const failure = (problem: string): Failure => ({
    target: 'target' in what ? what.target : what.module,
    seed,
    index: Atomics.load(notes.state, 0) - 1,
    input: Buffer.from(notes.input.slice(0, Atomics.load(notes.state, 1))).toString('hex'),
    problem,
  });
  const watch = watchFor(notes, hangMs);
  try {
    return await Promise.race([
      new Promise<FuzzReport>((resolve) => worker.once('message', resolve)),
      new Promise<Failure>((resolve) => {
        worker.once('error', (error) => resolve(failure(`the thread died: ${String(error)}`)));
      }),
      watch.hung.then(() => failure(`no end within ${hangMs / 1000} s`)),
    ]);
  } finally {
    watch.stop();
    await worker.terminate();
  }
}

function watchFor(notes: Notes, hangMs: number): { hung: Promise<void>; stop: () => void } {
  let seen = -1;
  let stop = (): void => {};
  const hung = new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const begun = Atomics.load(notes.state, 0);
      // Before its first input it is loading what it needs.
      if (begun > 0 && begun === seen) resolve();
      seen = begun;
    }, hangMs);
    stop = () => clearInterval(timer);
  });
  return { hung, stop };
}
