/** Rounds, medians and spread. */
import { throwIfInterrupted } from './child.ts';
import { tellProgress } from './progress.ts';

export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  const lower = sorted.length % 2 === 1 ? upper : (sorted[middle - 1] ?? Number.NaN);
  return { median: (lower + upper) / 2, least: sorted[0] ?? Number.NaN, most: sorted.at(-1) ?? Number.NaN };
}

/**
 * Measures all subjects in turns, so that what the machine does meanwhile meets them alike.
 * @param tell hears what comes next
 * @returns each subject's values, one a round
 */
export async function inTurns<T>(
  subjects: ReadonlyMap<string, () => Promise<T>>,
  rounds: number,
  tell: (words: string) => void = tellProgress,
): Promise<ReadonlyMap<string, readonly T[]>> {
  const measured = new Map([...subjects.keys()].map((name) => [name, [] as T[]]));
  for (let round = 1; round <= rounds; round += 1) {
    for (const [name, measure] of subjects) {
      throwIfInterrupted();
      tell(`round ${round} of ${rounds}: ${name}`);
      measured.get(name)?.push(await measure());
    }
  }
  return measured;
}

/** One ratio a round: of values that were measured side by side. */
export function ratios(above: readonly number[], below: readonly number[]): number[] {
  return above.map((value, round) => value / (below[round] ?? Number.NaN));
}
