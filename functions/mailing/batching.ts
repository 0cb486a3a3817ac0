/**
 * How a plan's rows become batches: in the order of the audience, or by the recipients' own time zones. What is in a batch,
 * and its number, hang on the rows alone, so that planning again after a death makes the same ones. The canary's recipients
 * are the first of the audience, and in batches of their own, whatever their zones.
 */
import { BATCH_SIZE, BatchCut } from './batch-file.ts';
import { ANY_TIME, type BatchTime } from './batch-time.ts';
import type { PlannedRow } from './planner.ts';
import type { RecipientTime, RecipientTimes } from './schedule/recipient-times.ts';

/** Rows kept in memory: with more, the largest zone's go into a batch that is not full. */
const MAX_WAITING = 20_000;

export interface PlannedBatch {
  /** From 1. */
  readonly number: number;
  readonly rows: readonly PlannedRow[];
  readonly time: BatchTime;
}

export interface Batching {
  readonly batches: number;
  /** How many of them are the canary's. */
  readonly canaryBatches: number;
  /** @returns the batches that are whole with this row, in order */
  add(row: PlannedRow): readonly PlannedBatch[];
  /** No row comes any more. @returns the batches that are left */
  finish(): readonly PlannedBatch[];
}

/** @param canary recipients of the canary, 0 for none; @param times `null` where it is one moment for everybody */
export function batchingOf(canary: number, times: RecipientTimes | null): Batching {
  return times === null ? new OrderedBatching(canary) : new ZoneBatching(canary, times);
}

const NONE: readonly PlannedBatch[] = [];

class OrderedBatching implements Batching {
  readonly #cut: BatchCut;
  #rows: PlannedRow[] = [];

  constructor(canary: number) {
    this.#cut = new BatchCut(canary);
  }

  get batches(): number {
    return this.#cut.batches;
  }

  get canaryBatches(): number {
    return this.#cut.canaryBatches;
  }

  add(row: PlannedRow): readonly PlannedBatch[] {
    this.#rows.push(row);
    return this.#cut.add(row) ? this.#take() : NONE;
  }

  finish(): readonly PlannedBatch[] {
    return this.#cut.finish() ? this.#take() : NONE;
  }

  #take(): readonly PlannedBatch[] {
    const rows = this.#rows;
    this.#rows = [];
    return [{ number: this.batches, rows, time: ANY_TIME }];
  }
}

class ZoneBatching implements Batching {
  batches = 0;
  canaryBatches = 0;
  readonly #times: RecipientTimes;
  readonly #waiting = new Map<string | null, PlannedRow[]>();
  #count = 0;
  /** Recipients that the canary still lacks. */
  #wanted: number;

  constructor(canary: number, times: RecipientTimes) {
    this.#wanted = canary;
    this.#times = times;
  }

  add(planned: PlannedRow): readonly PlannedBatch[] {
    const zone = planned.zone ?? null;
    const row = timed(planned, this.#times.timeOf(zone));
    const rows = this.#waiting.get(zone) ?? [];
    rows.push(row);
    this.#waiting.set(zone, rows);
    this.#count += 1;
    const isOfCanary = this.#wanted > 0;
    // Whoever is not sent to is no trial.
    if (isOfCanary && row.state === 'pending') this.#wanted -= 1;
    if (isOfCanary && this.#wanted === 0) return this.#takeAll(true);
    if (rows.length === BATCH_SIZE) return [this.#take(zone, rows, isOfCanary)];
    return this.#count < MAX_WAITING ? NONE : [this.#take(...this.#largest(), isOfCanary)];
  }

  finish(): readonly PlannedBatch[] {
    return this.#takeAll(this.#wanted > 0);
  }

  /** Those that are sent to first come first. */
  #takeAll(isOfCanary: boolean): PlannedBatch[] {
    const moment = (zone: string | null) => this.#times.timeOf(zone).date;
    const groups = [...this.#waiting].sort(
      ([one], [other]) => moment(one) - moment(other) || ((one ?? '') < (other ?? '') ? -1 : 1),
    );
    return groups.map(([zone, rows]) => this.#take(zone, rows, isOfCanary));
  }

  #largest(): [string | null, PlannedRow[]] {
    return [...this.#waiting].reduce((most, next) => (next[1].length > most[1].length ? next : most));
  }

  #take(zone: string | null, rows: PlannedRow[], isOfCanary: boolean): PlannedBatch {
    this.#waiting.delete(zone);
    this.#count -= rows.length;
    this.batches += 1;
    if (isOfCanary) this.canaryBatches = this.batches;
    const { notBefore } = this.#times.timeOf(zone);
    return { number: this.batches, rows, time: { notBefore, zone } };
  }
}

/** The row with the Date of its mail; where its moment was missed, with that as its outcome. */
function timed(row: PlannedRow, { date, missed }: RecipientTime): PlannedRow {
  if (row.state !== 'pending') return row;
  if (missed === null) return { ...row, date };
  const { fields: _fields, files: _files, ...rest } = row;
  return { ...rest, state: 'expired', problem: missed };
}
