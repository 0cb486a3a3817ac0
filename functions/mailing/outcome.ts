/**
 * What a recipient's story can end in, and the moves between the states of one delivery.
 *
 *     pending ──► intended ──► accepted | refused | deferred | uncertain
 *        │            └─ provably unsent ──► deferred | suppressed | cancelled
 *        └──────────► refused | deferred | invalid | …      (decided before the end-of-mail-data indicator)
 *     deferred ──► (as pending), or expired
 *     uncertain ─► (as pending) under the policy `resend`, 15 minutes later at the earliest
 *
 * `intended` says: the end-of-mail-data indicator may be leaving, or may have left. It is durable before the indicator
 * is. A process that dies there leaves the one thing that nobody can know (RFC 1047), and the next claim says so: `uncertain`.
 */

export const OUTCOMES = [
  'pending',
  'accepted',
  'refused',
  'deferred',
  'uncertain',
  'invalid',
  'suppressed',
  'expired',
  'quarantined',
  'cancelled',
] as const;

/** What is known of a recipient; contract of `run --json` and `status`. */
export type Outcome = (typeof OUTCOMES)[number];

/** What the ledger keeps for a delivery: an outcome, or `intended` while its indicator may be on its way. */
export type DeliveryState = Outcome | 'intended';

/** What a person wants of a run. Cancelled ones can be taken up again by a retry of chosen recipients only. */
export type RunControl = 'going' | 'paused' | 'cancelled';

/** What a person can have sent again. Whoever was accepted has the mail, and whoever is invalid or suppressed gets none. */
export const RETRIED_OUTCOMES = ['refused', 'deferred', 'uncertain', 'expired', 'quarantined', 'cancelled'] as const;

export type RetriedOutcome = (typeof RETRIED_OUTCOMES)[number];

/** What happens to recipients whose acceptance cannot be known. `hold` and `skip` never send again. */
export type UncertainPolicy = 'hold' | 'resend' | 'skip';

/** Under `resend`, an uncertain recipient is due again after this long: the relay's own wait is over by then. */
export const RESEND_AFTER_MS = 15 * 60_000;

/** States that no claim hands out again. `uncertain` is final under `hold` and `skip` only, `deferred` never. */
export function isSettled(state: DeliveryState, policy: UncertainPolicy): boolean {
  if (state === 'pending' || state === 'intended' || state === 'deferred') return false;
  return state !== 'uncertain' || policy !== 'resend';
}

/** Where a delivery can go while its indicator has not left: to the intent, or to an end that needs no mail sent. */
const BEFORE_INDICATOR: ReadonlySet<DeliveryState> = new Set([
  'intended',
  'refused',
  'deferred',
  'invalid',
  'suppressed',
  'expired',
  'quarantined',
  'cancelled',
]);

/** Where it can go from the intent: the relay's word, the lack of it, or the proof that no indicator left. */
const AFTER_INTENT: ReadonlySet<DeliveryState> = new Set([
  'accepted',
  'refused',
  'deferred',
  'uncertain',
  'suppressed',
  'cancelled',
]);

/** Whether a commit may move a delivery from one state to the other. Settled ones go nowhere. */
export function isLegalMove(from: DeliveryState, to: DeliveryState, policy: UncertainPolicy): boolean {
  if (from === 'intended') return AFTER_INTENT.has(to);
  return !isSettled(from, policy) && BEFORE_INDICATOR.has(to);
}

/** Counts of recipients by outcome; every outcome is present. */
export type Totals = Record<Outcome, number>;

export function noTotals(): Totals {
  return Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0])) as Totals;
}

/** The exit code that tells a run's totals: 0 all accepted or suppressed, 2 any other outcome. */
export function exitCodeOf(totals: Totals): 0 | 2 {
  return OUTCOMES.some((outcome) => outcome !== 'accepted' && outcome !== 'suppressed' && totals[outcome] > 0) ? 2 : 0;
}
