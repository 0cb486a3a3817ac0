/** A part of many seeds, told one after the other. */
import { scenarioOf } from './scenario.ts';
import { type Counts, tell } from './story.ts';

export interface Share {
  readonly from: number;
  readonly seeds: number;
  /** Which of how many parts: every so many-th seed. */
  readonly part: number;
  readonly parts: number;
}

export interface Failure {
  readonly seed: number;
  readonly violations: readonly string[];
}

export interface ShareEnd {
  readonly told: number;
  readonly counts: Counts;
  readonly failures: readonly Failure[];
}

/** So many failures say enough. */
const MAX_FAILURES = 20;

export async function tellShare({ from, seeds, part, parts }: Share): Promise<ShareEnd> {
  const failures: Failure[] = [];
  const ends: ShareEnd[] = [];
  for (let place = part; place < seeds && failures.length < MAX_FAILURES; place += parts) {
    const seed = from + place;
    const { violations, counts } = await tell(scenarioOf(seed));
    if (violations.length > 0) failures.push({ seed, violations });
    ends.push({ told: 1, counts, failures: [] });
  }
  return { ...sumOf(ends), failures };
}

export function sumOf(ends: readonly ShareEnd[]): ShareEnd {
  const counts = { calls: 0, mails: 0, deaths: 0, thefts: 0, faults: 0, uncertain: 0, twice: 0, quarantined: 0 };
  for (const end of ends) for (const name of Object.keys(counts) as (keyof Counts)[]) counts[name] += end.counts[name];
  const told = ends.reduce((sum, end) => sum + end.told, 0);
  return { told, counts, failures: ends.flatMap(({ failures }) => failures).sort((a, b) => a.seed - b.seed) };
}
