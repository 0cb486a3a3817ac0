/** A batch as an object: what its mails are made of, a JSON line a recipient. Written once, before the ledger knows it. */

import type { RunContent } from './frozen.ts';
import type { PlannedRow } from './planner.ts';
import type { ObjectStore, PlannedDelivery } from './ports.ts';

/** Recipients in a batch at the most: the unit that one lease and one commit cover. */
export const BATCH_SIZE = 500;

const nameOf = ({ id, contentHash }: RunContent, batch: number) =>
  `runs/${id}/${contentHash.slice(0, 10)}/batches/${String(batch).padStart(6, '0')}.jsonl`;

/** Writes the batch unless it is there, and gives the rows as they stand in it: an earlier planning's word holds. */
export async function writeBatch(
  objects: ObjectStore,
  run: RunContent,
  batch: number,
  rows: readonly PlannedRow[],
): Promise<readonly PlannedRow[]> {
  const name = nameOf(run, batch);
  if (await objects.has(name)) return readBatch(objects, run, batch);
  await objects.write(name, Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join('')));
  return rows;
}

/** @throws ObjectMissingError */
export async function readBatch(objects: ObjectStore, run: RunContent, batch: number): Promise<PlannedRow[]> {
  const text = Buffer.from(await objects.read(nameOf(run, batch))).toString();
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as PlannedRow);
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
    ...(problem === undefined ? {} : { problem }),
  }));
}
