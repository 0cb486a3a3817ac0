/**
 * A batch as it stands, in plain data, and the moves of its deliveries: the same that every ledger makes. What depends on
 * its run alone (closed, due, cancelled with it) is `standing.ts`.
 */
import {
  afterCrash,
  type BatchTime,
  type CrashRecord,
  type DeliveryState,
  dueAfter,
  IllegalMoveError,
  type Intent,
  isSettled,
  NO_CRASHES,
  QUARANTINE_PROBLEM,
  RESEND_AFTER_MS,
  refuseIndex,
  refuseIntent,
  refuseSettlement,
  type Settlement,
  type UncertainPolicy,
} from '#mailing';

/** What decides of one delivery. */
export interface Row {
  readonly index: number;
  state: DeliveryState;
  attempts: number;
  /** Attempts of which nobody knew. */
  doubts: number;
  /** Of a deferred or an uncertain one. */
  nextAt: number | null;
}

/** How it came to be so. */
export interface Facts {
  readonly at: number | null;
  readonly reply: string | null;
  readonly enhancedStatus: string | null;
  readonly queueId: string | null;
  readonly problem: string | null;
}

/** Only the moment is another; the rest stays as it was. */
export type News = Facts | Pick<Facts, 'at'>;

export interface Batch extends BatchTime {
  readonly number: number;
  fence: number;
  rev: number;
  owner: string | null;
  /** The run's when it was claimed last. */
  policy: UncertainPolicy;
  crashes: CrashRecord;
  /** By index, rising. */
  rows: Row[];
  /** What happened since the last page, by index. */
  news: Map<number, News>;
}

export function copyOf(batch: Batch): Batch {
  return { ...batch, rows: batch.rows.map((row) => ({ ...row })), news: new Map(batch.news) };
}

export function rowOf(batch: Batch, index: number, action: string): Row {
  refuseIndex(index, batch.number);
  const row = batch.rows[index]?.index === index ? batch.rows[index] : batch.rows.find((each) => each.index === index);
  if (row === undefined) throw new IllegalMoveError(action, 'there is no such delivery');
  return row;
}

export function settle(batch: Batch, settlement: Settlement): void {
  const { index, attempt, state } = settlement;
  const action = `settle delivery ${index} of batch ${batch.number} as ${state}`;
  const row = rowOf(batch, index, action);
  refuseSettlement(action, { state: row.state, attempt: row.attempts }, settlement, batch.policy);
  row.state = state;
  row.attempts = attempt;
  row.nextAt = dueAfter(settlement);
  if (state === 'uncertain') row.doubts += 1;
  batch.news.set(index, factsOf(settlement));
}

export function intend(batch: Batch, { index, attempt }: Intent): void {
  const action = `intend delivery ${index} of batch ${batch.number}`;
  const row = rowOf(batch, index, action);
  refuseIntent(action, { state: row.state, attempt: row.attempts }, attempt, batch.policy);
  Object.assign(row, { state: 'intended', attempts: attempt, nextAt: null });
}

/** An outcome lets the crashes be forgotten, and whoever was current. */
export function remember(batch: Batch, isProgress: boolean, current: number | undefined): void {
  if (current !== undefined) rowOf(batch, current, `work delivery ${current} alone`);
  if (isProgress) batch.crashes = NO_CRASHES;
  if (current !== undefined) batch.crashes = { ...batch.crashes, current };
}

/** What a holder that is gone had intended. @returns whether there was any */
export function doubt(batch: Batch, now: number): boolean {
  const doubted = batch.rows.filter(({ state }) => state === 'intended');
  for (const row of doubted) {
    const problem = `the process of attempt ${row.attempts} ended before its outcome was known`;
    batch.news.set(row.index, { at: now, reply: null, enhancedStatus: null, queueId: null, problem });
    Object.assign(row, { state: 'uncertain', doubts: row.doubts + 1, nextAt: now + RESEND_AFTER_MS });
  }
  return doubted.length > 0;
}

/** Who was in doubt once is not sent again. */
export function withdraw(batch: Batch): void {
  for (const row of batch.rows) if (row.state === 'deferred' && row.doubts > 0) row.state = 'uncertain';
}

/** Ends whoever is in one of the states by the lapse of time or a person's word, with the last reply kept. */
export function end(
  batch: Batch,
  from: readonly DeliveryState[],
  to: 'expired' | 'cancelled',
  at: number | null,
): void {
  for (const row of batch.rows) {
    if (!from.includes(row.state)) continue;
    Object.assign(row, { state: to, nextAt: null });
    batch.news.set(row.index, { ...batch.news.get(row.index), at });
  }
}

/** What the last holder's end says of the row that it had alone. */
export function lookBack(batch: Batch, policy: UncertainPolicy, now: number): void {
  const action = `claim batch ${batch.number}`;
  const { record, quarantined } = afterCrash(batch.crashes, (index) =>
    isSettled(rowOf(batch, index, action).state, policy),
  );
  batch.crashes = record;
  if (quarantined === null) return;
  Object.assign(rowOf(batch, quarantined, action), { state: 'quarantined', nextAt: null });
  const facts = { at: now, reply: null, enhancedStatus: null, queueId: null, problem: QUARANTINE_PROBLEM };
  batch.news.set(quarantined, facts);
}

/** Whoever had it has lost it, and what was in its hands is known to be over. */
export function takeBack(batch: Batch): void {
  Object.assign(batch, { fence: batch.fence + 1, owner: null, crashes: NO_CRASHES });
}

export function factsOf(said: Partial<Facts> | Settlement): Facts {
  const { at = null, reply = null, enhancedStatus = null, queueId = null, problem = null } = said;
  return { at, reply, enhancedStatus, queueId, problem };
}
