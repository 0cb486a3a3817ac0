/** A run to its end: whoever is due, then whoever is due later, until nobody waits any more. */
import { pause } from '#smtp';
import { AdaptivePace } from './adaptive-pace.ts';
import type { Allowance } from './allowance.ts';
import { Breaker, type BreakerOptions } from './breaker.ts';
import { type Canary, judgeCanary, lastOpenBatch } from './canary.ts';
import { type NextDue, nextDueOf, type RestCause } from './due-time.ts';
import type { SendingPorts } from './due-work.ts';
import type { MailComposer } from './mail.ts';
import type { CanaryVerdict, Clock, Ledger, RunRecord } from './ports.ts';
import type { SendingHours } from './schedule/hours.ts';
import type { SendReport } from './send-options.ts';
import { sendRun } from './sender.ts';

/** Between two looks at who is due: another process may have changed it. */
const LOOK_MS = 30_000;
/** What is due at once was due in the round before as well: it is no use to ask without a breath. */
const BREATH_MS = 1000;

export interface RoundOptions extends BreakerOptions {
  /** One attempt for whoever is due, and no more: no relay is waited for either. */
  readonly once: boolean;
  /** The run's first recipients are a trial. Default: they are not. */
  readonly canary?: Canary | null;
  /** The trial is over. */
  readonly onJudged?: (verdict: CanaryVerdict) => void;
  /** Nobody is sent to until `until`, epoch ms; told once for each such moment, and with `once` not of later attempts. */
  readonly onResting?: (until: number, why: RestCause) => void;
}

/** @throws as sendRun does */
export async function sendToEnd(
  run: RunRecord,
  composer: MailComposer,
  ports: SendingPorts,
  options: RoundOptions,
): Promise<SendReport> {
  // What the relay asked for holds also in the rounds that follow.
  const { pace = new AdaptivePace(ports.clock, options, options.onPace) } = options;
  const breaker = new Breaker();
  for (;;) {
    const paced = { ...options, pace };
    const report = await (options.once
      ? sendRun(run, composer, ports, paced)
      : breaker.send(run, composer, ports, paced));
    if (report.stopped) return report;
    const judged = await judgeCanary(run, options.canary ?? null, ports);
    if (judged !== null) options.onJudged?.(judged);
    if (judged?.verdict === 'passed') continue;
    if (options.once) await tellWhyLeft(run, ports, options);
    if (judged?.verdict === 'stopped' || options.once) return report;
    const more = await restUntilDue(run, ports, options);
    if (options.signal.aborted) return { ...report, stopped: true };
    if (!more) return report;
  }
}

/** One attempt was to be made, and the clock forbade it. */
async function tellWhyLeft(run: RunRecord, { ledger, clock }: SendingPorts, options: RoundOptions): Promise<void> {
  const next = await nextDue(run, ledger, options, clock.now());
  if (next !== null && next.why !== 'later' && next.until > clock.now()) options.onResting?.(next.until, next.why);
}

/** @returns whether anybody is due who is not in another process's hands */
async function restUntilDue(
  run: RunRecord,
  { ledger, clock }: { ledger: Ledger; clock: Clock },
  { signal, onResting, hours, allowance }: RoundOptions,
): Promise<boolean> {
  let told: number | null = null;
  let rested = false;
  let wakeAt = Number.POSITIVE_INFINITY;
  while (!signal.aborted) {
    const now = clock.now();
    const next = await nextDue(run, ledger, { hours, allowance }, now);
    if (next === null) return false;
    const wait = next.wakeAt - now;
    // Also where the moment was one to give people up at, and the next one is the opening.
    if (rested && (wait <= 0 || now >= wakeAt)) return true;
    wakeAt = next.wakeAt;
    if (next.until - now > BREATH_MS && next.until !== told) onResting?.(next.until, next.why);
    told = next.until;
    await pause(clock, Math.min(Math.max(wait, BREATH_MS), LOOK_MS), signal);
    rested = true;
  }
  return false;
}

async function nextDue(
  run: RunRecord,
  ledger: Ledger,
  { hours = null, allowance }: { hours?: SendingHours | null | undefined; allowance?: Allowance | undefined },
  now: number,
): Promise<NextDue | null> {
  // Behind a canary that waits for its hour nobody is due.
  const last = await lastOpenBatch(ledger, run);
  const waiting = (await ledger.openBatches(run.id)).filter(({ held, batch }) => !held && batch <= last);
  const next = nextDueOf(run, waiting, hours, now);
  if (next === null || allowance === undefined) return next;
  const shutUntil = await allowance.shutUntil();
  if (shutUntil <= Math.max(next.until, now)) return next;
  const until = hours?.openFrom(shutUntil) ?? shutUntil;
  return { until, why: 'warm-up', wakeAt: until };
}
