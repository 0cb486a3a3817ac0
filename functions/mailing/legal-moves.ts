/** What every ledger refuses of a delivery's moves, in the same words, and when a delivery is due after one. */
import { type DeliveryState, isLegalMove, RESEND_AFTER_MS, type UncertainPolicy } from './outcome.ts';
import { IllegalMoveError } from './port-errors.ts';
import type { Settlement } from './ports.ts';

/** As many deliveries a batch may have in any ledger. */
export const BATCH_ROOM = 65_536;

/** Where a delivery stands before a move. */
export interface StandingDelivery {
  readonly state: DeliveryState;
  /** Attempts so far, with the one that is intended. */
  readonly attempt: number;
}

/** @throws IllegalMoveError for an index that no batch has */
export function refuseIndex(index: number, batch: number): void {
  if (Number.isInteger(index) && index >= 0 && index < BATCH_ROOM) return;
  const action = `write delivery ${index} of batch ${batch}`;
  throw new IllegalMoveError(action, `found index ${index}, want a whole number from 0 to ${BATCH_ROOM - 1}`);
}

/** @throws IllegalMoveError for an outcome that the delivery cannot have, or of an attempt out of its order */
export function refuseSettlement(
  action: string,
  standing: StandingDelivery,
  { state, attempt }: Pick<Settlement, 'state' | 'attempt'>,
  policy: UncertainPolicy,
): void {
  refuseMove(action, standing, state, policy);
  const counted = standing.state === 'intended' ? [standing.attempt] : [standing.attempt, standing.attempt + 1];
  if (!counted.includes(attempt)) {
    throw new IllegalMoveError(action, `found attempt ${attempt}, want ${counted.join(' or ')}`);
  }
}

/** @throws IllegalMoveError for a delivery that cannot be tried, or an attempt out of its order */
export function refuseIntent(
  action: string,
  standing: StandingDelivery,
  attempt: number,
  policy: UncertainPolicy,
): void {
  refuseMove(action, standing, 'intended', policy);
  if (attempt !== standing.attempt + 1) {
    throw new IllegalMoveError(action, `found attempt ${attempt}, want ${standing.attempt + 1}`);
  }
}

/** When it can be due again, epoch ms; `null` for what is neither deferred nor uncertain. */
export function dueAfter({ state, at, nextAt }: Pick<Settlement, 'state' | 'at' | 'nextAt'>): number | null {
  if (state === 'deferred') return nextAt ?? at;
  return state === 'uncertain' ? Math.max(at + RESEND_AFTER_MS, nextAt ?? 0) : null;
}

function refuseMove(action: string, { state }: StandingDelivery, to: DeliveryState, policy: UncertainPolicy): void {
  if (!isLegalMove(state, to, policy)) throw new IllegalMoveError(action, `it is ${state}, under the policy ${policy}`);
}
