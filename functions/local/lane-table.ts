/**
 * Lanes on one machine: a page for each relay, in a SQLite file of its own. What is in it matters only to living
 * processes, and is left out of a page once its process is dead, so that nothing waits for the disk: a power cut that
 * takes the last writes with it takes the processes, too.
 */
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { LaneBook, LaneHolder, LanePage } from '#mailing';
import { enterWal, makePrivate } from './ledger-database.ts';
import type { ProcessLock } from './process-lock.ts';
import { toLedgerError } from './sqlite-error.ts';

/** A write takes microseconds; who is locked out for longer asks again later, and has stood still for no longer. */
const TIMEOUT_MS = 2000;

interface Statements {
  readonly database: DatabaseSync;
  readonly read: StatementSync;
  readonly begin: StatementSync;
  readonly change: StatementSync;
}

export class LaneTable implements LaneBook {
  readonly #file: string;
  readonly #lock: Pick<ProcessLock, 'isAlive'>;
  #opened: Statements | null = null;
  #isClosed = false;

  /** @param file opened, and made where it is missing, when it is first asked */
  constructor(file: string, lock: Pick<ProcessLock, 'isAlive'>) {
    this.#file = file;
    this.#lock = lock;
  }

  async read(relay: string): Promise<LanePage> {
    return this.#guarded('read', ({ read }) => {
      const page = read.get(relay) as { rev: number; holders: string } | undefined;
      if (page === undefined) return { rev: 0, holders: [] };
      const holders = JSON.parse(page.holders) as LaneHolder[];
      return { rev: page.rev, holders: holders.filter(({ owner }) => this.#lock.isAlive(owner)) };
    });
  }

  async write(relay: string, rev: number, holders: readonly LaneHolder[]): Promise<boolean> {
    return this.#guarded('write', ({ begin, change }) => {
      const text = JSON.stringify(holders);
      const { changes } = rev === 0 ? begin.run(relay, text) : change.run(text, relay, rev);
      return Number(changes) === 1;
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#opened?.database.close();
    this.#opened = null;
  }

  #guarded<T>(verb: string, work: (statements: Statements) => T): T {
    try {
      if (this.#isClosed) throw new Error(`Cannot ${verb} lanes: the state is closed`);
      this.#opened ??= open(this.#file);
      return work(this.#opened);
    } catch (error) {
      throw toLedgerError(error, `${verb} the lanes in`, this.#file);
    }
  }
}

function open(file: string): Statements {
  makePrivate(file);
  const database = new DatabaseSync(file, { timeout: TIMEOUT_MS });
  try {
    database.exec('PRAGMA trusted_schema = OFF');
    enterWal(database);
    database.exec(`PRAGMA synchronous = NORMAL;
      CREATE TABLE IF NOT EXISTS page (
        relay TEXT PRIMARY KEY,
        rev INTEGER NOT NULL,
        holders TEXT NOT NULL                       -- JSON of LaneHolder[]
      ) STRICT, WITHOUT ROWID`);
    return {
      database,
      read: database.prepare('SELECT rev, holders FROM page WHERE relay = ?'),
      begin: database.prepare('INSERT INTO page (relay, rev, holders) VALUES (?, 1, ?) ON CONFLICT DO NOTHING'),
      change: database.prepare('UPDATE page SET rev = rev + 1, holders = ? WHERE relay = ? AND rev = ?'),
    };
  } catch (error) {
    database.close();
    throw error;
  }
}
