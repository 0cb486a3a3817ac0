/**
 * Planned rows on their way into batches. Several batches are made durable by one write of objects and one of the ledger,
 * while the next are planned: a disk takes as long for one as for eight. The objects come first, and in order, so that a
 * planning that goes on finds the first of them written and none behind.
 */
import { deliveriesOf, writeBatches } from './batch-file.ts';
import type { PlannedBatch } from './batching.ts';
import type { PlannedRow } from './planner.ts';
import type { Ledger, ObjectStore, RunRecord, SuppressionList } from './ports.ts';
import { suppressionKeyOf } from './suppression.ts';

/** Batches that are made durable together: more would cost memory and save little. */
const TOGETHER = 8;

export interface BatchPorts {
  readonly ledger: Ledger;
  readonly objects: ObjectStore;
  readonly suppressions: SuppressionList;
}

export class BatchWriter {
  readonly #ports: BatchPorts;
  readonly #run: RunRecord;
  #waiting: PlannedBatch[] = [];
  /** One write at a time; what it threw is thrown by the next call that waits for it. */
  #writing: Promise<void> = Promise.resolve();

  constructor(ports: BatchPorts, run: RunRecord) {
    this.#ports = ports;
    this.#run = run;
  }

  /** @returns whether batches were handed on */
  async add(batch: PlannedBatch): Promise<boolean> {
    if (this.#waiting.push(batch) < TOGETHER) return false;
    await this.#handOn();
    return true;
  }

  /** Waits until every batch is durable. */
  async finish(): Promise<void> {
    await this.#handOn();
    await this.#writing;
  }

  /** Waits until nothing is being written; throws nothing. */
  async settled(): Promise<void> {
    await this.#writing.catch(() => {});
  }

  async #handOn(): Promise<void> {
    const batches = this.#waiting;
    this.#waiting = [];
    await this.#writing;
    this.#writing = this.#write(batches);
    // Whoever waits for it hears of it.
    this.#writing.catch(() => {});
  }

  async #write(batches: readonly PlannedBatch[]): Promise<void> {
    const { ledger, objects, suppressions } = this.#ports;
    const meant: PlannedBatch[] = [];
    for (const batch of batches) meant.push({ ...batch, rows: await withoutSuppressed(batch.rows, suppressions) });
    const standing = await writeBatches(objects, this.#run, meant);
    await ledger.addBatches(
      this.#run.id,
      standing.map(({ number, rows, time }) => [number, deliveriesOf(rows), time]),
    );
  }
}

/** The plan's hash says who is meant; who of them is suppressed changes from hour to hour, and is not in it. */
async function withoutSuppressed(
  rows: readonly PlannedRow[],
  suppressions: SuppressionList,
): Promise<readonly PlannedRow[]> {
  const keys = rows.map(({ recipient }) => suppressionKeyOf(recipient));
  const shut = await suppressions.among(keys);
  if (shut.size === 0) return rows;
  return rows.map((row, index) =>
    row.state === 'pending' && shut.has(keys[index] ?? '') ? { ...row, state: 'suppressed' as const } : row,
  );
}
