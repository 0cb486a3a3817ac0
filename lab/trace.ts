/**
 * What a process of the lab says of itself while it lives, a JSON line each, so that all but the very last is known when it
 * is killed. Moments are milliseconds of the machine's monotonic clock, the same in every process.
 */
import { readFileSync } from 'node:fs';
import type { PointName } from './points.ts';

export type TraceEntry =
  | { readonly kind: 'claimed'; readonly at: number; readonly batch: number; readonly fence: number }
  | {
      readonly kind: 'committed';
      readonly at: number;
      readonly batch: number;
      readonly fence: number;
      /** Indexes of the recipients in their batch. */
      readonly intended: readonly number[];
      readonly settled: readonly number[];
    }
  | { readonly kind: 'suppressed'; readonly at: number; readonly recipients: readonly string[] }
  | { readonly kind: 'killed'; readonly at: number; readonly point: PointName; readonly passing: number }
  /** By the mail that it was about to make. */
  | { readonly kind: 'poisoned'; readonly at: number; readonly recipient: string }
  /** How often each point was passed; behind `killed` as well. */
  | { readonly kind: 'passed'; readonly points: Readonly<Record<string, number>> };

export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** A line that was cut by the process's death is left out. */
export function readTrace(file: string): TraceEntry[] {
  return linesOf(file).flatMap((line) => {
    try {
      return [JSON.parse(line) as TraceEntry];
    } catch {
      return [];
    }
  });
}

/** Lines of a file; none where there is no file. */
export function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
