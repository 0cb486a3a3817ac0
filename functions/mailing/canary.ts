/**
 * The canary: a run's first few recipients are a trial.
 *
 *     batches 1 … k ─► nobody of them is waited for ─► judged, once ─► passed: the others are sent to
 *                                                                  └► stopped: the run is paused ─► overruled by a person
 *
 * They have batches of their own, which come first. Until the ledger has the verdict, no process takes another batch; the
 * verdict comes from the ledger's rows, so that it is the same whoever died meanwhile.
 */
import type { CampaignJson } from './campaign-json.ts';
import type { Totals } from './outcome.ts';
import type { CanaryVerdict, Clock, Ledger, RunRecord } from './ports.ts';

/** Outcomes that a canary can have a limit for. */
const LIMITED = ['refused', 'deferred', 'uncertain'] as const;

/** Outcomes of mails that were tried; an invalid row, or a suppressed one, says nothing of the relay. */
const TRIED = ['accepted', 'refused', 'deferred', 'uncertain', 'expired', 'quarantined'] as const;

export interface Canary {
  /** How many go first. */
  readonly recipients: number;
  /** As written, such as `5%`: the most that may end so. */
  readonly limits: Readonly<Partial<Record<(typeof LIMITED)[number], string>>>;
}

export function readCanary({ recipients, ...limits }: NonNullable<CampaignJson['canary']>): Canary {
  return { recipients, limits };
}

/** What the canary's outcomes say; a share is of those who were tried. */
export function verdictOf(totals: Totals, { limits }: Canary, at: number): CanaryVerdict {
  const tried = TRIED.reduce((sum, outcome) => sum + totals[outcome], 0);
  const problems = LIMITED.flatMap((outcome) => {
    const limit = limits[outcome];
    const found = totals[outcome];
    if (limit === undefined || !isMore(found, tried, limit)) return [];
    return [`${found} of ${tried} ${outcome}, at most ${limit} wanted`];
  });
  return { verdict: problems.length > 0 ? 'stopped' : 'passed', tried, problems, at };
}

/** Exact, however many digits the limit has. */
function isMore(part: number, whole: number, percentage: string): boolean {
  const [units = '', decimals = ''] = percentage.slice(0, -1).split('.');
  return BigInt(part) * 10n ** BigInt(2 + decimals.length) > BigInt(whole) * BigInt(units + decimals);
}

/** The last batch that may be sent: the canary's last until the others are let go, then there is none. */
export async function lastOpenBatch(ledger: Ledger, { id, plan, canary }: RunRecord): Promise<number> {
  const own = plan?.canaryBatches ?? 0;
  if (own === 0 || isLetGo(canary)) return Number.POSITIVE_INFINITY;
  return isLetGo((await ledger.run(id))?.canary ?? null) ? Number.POSITIVE_INFINITY : own;
}

function isLetGo(canary: CanaryVerdict | null): boolean {
  return canary?.verdict === 'passed' || canary?.verdict === 'overruled';
}

/**
 * Judges the canary where it is time.
 * @returns the verdict where it has just been given, or has stopped the run; `null` where there is nothing to judge, or
 * somebody of the canary is still to be sent to
 */
export async function judgeCanary(
  run: RunRecord,
  canary: Canary | null,
  { ledger, clock }: { ledger: Ledger; clock: Clock },
): Promise<CanaryVerdict | null> {
  const last = canary === null ? Number.POSITIVE_INFINITY : await lastOpenBatch(ledger, run);
  if (canary === null || last === Number.POSITIVE_INFINITY) return null;
  const now = clock.now();
  const open = (await ledger.openBatches(run.id)).filter(({ batch }) => batch <= last);
  // What is due now is still to be tried: an attempt that was never made proves nothing.
  if (open.some(({ held, nextAt }) => held || nextAt <= now)) return null;
  const totals = await ledger.totals(run.id, last);
  if (totals.pending > 0) return null;
  return ledger.judgeCanary(run.id, verdictOf(totals, canary, now));
}
