/** From the ledger's rows to the records that the domain speaks of. */
import {
  BATCH_ROOM,
  type CanaryVerdict,
  type DeliveryRecord,
  type DeliveryState,
  type DueDelivery,
  type Outcome,
  type PlanCounts,
  type RunRecord,
} from '#mailing';
import type { DeliveryRow, DueRow, RunRow } from './ledger-statements.ts';

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
    canary: row.canary === null ? null : (JSON.parse(row.canary) as CanaryVerdict),
  };
}

/** @param lives whether the process of that name lives */
export function toDeliveryRecord(delivery: DeliveryRow, lives: (holder: string | null) => boolean): DeliveryRecord {
  const [batch, row, recipient, state, reply, enhancedStatus, queueId, attempts, uncertainAttempts, ...rest] = delivery;
  const [messageId, problem, at, nextAt, holder, onUncertain] = rest;
  return {
    batch,
    row,
    recipient,
    outcome: visibleOutcome(state, lives(holder)),
    reply,
    enhancedStatus,
    queueId,
    attempts,
    uncertainAttempts,
    messageId,
    problem,
    at,
    nextAt: state !== 'uncertain' || onUncertain === 'resend' ? nextAt : null,
  };
}

/** An intent whose process is gone is uncertain already: the next claim only writes it down. */
export function visibleOutcome(state: DeliveryState, isHeld: boolean): Outcome {
  if (state !== 'intended') return state;
  return isHeld ? 'pending' : 'uncertain';
}

export function toDueDelivery([id, row, recipient, messageId, attempt]: DueRow): DueDelivery {
  return { index: id % BATCH_ROOM, row, recipient, messageId, attempt };
}
