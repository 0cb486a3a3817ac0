/** A batch as an object: what its mails are made of, a JSON line a recipient. Written once, before the ledger knows it. */

import type { RunContent } from './frozen.ts';
import type { EarlierRows, PlannedRow } from './planner.ts';
import type { ObjectStore, PlannedDelivery } from './ports.ts';
import { ON_LIST } from './suppression.ts';

/** Recipients in a batch at the most: the unit that one lease and one commit cover. */
export const BATCH_SIZE = 500;

/** Where batches end: when they are full, and where the canary has its recipients, which are in batches of their own. */
export class BatchCut {
  batches = 0;
  /** How many of them are the canary's. */
  canaryBatches = 0;
  #rows = 0;
  #wanted: number;

  /** @param canary recipients of the canary, 0 for none */
  constructor(canary: number) {
    this.#wanted = canary;
  }

  /** @returns whether the batch ends behind this row */
  add({ state }: Pick<PlannedRow, 'state'>): boolean {
    this.#rows += 1;
    const isOfCanary = this.#wanted > 0;
    // Whoever is not sent to is no trial.
    if (isOfCanary && state === 'pending') this.#wanted -= 1;
    if (this.#rows < BATCH_SIZE && !(isOfCanary && this.#wanted === 0)) return false;
    this.#end(isOfCanary);
    return true;
  }

  /** No row comes any more. @returns whether there is a batch that has not ended */
  finish(): boolean {
    if (this.#rows === 0) return false;
    this.#end(this.#wanted > 0);
    return true;
  }

  #end(isOfCanary: boolean): void {
    this.batches += 1;
    if (isOfCanary) this.canaryBatches = this.batches;
    this.#rows = 0;
  }
}

const nameOf = ({ id, contentHash }: RunContent, batch: number) =>
  `runs/${id}/${contentHash.slice(0, 10)}/batches/${String(batch).padStart(6, '0')}.jsonl`;

/**
 * Rows in the order of the audience, as planning found them. Written before any of them is in a batch, where batches are in
 * another order and what is planned hangs on files that come and go.
 */
const pageNameOf = ({ id, contentHash }: RunContent, page: number) =>
  `runs/${id}/${contentHash.slice(0, 10)}/pages/${String(page).padStart(6, '0')}.jsonl`;

/** Harmless when the page is there: its rows are what planning goes by. */
export async function writePage(
  objects: ObjectStore,
  run: RunContent,
  page: number,
  rows: readonly PlannedRow[],
): Promise<void> {
  await objects.write(pageNameOf(run, page), linesOf(rows));
}

/** A batch's number, and who is in it. */
export interface NumberedBatch {
  /** From 1. */
  readonly number: number;
  readonly rows: readonly PlannedRow[];
}

/** Writes those that are not there, in order, and gives all as they stand: an earlier planning's word holds. */
export async function writeBatches<Batch extends NumberedBatch>(
  objects: ObjectStore,
  run: RunContent,
  batches: readonly Batch[],
): Promise<readonly Batch[]> {
  const missing: (readonly [name: string, content: Uint8Array])[] = [];
  const standing: Batch[] = [];
  for (const batch of batches) {
    const name = nameOf(run, batch.number);
    const isThere = await objects.has(name);
    if (!isThere) missing.push([name, linesOf(batch.rows)]);
    standing.push(isThere ? { ...batch, rows: await readRows(objects, name) } : batch);
  }
  if (missing.length > 0) await objects.writeAll(missing);
  return standing;
}

function linesOf(rows: readonly PlannedRow[]): Uint8Array {
  return Buffer.from(
    rows
      .map(
        (row) => `${JSON.stringify(row)}
`,
      )
      .join(''),
  );
}

/**
 * What a planning that was cut off wrote down of a row; `undefined` from where it wrote nothing. All but one recipient's
 * own files is frozen, and a file that comes or changes meanwhile would move rows from one batch to the next, where some
 * are written twice and some never. To be asked in the order of rows: one batch is in memory at a time.
 */
export function earlierRows(objects: ObjectStore, run: RunContent, written: 'batches' | 'pages'): EarlierRows {
  const fileOf = written === 'batches' ? nameOf : pageNameOf;
  let rows: ReadonlyMap<number, PlannedRow> = new Map();
  let batch = 0;
  let lastRow = 0;
  const readOn = async (row: number) => {
    while (row > lastRow) {
      batch += 1;
      const name = fileOf(run, batch);
      const read = (await objects.has(name)) ? await readRows(objects, name) : [];
      rows = new Map(read.map((planned) => [planned.row, planned]));
      lastRow = read.at(-1)?.row ?? Number.POSITIVE_INFINITY;
    }
    return rows.get(row);
  };
  return (row) => (row > lastRow ? readOn(row) : rows.get(row));
}

/** A batch's object is not what was written; who is in it can be found out by planning another run. */
export class BatchFileError extends Error {
  readonly code = 'ERR_BATCH_FILE';
  constructor(file: string, options?: ErrorOptions) {
    super(`Cannot read batch ${file}: it is damaged; mend it from a backup, or start another run with --new`, options);
    this.name = 'BatchFileError';
  }
}

/** @throws ObjectMissingError, BatchFileError */
export async function readBatch(objects: ObjectStore, run: RunContent, batch: number): Promise<PlannedRow[]> {
  return readRows(objects, nameOf(run, batch));
}

async function readRows(objects: ObjectStore, name: string): Promise<PlannedRow[]> {
  const text = Buffer.from(await objects.read(name)).toString();
  const lines = text.split('\n').filter((line) => line !== '');
  try {
    return lines.map((line) => JSON.parse(line) as PlannedRow);
  } catch (cause) {
    throw new BatchFileError(name, { cause });
  }
}

/** The ledger's view of a batch's rows. */
export function deliveriesOf(rows: readonly PlannedRow[]): PlannedDelivery[] {
  return rows.map(({ row, recipient, key, messageId, state, problem }, index) => ({
    index,
    row,
    recipient,
    key,
    messageId,
    state,
    ...(state === 'suppressed' ? { problem: ON_LIST } : {}),
    ...(problem === undefined ? {} : { problem }),
  }));
}
