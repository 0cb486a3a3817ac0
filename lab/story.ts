/**
 * A story: one run of one campaign on one state, from its first start to its rest, with some deaths on the way. What it is
 * like is drawn from the lab's seed and the story's number alone.
 */
import type { Course } from './oracle/records.ts';
import { Chance } from './random.ts';

export type Policy = 'hold' | 'skip' | 'resend';

export interface Story {
  readonly seed: number;
  readonly number: number;
  /** Place in the list of campaigns. */
  readonly campaign: number;
  readonly course: Course;
  /** `null`: the default. */
  readonly depth: number | null;
  readonly connections: number;
  /** Processes at a time. */
  readonly workers: number;
  readonly faults: boolean;
  readonly policy: Policy;
  /** Deaths to be had; fewer, where the run comes to its end before. */
  readonly kills: number;
  readonly delayMs: number;
  /** How often it is started again once nothing is left to do. */
  readonly replays: number;
  /** Whose mail ends each process that makes it: so far through the recipients, from 0 to 1. `null`: nobody's. */
  readonly poison: number | null;
}

/** Settings that are measured beside each other. */
export const CELLS: readonly { readonly course: Course; readonly depth: number | null }[] = [
  { course: 'chunking', depth: null },
  { course: 'chunking', depth: 1 },
  { course: 'pipelined', depth: null },
  { course: 'lockstep', depth: null },
];

export function storyOf(seed: number, number: number, campaigns: number): Story {
  const chance = new Chance(seed, number, 'story');
  const cell = CELLS[number % CELLS.length];
  return {
    seed,
    number,
    campaign: chance.whole(0, campaigns - 1),
    course: cell?.course ?? 'chunking',
    depth: cell?.depth ?? null,
    connections: chance.oneOf([1, 1, 2, 3, 4]),
    workers: chance.oneOf([1, 1, 1, 2, 2, 3, 4]),
    faults: chance.happens(0.5),
    policy: chance.oneOf(['hold', 'hold', 'hold', 'skip', 'resend', 'resend']),
    kills: chance.whole(4, 9),
    delayMs: chance.oneOf([0, 2, 6]),
    replays: chance.happens(0.05) ? 10 : 1,
    poison: chance.happens(0.1) ? chance.fraction() : null,
  };
}

/** As the program has it where nothing is said. */
export const DEFAULT_DEPTH = 16;

/** Intents that one connection can have; by DATA it is one, whatever the depth. */
export function depthOf({ course, depth }: Story): number {
  return course === 'chunking' ? (depth ?? DEFAULT_DEPTH) : 1;
}

export function cellName({ course, depth }: Pick<Story, 'course' | 'depth'>): string {
  if (course !== 'chunking') return course === 'pipelined' ? 'pipelined DATA' : 'lockstep';
  return `CHUNKING, depth ${depth ?? DEFAULT_DEPTH}`;
}
