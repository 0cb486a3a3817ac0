/**
 * The moves of one batch's deliveries, each within a transaction that the ledger has begun: an attempt is intended, and settled;
 * and what the batch keeps of the deaths of its holders.
 */
import {
  afterCrash,
  BATCH_ROOM,
  type CrashRecord,
  dueAfter,
  IllegalMoveError,
  type Intent,
  isLegalMove,
  isSettled,
  NO_CRASHES,
  QUARANTINE_PROBLEM,
  refuseIndex,
  refuseIntent,
  refuseSettlement,
  type Settlement,
  type UncertainPolicy,
} from '#mailing';
import type { BatchRow, StandingRow, Statements } from './ledger-statements.ts';

export class DeliveryMoves {
  readonly #sql: Statements;

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  /** @throws IllegalMoveError */
  settle(held: BatchRow, settlement: Settlement): void {
    const { index, attempt, state, at, reply, enhancedStatus, queueId, problem } = settlement;
    const id = deliveryId(held, index);
    const evidence = [reply ?? null, enhancedStatus ?? null, queueId ?? null, problem ?? null] as const;
    const facts = [state, attempt, at, dueAfter(settlement), ...evidence, Number(state === 'uncertain'), id] as const;
    const isUsual = isLegalMove('intended', state, held.policy);
    if (isUsual && Number(this.#sql.settleIntended.run(...facts, attempt).changes) === 1) return;
    const action = `settle delivery ${index} of batch ${held.batch} as ${state}`;
    refuseSettlement(action, this.#standing(id, action), settlement, held.policy);
    this.#sql.settle.run(...facts);
  }

  /** @throws IllegalMoveError */
  intend(held: BatchRow, { index, attempt }: Intent): void {
    const id = deliveryId(held, index);
    if (Number(this.#sql.intendFirst.run(attempt, id, attempt - 1).changes) === 1) return;
    const action = `intend delivery ${index} of batch ${held.batch}`;
    refuseIntent(action, this.#standing(id, action), attempt, held.policy);
    this.#sql.intend.run(attempt, id);
  }

  /** What the last holder's end says of the row that it had alone. */
  lookBack(lease: BatchRow, policy: UncertainPolicy, now: number): CrashRecord {
    const { record, quarantined } = afterCrash(crashesOf(lease), (index) =>
      isSettled(this.#standing(deliveryId(lease, index), `claim batch ${lease.batch}`).state, policy),
    );
    if (quarantined !== null) this.#sql.quarantine.run(now, QUARANTINE_PROBLEM, deliveryId(lease, quarantined));
    return record;
  }

  /** Most commits have nothing to forget, and write nothing more. */
  remember(held: BatchRow, isProgress: boolean, current: number | undefined): void {
    if (current !== undefined) this.#standing(deliveryId(held, current), `work delivery ${current} alone`);
    const before = crashesOf(held);
    const isToForget = isProgress && (before.crashes > 0 || before.current !== null);
    if (!isToForget && current === undefined) return;
    const record = isToForget ? NO_CRASHES : before;
    this.recordCrashes(held.number, { ...record, current: current ?? record.current });
  }

  /** @param batch its number in the table */
  recordCrashes(batch: number, { crashes, current, suspect, suspicions }: CrashRecord): void {
    this.#sql.recordCrashes.run(crashes, current, suspect, suspicions, batch);
  }

  #standing(id: number, action: string): StandingRow {
    const standing = this.#sql.standing.get(id) as StandingRow | undefined;
    if (!standing) throw new IllegalMoveError(action, 'there is no such delivery');
    return standing;
  }
}

export function crashesOf({ crashes, current_index, suspect_index, suspicions }: BatchRow): CrashRecord {
  return { crashes, current: current_index, suspect: suspect_index, suspicions };
}

/** @throws IllegalMoveError for an index that no batch has */
export function deliveryId({ number, batch }: BatchRow, index: number): number {
  refuseIndex(index, batch);
  return number * BATCH_ROOM + index;
}
