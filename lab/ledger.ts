/** What the ledger says, read by SQL of the lab's own: what is to be shown is not asked of the program that is on trial. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

export interface LedgerRow {
  readonly batch: number;
  readonly index: number;
  readonly recipient: string;
  readonly messageId: string;
  /** As it is kept; `intended` by a dead process is not known to be over before the next claim. */
  readonly state: string;
  readonly attempts: number;
  readonly uncertainAttempts: number;
  /** Epoch ms. */
  readonly nextAt: number | null;
}

export interface LedgerRun {
  readonly id: string;
  readonly onUncertain: string;
  readonly control: string;
  readonly isPlanned: boolean;
  readonly openBatches: number;
  readonly rows: readonly LedgerRow[];
}

/** As in the program: a delivery's id is its batch's number times this, and its index. */
const BATCH_ROOM = 65_536;

/** @returns the runs of a state, none where there is no ledger yet */
export function readLedger(state: string): LedgerRun[] {
  const file = join(state, 'ledger.sqlite');
  if (!existsSync(file)) return [];
  const database = new DatabaseSync(file, { readOnly: true, timeout: 10_000 });
  try {
    if (database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'run'").get() === undefined) return [];
    const runs = database
      .prepare('SELECT number, id, on_uncertain, control, plan IS NOT NULL AS planned FROM run')
      .all();
    return runs.map((run) => ({
      id: String(run.id),
      onUncertain: String(run.on_uncertain),
      control: String(run.control),
      isPlanned: run.planned === 1,
      openBatches: count(database, run.number),
      rows: rowsOf(database, run.number),
    }));
  } finally {
    database.close();
  }
}

type Value = ReturnType<ReturnType<DatabaseSync['prepare']>['all']>[number][string];

function count(database: DatabaseSync, run: Value | undefined): number {
  const sentence = database.prepare('SELECT count(*) AS n FROM batch WHERE run = ? AND closed = 0');
  return Number(sentence.get(run ?? null)?.n);
}

function rowsOf(database: DatabaseSync, run: Value | undefined): LedgerRow[] {
  const sentence = database.prepare(
    `SELECT batch.batch, delivery.id, recipient, message_id, state, attempt, uncertain_attempts, delivery.next_at
     FROM batch JOIN delivery ON delivery.id / ${BATCH_ROOM} = batch.number WHERE batch.run = ? ORDER BY delivery.id`,
  );
  return sentence.all(run ?? null).map((row) => ({
    batch: Number(row.batch),
    index: Number(row.id) % BATCH_ROOM,
    recipient: String(row.recipient),
    messageId: String(row.message_id),
    state: String(row.state),
    attempts: Number(row.attempt),
    uncertainAttempts: Number(row.uncertain_attempts),
    nextAt: row.next_at === null ? null : Number(row.next_at),
  }));
}

/** Whether a further start would have to send: nobody is settled by waiting. */
export function isOpen(row: LedgerRow, run: LedgerRun): boolean {
  if (['pending', 'intended', 'deferred'].includes(row.state)) return true;
  return row.state === 'uncertain' && run.onUncertain === 'resend';
}
