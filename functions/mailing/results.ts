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
  return {
    recipient: record.recipient,
    outcome: record.outcome,
    reply: record.reply,
    enhancedStatus: record.enhancedStatus,
    queueId: record.queueId,
    attempts: record.attempts,
    messageId: record.messageId,
    at: record.at === null ? null : isoTime(record.at),
    ...(record.problem === null ? {} : { problem: record.problem }),
    ...(record.nextAt === null ? {} : { nextAt: isoTime(record.nextAt) }),
  };
}

/** Writes one batch's results file, over an earlier one. */
export async function writeResults(objects: ObjectStore, ledger: Ledger, run: string, batch: number): Promise<void> {
  const lines: string[] = [];
  for await (const record of ledger.deliveries(run, batch)) lines.push(`${JSON.stringify(resultLine(record))}\n`);
  await objects.write(`runs/${run}/results/${String(batch).padStart(6, '0')}.jsonl`, Buffer.from(lines.join('')));
}

/** ISO 8601 in UTC of epoch milliseconds. */
export function isoTime(at: number): string {
  return new Date(at).toISOString();
}
