/** How a run stands and how fast it goes, as `status` tells it. */
import type { LocalState } from '#local';
import {
  escapeControls,
  isoTime,
  OUTCOMES,
  type RunProgress,
  type RunRecord,
  readProgress,
  type Standing,
  type Totals,
} from '#mailing';
import { standingLines } from './pace-words.ts';
import { grouped, span } from './progress.ts';
import { standingOf } from './run-standing.ts';

/** Reasons shown to people; `--json` has all. */
const SHOWN_REASONS = 15;

/** The counts of one run among others. */
export async function countsText({ ledger }: LocalState, run: RunRecord): Promise<string> {
  return headText(run, await ledger.totals(run.id), standingOf(run, await ledger.control(run.id)));
}

export async function countsJson(state: LocalState, run: RunRecord): Promise<Record<string, unknown>> {
  return factsOf(state, run, await state.ledger.totals(run.id));
}

/** One run, with its rate and its reasons: each of its recipients is looked at once. @param now epoch ms */
export async function reportText({ ledger, standings }: LocalState, run: RunRecord, now: number): Promise<string> {
  const control = await ledger.control(run.id);
  const progress = await readProgress(ledger, run, control, now);
  const { reasons } = progress;
  const shown = reasons.slice(0, SHOWN_REASONS);
  const more = reasons.length - shown.length;
  return [
    headText(run, progress.totals, standingOf(run, control)),
    ...paceLines(progress).map((line) => `  ${line}\n`),
    ...(await standings.of(run.id)).flatMap((each) => standingLines(each, now).map((line) => `  ${line}\n`)),
    ...(shown.length === 0 ? [] : ['\nWhy:\n']),
    ...shown.flatMap(({ outcome, reason, count, example }) => [
      `  ${outcome.padEnd(12)}${grouped(count).padStart(10)}  ${escapeControls(reason ?? 'other replies')}\n`,
      ...(count === 1 || outcome !== 'accepted'
        ? [`${' '.repeat(26)}such as ${escapeControls(`${example.recipient}: ${example.text}`)}\n`]
        : []),
    ]),
    ...(more > 0 ? [`  … ${grouped(more)} more kinds; \`--json\` has them all\n`] : []),
  ].join('');
}

export async function reportJson(state: LocalState, run: RunRecord, now: number): Promise<Record<string, unknown>> {
  const progress = await readProgress(state.ledger, run, await state.ledger.control(run.id), now);
  const { totals, sending, lastMinute, overall, secondsLeft, nextDueAt, reasons } = progress;
  return {
    ...(await factsOf(state, run, totals)),
    sending,
    rate: { lastMinute: rounded(lastMinute), overall: rounded(overall) },
    secondsLeft,
    nextDueAt: nextDueAt === null ? null : isoTime(nextDueAt),
    processes: (await state.standings.of(run.id)).map(standingJson),
    reasons,
  };
}

function standingJson({ owner, relay, pace, rest }: Standing): Record<string, unknown> {
  return {
    process: owner,
    relay,
    slowed: pace,
    resting: rest === null ? null : { ...rest, until: isoTime(rest.until) },
  };
}

function rounded(rate: number | null): number | null {
  return rate === null ? null : Number(rate.toPrecision(3));
}

function headText(run: RunRecord, totals: Totals, standing: string): string {
  const counts = OUTCOMES.filter((outcome) => totals[outcome] > 0).map(
    (outcome) => `  ${outcome.padEnd(12)}${grouped(totals[outcome]).padStart(10)}\n`,
  );
  return `${run.id}  ${isoTime(run.createdAt)}  ${standing}\n${counts.join('')}`;
}

function paceLines({ lastMinute, overall, secondsLeft, nextDueAt }: RunProgress): string[] {
  const rates = [
    ...(lastMinute === null ? [] : [`${rateText(lastMinute)} over the last minute`]),
    ...(overall === null ? [] : [`${rateText(overall)} on the whole`]),
    ...(secondsLeft === null || secondsLeft === 0 ? [] : [`about ${span(secondsLeft)} left`]),
  ];
  return [
    ...(rates.length === 0 ? [] : [rates.join(', ')]),
    ...(nextDueAt === null ? [] : [`the next of those who wait is due at ${isoTime(nextDueAt)}`]),
  ];
}

/** `320/s`, `0.25/s` */
function rateText(rate: number): string {
  return `${rate >= 10 ? grouped(Math.round(rate)) : Number(rate.toPrecision(2))}/s`;
}

async function factsOf({ ledger }: LocalState, run: RunRecord, totals: Totals): Promise<Record<string, unknown>> {
  const { plan } = run;
  return {
    run: run.id,
    campaign: run.campaign,
    rows: plan?.rows ?? 0,
    recipients: plan?.recipients ?? 0,
    duplicates: plan?.duplicates ?? 0,
    notSelected: plan?.notSelected ?? 0,
    ...totals,
    planHash: plan?.planHash ?? null,
    createdAt: isoTime(run.createdAt),
    finished: run.finished,
    control: await ledger.control(run.id),
    ...(run.canary === null ? {} : { canary: run.canary }),
  };
}
