/** What a batch is by its run: closed, due, cancelled with it. The same that other ledgers write down, computed. */
import {
  type DeliveryRecord,
  type DeliveryState,
  expiryOf,
  isSettled,
  type Outcome,
  type UncertainPolicy,
} from '#mailing';
import { type Batch, end, type Facts, factsOf, type News, type Row, withdraw } from './batch.ts';
import type { PlannedRow } from './batch-item.ts';
import type { Run } from './run-item.ts';

/** What becomes of its deliveries by the run alone, once nobody holds it. */
export function rest(batch: Batch, run: Run): Batch {
  if (batch.owner !== null) return batch;
  if (run.control === 'cancelled') end(batch, ['pending', 'deferred'], 'cancelled', run.controlAt);
  if (policyOf(run) !== 'resend') withdraw(batch);
  return batch;
}

/** @param batch at rest, or held */
export function isClosed(batch: Batch, run: Run): boolean {
  if (batch.owner !== null || run.plan === null) return false;
  const policy = policyOf(run);
  return batch.rows.every(({ state }) => isSettled(state, policy));
}

/** The earliest moment at which one of its deliveries is due; 0: at once. */
export function dueAt(batch: Batch, run: Run): number {
  if (batch.owner !== null || run.plan === null) return 0;
  return earliest(batch, run) ?? 0;
}

/** `null`: nobody is to be sent to any more. */
function earliest(batch: Batch, run: Run): number | null {
  const policy = policyOf(run);
  const expiry = expiryOf(run.facts, batch.notBefore);
  const open = batch.rows.filter(({ state }) => !isSettled(state, policy));
  const moments = open.map(({ state, nextAt }) => {
    if (state === 'deferred') return Math.min(nextAt ?? 0, expiry);
    return state === 'uncertain' ? (nextAt ?? 0) : 0;
  });
  return open.length === 0 ? null : Math.max(Math.min(...moments), batch.notBefore);
}

/** For the index: where a batch is found that has somebody to be sent to, and when; whether or not its plan is complete. */
export function indexed(batch: Batch, run: Run, pk: string): { openIn: string | null; dueAt: number | null } {
  const due = earliest(batch, run);
  return due === null ? { openIn: null, dueAt: null } : { openIn: pk, dueAt: due };
}

export function isDue(row: Row, { now, eager, policy }: { now: number; eager: boolean; policy: UncertainPolicy }) {
  const moment = row.nextAt ?? 0;
  if (row.state === 'deferred') return eager || moment <= now;
  return row.state === 'pending' || (row.state === 'uncertain' && policy === 'resend' && moment <= now);
}

/** An intent whose process is gone is uncertain already: the next claim only writes it down. */
export function visibleOutcome(state: DeliveryState, isHeld: boolean): Outcome {
  if (state !== 'intended') return state;
  return isHeld ? 'pending' : 'uncertain';
}

export interface Seen {
  readonly batch: Batch;
  readonly isHeld: boolean;
}

export function recordOf(
  row: Row,
  planned: PlannedRow,
  facts: Facts,
  { batch, isHeld }: Seen,
  run: Run,
): DeliveryRecord {
  const { recipient, messageId } = planned;
  const isToCome = row.state !== 'uncertain' || run.facts.onUncertain === 'resend';
  return {
    batch: batch.number,
    row: planned.row,
    recipient,
    outcome: visibleOutcome(row.state, isHeld),
    reply: facts.reply,
    enhancedStatus: facts.enhancedStatus,
    queueId: facts.queueId,
    attempts: row.attempts,
    uncertainAttempts: row.doubts,
    messageId,
    problem: facts.problem,
    at: facts.at,
    nextAt: isToCome ? row.nextAt : null,
  };
}

/** What is known of each, from how it was planned to the last of the news. @param pages oldest first, the batch's own last */
export function factsBy(
  planned: readonly PlannedRow[],
  pages: readonly ReadonlyMap<number, News>[],
): Map<number, Facts> {
  const facts = new Map(planned.map(({ index, problem }) => [index, factsOf({ problem })]));
  for (const page of pages)
    for (const [index, news] of page) facts.set(index, { ...(facts.get(index) ?? factsOf({})), ...news });
  return facts;
}

/** A run that is cancelled sends nobody again. */
function policyOf({ facts, control }: Run): UncertainPolicy {
  return control === 'cancelled' && facts.onUncertain === 'resend' ? 'hold' : facts.onUncertain;
}
