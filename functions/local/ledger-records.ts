/** From the ledger's rows to the records that the domain speaks of. */
import type { DeliveryRecord, DeliveryState, Outcome, PlanCounts, RunRecord } from '#mailing';
import type { DeliveryRow, RunRow } from './ledger-statements.ts';

export function toRunRecord(row: RunRow): RunRecord {
  return {
    id: row.id,
    campaign: row.campaign,
    source: row.source,
    slot: row.slot,
    contentHash: row.content_hash,
    createdAt: row.created_at,
    onUncertain: row.on_uncertain,
    expiresAt: row.expires_at,
    plan: row.plan === null ? null : (JSON.parse(row.plan) as PlanCounts),
    finished: row.finished === 1,
  };
}

/** @param isHeld whether the process that holds its batch lives */
export function toDeliveryRecord(row: DeliveryRow, isHeld: boolean): DeliveryRecord {
  const resendAt = row.on_uncertain === 'resend' ? row.next_at : null;
  return {
    batch: row.batch,
    row: row.row,
    recipient: row.recipient,
    outcome: visibleOutcome(row.state, isHeld),
    reply: row.reply,
    enhancedStatus: row.enhanced_status,
    queueId: row.queue_id,
    attempts: row.attempt,
    uncertainAttempts: row.uncertain_attempts,
    messageId: row.message_id,
    problem: row.problem,
    at: row.at,
    nextAt: row.state === 'uncertain' ? resendAt : row.next_at,
  };
}

/** An intent whose process is gone is uncertain already: the next claim only writes it down. */
export function visibleOutcome(state: DeliveryState, isHeld: boolean): Outcome {
  if (state !== 'intended') return state;
  return isHeld ? 'pending' : 'uncertain';
}
