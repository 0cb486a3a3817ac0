/** What became of each recipient, as JSON Lines: the shape of `status --recipients --json` and of a batch's results file. */
import type { DeliveryRecord, Ledger, ObjectStore } from './ports.ts';

/** One recipient's line. `at`: ISO 8601, `null` while nothing has happened. */
export interface ResultLine {
  readonly recipient: string;
  readonly outcome: string;
  readonly reply: string | null;
  readonly enhancedStatus: string | null;
  readonly queueId: string | null;
  readonly attempts: number;
  readonly messageId: string;
  readonly at: string | null;
  /** Why, where no reply says it. */
  readonly problem?: string;
  /** When a deferred recipient is due again. */
  readonly nextAt?: string;
}

export function resultLine(record: DeliveryRecord): ResultLine {
  const { recipient, outcome, reply, enhancedStatus, queueId, attempts, messageId, at, problem, nextAt } = record;
  const moment = at === null ? null : isoTime(at);
  const line = { recipient, outcome, reply, enhancedStatus, queueId, attempts, messageId, at: moment };
  if (problem === null && nextAt === null) return line;
  return {
    ...line,
    ...(problem === null ? {} : { problem }),
    ...(nextAt === null ? {} : { nextAt: isoTime(nextAt) }),
  };
}

/** Writes one batch's results file, over an earlier one. */
export async function writeResults(objects: ObjectStore, ledger: Ledger, run: string, batch: number): Promise<void> {
  let lines = '';
  for await (const record of ledger.deliveries(run, batch)) lines += `${JSON.stringify(resultLine(record))}\n`;
  await objects.write(`runs/${run}/results/${String(batch).padStart(6, '0')}.jsonl`, Buffer.from(lines));
}

/** Every batch's file once more: a cancellation settles recipients that nobody has in hand. */
export async function writeAllResults(objects: ObjectStore, ledger: Ledger, run: string): Promise<void> {
  const batches = (await ledger.run(run))?.plan?.batches ?? 0;
  for (let batch = 1; batch <= batches; batch += 1) await writeResults(objects, ledger, run, batch);
}

/** ISO 8601 in UTC of epoch milliseconds. */
export function isoTime(at: number): string {
  return new Date(at).toISOString();
}
