/** One life of one process of the real command line, from its start to its end, by itself or by SIGKILL. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { PointName } from './points.ts';
import { ORDERS, type Orders } from './program/orders.ts';
import { readTrace, type TraceEntry } from './trace.ts';

/** How a process is to die; `null`: not by the lab. */
export type Death =
  | { readonly kind: 'point'; readonly point: PointName; readonly passing: number }
  /** So many ms after its start. */
  | { readonly kind: 'instant'; readonly afterMs: number }
  | null;

export interface LifeRequest {
  readonly program: string;
  readonly words: readonly string[];
  readonly cwd: string;
  /** A file of its own, for what it says of itself. */
  readonly trace: string;
  readonly death: Death;
  readonly clockMs: number;
  /** Whose mail ends it. */
  readonly poison: string | null;
}

export interface Life {
  readonly words: readonly string[];
  readonly death: Death;
  /** Whether it died by SIGKILL. */
  readonly isKilled: boolean;
  /** Exit code; `null` where it was killed. */
  readonly code: number | null;
  readonly stderr: string;
  readonly ms: number;
  readonly trace: readonly TraceEntry[];
}

/** A life without an end is none: it is ended, and told as an error. */
const LONGEST_MS = 90_000;

const living = new Set<ChildProcess>();

/** Ends whatever still runs. */
export function endAllLives(): void {
  for (const child of living) child.kill('SIGKILL');
}

/** @throws where it does not end */
export function live(request: LifeRequest): Promise<Life> {
  const { program, words, cwd, death } = request;
  const began = performance.now();
  const child = spawn(process.execPath, [program, ...words], {
    cwd,
    env: environmentOf(request),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  living.add(child);
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const kill = () => child.kill('SIGKILL');
  const timer = death?.kind === 'instant' ? setTimeout(kill, death.afterMs) : undefined;
  let isEndless = false;
  const patience = setTimeout(() => {
    isEndless = true;
    kill();
  }, LONGEST_MS);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      clearTimeout(patience);
      living.delete(child);
      if (isEndless)
        return reject(new Error(`cartero ${words.join(' ')} did not end within ${LONGEST_MS} ms:\n${stderr}`));
      const ms = performance.now() - began;
      resolve({ words, death, isKilled: signal === 'SIGKILL', code, stderr, ms, trace: readTrace(request.trace) });
    });
  });
}

function environmentOf({ trace, death, clockMs, poison, program }: LifeRequest): NodeJS.ProcessEnv {
  const { CARTERO_RELAY: _relay, NODE_OPTIONS: _options, ...rest } = process.env;
  const point = death?.kind === 'point' ? { point: death.point, passing: death.passing } : {};
  const orders: Orders = { trace, clockMs, ...point, ...(poison === null ? {} : { poison }) };
  return { ...rest, [ORDERS]: JSON.stringify(orders), NODE_COMPILE_CACHE: `${program}.compiled` };
}
