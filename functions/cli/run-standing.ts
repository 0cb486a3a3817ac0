/** Where a run stands, in words for people. */
import type { RunControl, RunRecord } from '#mailing';
import { canaryWords } from './canary.ts';

/** `finished`, `paused; … lets it go on`, and the like. */
export function standingOf(run: RunRecord, control: RunControl | null): string {
  if (control === 'cancelled') return 'cancelled';
  if (run.plan === null) return 'planning is not complete';
  if (run.finished) return 'finished';
  if (control !== 'paused') return 'not finished; the same `cartero run` goes on with it';
  const why = run.canary?.verdict === 'stopped' ? canaryWords(run.canary) : 'paused';
  return `${why}; \`npx cartero resume ${run.id}\` lets it go on`;
}
