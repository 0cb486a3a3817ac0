/**
 * Mails of a day by relay on one machine, in a SQLite file of its own: a count that would be lost with the power would be
 * mails too many, so that each write waits for the disk.
 */
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { AllowanceBook } from '#mailing';
import { syncFolder } from './durable-folder.ts';
import { enterWal, makePrivate } from './ledger-database.ts';
import { toLedgerError } from './sqlite-error.ts';

interface Statements {
  readonly database: DatabaseSync;
  readonly taken: StatementSync;
  readonly begin: StatementSync;
  readonly change: StatementSync;
}

export class AllowanceTable implements AllowanceBook {
  readonly #file: string;
  readonly #timeoutMs: number;
  #opened: Statements | null = null;
  #isClosed = false;

  /** @param file opened, and made where it is missing, when it is first asked */
  constructor(file: string, timeoutMs: number) {
    this.#file = file;
    this.#timeoutMs = timeoutMs;
  }

  async taken(relay: string, day: string): Promise<number> {
    return this.#guarded('read', ({ taken }) => {
      const row = taken.get(relay, day) as { mails: number } | undefined;
      return row?.mails ?? 0;
    });
  }

  async change(relay: string, day: string, before: number, after: number): Promise<boolean> {
    return this.#guarded('write', ({ begin, change }) => {
      const isNew = before === 0 && Number(begin.run(relay, day, after).changes) === 1;
      return isNew || Number(change.run(after, relay, day, before).changes) === 1;
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#opened?.database.close();
    this.#opened = null;
  }

  #guarded<T>(verb: string, work: (statements: Statements) => T): T {
    try {
      if (this.#isClosed) throw new Error(`Cannot ${verb} a day's allowance: the state is closed`);
      this.#opened ??= open(this.#file, this.#timeoutMs);
      return work(this.#opened);
    } catch (error) {
      throw toLedgerError(error, `${verb} the day's allowance in`, this.#file);
    }
  }
}

function open(file: string, timeoutMs: number): Statements {
  makePrivate(file);
  const database = new DatabaseSync(file, { timeout: timeoutMs });
  try {
    database.exec('PRAGMA trusted_schema = OFF; PRAGMA fullfsync = ON');
    enterWal(database);
    database.exec(`PRAGMA synchronous = FULL;
      CREATE TABLE IF NOT EXISTS allowance (
        relay TEXT NOT NULL,                        -- its name in relays.json
        day TEXT NOT NULL,                          -- 2026-12-01
        mails INTEGER NOT NULL,
        PRIMARY KEY (relay, day)
      ) STRICT, WITHOUT ROWID`);
    syncFolder(dirname(file));
    return {
      database,
      taken: database.prepare('SELECT mails FROM allowance WHERE relay = ? AND day = ?'),
      begin: database.prepare('INSERT INTO allowance (relay, day, mails) VALUES (?, ?, ?) ON CONFLICT DO NOTHING'),
      change: database.prepare('UPDATE allowance SET mails = ? WHERE relay = ? AND day = ? AND mails = ?'),
    };
  } catch (error) {
    database.close();
    throw error;
  }
}
