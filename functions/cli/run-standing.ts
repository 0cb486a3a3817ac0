/** Where a run stands, in words for people. */
import type { RunControl, RunRecord } from '#mailing';

/** `finished`, `paused; … lets it go on`, and the like. */
export function standingOf(run: RunRecord, control: RunControl | null): string {
  if (control === 'cancelled') return 'cancelled';
  if (run.plan === null) return 'planning is not complete';
  if (run.finished) return 'finished';
  return control === 'paused'
    ? `paused; \`npx cartero resume ${run.id}\` lets it go on`
    : 'not finished; the same `cartero run` goes on with it';
}
