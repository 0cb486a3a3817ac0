/** The watched thread: fuzzes one target, guided by what is executed, and posts its report. */
import { parentPort, workerData } from 'node:worker_threads';
import { fuzz } from './fuzzer.ts';
import type { Target } from './target.ts';
import { targetNamed } from './targets/all.ts';
import type { FuzzRequest } from './watched.ts';

const request = workerData as FuzzRequest;
const { state, input: noted } = request.notes;
const target = 'target' in request ? targetNamed(request.target) : await loaded(request.module);

parentPort?.postMessage(
  await fuzz(target, {
    inputs: request.inputs,
    seed: request.seed,
    guided: true,
    before: (input) => {
      noted.set(input.subarray(0, noted.length));
      Atomics.store(state, 1, Math.min(input.length, noted.length));
      Atomics.add(state, 0, 1);
    },
  }),
);

async function loaded(module: string): Promise<Target> {
  const { target: own } = (await import(module)) as { target: Target };
  return own;
}
