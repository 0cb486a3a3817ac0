/** How a process of the lab comes to know where it is to die, and dies there: by SIGKILL, so that nothing is tidied up. */
import { openSync, writeSync } from 'node:fs';
import type { PointName } from '../points.ts';
import { now, type TraceEntry } from '../trace.ts';
import { ORDERS, type Orders } from './orders.ts';

const orders = JSON.parse(process.env[ORDERS] ?? '') as Orders;
delete process.env[ORDERS];
const passes = new Map<PointName, number>();
const trace = openSync(orders.trace, 'a');

export const clockMs = orders.clockMs;

export function tell(entry: TraceEntry): void {
  writeSync(trace, `${JSON.stringify(entry)}\n`);
}

/** @returns whether this is the passing at which to die */
export function isDue(point: PointName): boolean {
  const passing = (passes.get(point) ?? 0) + 1;
  passes.set(point, passing);
  return point === orders.point && passing === orders.passing;
}

export function pass(point: PointName): void {
  if (isDue(point)) die(point);
}

export function die(point: PointName): never {
  tell({ kind: 'killed', at: now(), point, passing: orders.passing ?? 0 });
  return end();
}

/** A mail that is about to be made: it may be one that no process outlives. */
export function taste(recipient: string): void {
  if (recipient !== orders.poison) return;
  tell({ kind: 'poisoned', at: now(), recipient });
  end();
}

function end(): never {
  tellPasses();
  process.kill(process.pid, 'SIGKILL');
  // The signal is delivered before the call returns; whatever happens, nothing more is done.
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

export function tellPasses(): void {
  tell({ kind: 'passed', points: Object.fromEntries(passes) });
}
