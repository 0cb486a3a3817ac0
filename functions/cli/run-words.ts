/** A run in words: its plan, its end, what is still open; and the object that machines get. */
import type { LocalState } from '#local';
import {
  formatProblem,
  isoTime,
  OUTCOMES,
  type RunRecord,
  type SendReport,
  type StartedRun,
  type Totals,
} from '#mailing';
import type { Shell } from './command.ts';
import { grouped } from './progress.ts';

export interface RunEnd {
  /** `null` where the plan was not complete when the run was stopped. */
  readonly started: StartedRun | null;
  readonly totals: Totals;
  readonly seconds: number;
  readonly exitCode: 0 | 1 | 2 | 3;
}

const SHOWN_PROBLEMS = 10;
const SHOWN_OTHERS = 3;

/** What was planned, and what there is to be known before anybody is sent to. */
export function tellPlan({ run, plan, kind, changed, problems, others, warning }: StartedRun, shell: Shell): void {
  if (kind === 'finished')
    shell.note(`Run ${run.id} is finished and has the same content: nothing to do. \`--new\` starts another.`);
  else {
    const verb = kind === 'new' ? 'Planned' : 'Going on with';
    shell.note(
      `${verb} run ${run.id}: ${grouped(plan.rows)} rows, ${grouped(plan.recipients)} recipients, plan ${plan.planHash.slice(0, 12)}`,
    );
  }
  if (kind !== 'finished' && changed.length > 0) {
    shell.note(
      `Changed since this run was planned: ${changed.join(', ')}. It goes on with its own copy; \`--new\` starts another run with the files as they are now.`,
    );
  }
  if (warning !== null) shell.note(`Look again: ${warning}`);
  for (const { id } of others.slice(-SHOWN_OTHERS)) {
    shell.note(`Run ${id} of this campaign is not finished; \`--resume ${id}\` goes on with it.`);
  }
  for (const problem of problems.slice(0, SHOWN_PROBLEMS)) shell.note(`  ${formatProblem(problem)}`);
  if (plan.invalid > SHOWN_PROBLEMS && problems.length > 0) {
    shell.note(
      `  … ${grouped(plan.invalid - Math.min(SHOWN_PROBLEMS, problems.length))} more; \`npx cartero status ${run.id} --recipients\` names them all`,
    );
  }
}

export function tellReport({ stopped, elsewhere }: SendReport, shell: Shell): void {
  if (stopped) shell.note('Stopped: what was in flight is settled. Start the same run again to go on.');
  if (elsewhere > 0)
    shell.note(`${elsewhere} ${elsewhere === 1 ? 'batch is' : 'batches are'} in another process's hands.`);
}

/** The object that `run --json` prints as its last line. */
export function runJson({ started, totals, seconds }: RunEnd, campaign: string): Record<string, unknown> {
  const plan = started?.plan;
  return {
    run: started?.run.id ?? null,
    campaign,
    rows: plan?.rows ?? 0,
    recipients: plan?.recipients ?? 0,
    duplicates: plan?.duplicates ?? 0,
    notSelected: plan?.notSelected ?? 0,
    ...totals,
    seconds,
  };
}

/** The summary for people. */
export function summaryOf({ started, totals, seconds }: RunEnd): string {
  if (started === null) return '';
  const { run, plan } = started;
  const left = [
    ...(plan.duplicates > 0 ? [`${grouped(plan.duplicates)} duplicates left out`] : []),
    ...(plan.notSelected > 0 ? [`${grouped(plan.notSelected)} not selected`] : []),
  ];
  const counts = OUTCOMES.filter((outcome) => totals[outcome] > 0).map(
    (outcome) => `  ${outcome.padEnd(12)}${grouped(totals[outcome]).padStart(10)}`,
  );
  return [
    `Run ${run.id}: ${grouped(plan.recipients)} recipients of ${grouped(plan.rows)} rows${left.length > 0 ? ` (${left.join(', ')})` : ''}, ${seconds.toFixed(1)} s`,
    ...counts,
    '',
  ].join('\n');
}

/** What waits and what is in doubt, a line each. */
export async function openEnds(state: LocalState, run: RunRecord, totals: Totals): Promise<string[]> {
  const lines: string[] = [];
  const resends = run.onUncertain === 'resend';
  if (totals.uncertain > 0 && !resends) {
    const people = totals.uncertain === 1 ? '1 is' : `${grouped(totals.uncertain)} are`;
    const choice =
      run.onUncertain === 'hold' ? '; `--on-uncertain resend` sends to them again, `skip` gives them up' : '';
    lines.push(`${people} uncertain: the mail had left and no reply came. Nobody is mailed twice${choice}.`);
  }
  if (totals.deferred === 0 && !(resends && totals.uncertain > 0)) return lines;
  const next = await nextOfWaiting(state, run.id, resends);
  if (Number.isFinite(next))
    lines.push(`The next of those who wait is due at ${isoTime(next)}; start the same run again then.`);
  return lines;
}

/** Batches know it, but for those that are held or have somebody who need not wait: their recipients are looked at. */
async function nextOfWaiting({ ledger }: LocalState, run: string, resends: boolean): Promise<number> {
  let next = Number.POSITIVE_INFINITY;
  for (const batch of await ledger.openBatches(run)) {
    if (!batch.held && batch.nextAt > 0) {
      next = Math.min(next, batch.nextAt);
      continue;
    }
    for await (const { outcome, nextAt } of ledger.deliveries(run, batch.batch)) {
      const waits = outcome === 'deferred' || (outcome === 'uncertain' && resends);
      if (waits && nextAt !== null) next = Math.min(next, nextAt);
    }
  }
  return next;
}
