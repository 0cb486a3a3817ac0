/** What the processes of a state say of how they go: beside the lanes, for it matters as they do only while its process lives. */
import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { Standing, StandingBook } from '#mailing';
import { enterWal, makePrivate } from './ledger-database.ts';
import type { ProcessLock } from './process-lock.ts';
import { toLedgerError } from './sqlite-error.ts';

const TIMEOUT_MS = 2000;

export class StandingTable implements StandingBook {
  readonly #file: string;
  readonly #lock: Pick<ProcessLock, 'isAlive'>;
  #database: DatabaseSync | null = null;
  #isClosed = false;

  /** @param file made where it is missing, when something is said first */
  constructor(file: string, lock: Pick<ProcessLock, 'isAlive'>) {
    this.#file = file;
    this.#lock = lock;
  }

  async say(standing: Standing): Promise<void> {
    this.#guarded('write', (database) => {
      for (const { owner } of database.prepare('SELECT owner FROM standing').all())
        if (!this.#lock.isAlive(String(owner)))
          database.prepare('DELETE FROM standing WHERE owner = ?').run(owner ?? '');
      const { owner, run } = standing;
      database
        .prepare('INSERT OR REPLACE INTO standing (owner, run, words) VALUES (?, ?, ?)')
        .run(owner, run, JSON.stringify(standing));
    });
  }

  async of(run: string): Promise<Standing[]> {
    if (!existsSync(this.#file)) return [];
    return this.#guarded('read', (database) => {
      const rows = database.prepare('SELECT words FROM standing WHERE run = ? ORDER BY owner').all(run);
      const standings = rows.map(({ words }) => JSON.parse(String(words)) as Standing);
      return standings.filter(({ owner }) => this.#lock.isAlive(owner));
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#database?.close();
    this.#database = null;
  }

  #guarded<T>(verb: string, work: (database: DatabaseSync) => T): T {
    try {
      if (this.#isClosed) throw new Error(`Cannot ${verb} standings: the state is closed`);
      this.#database ??= open(this.#file);
      return work(this.#database);
    } catch (error) {
      throw toLedgerError(error, `${verb} the standings in`, this.#file);
    }
  }
}

function open(file: string): DatabaseSync {
  makePrivate(file);
  const database = new DatabaseSync(file, { timeout: TIMEOUT_MS });
  try {
    database.exec('PRAGMA trusted_schema = OFF');
    enterWal(database);
    database.exec(`PRAGMA synchronous = NORMAL;
      CREATE TABLE IF NOT EXISTS standing (
        owner TEXT PRIMARY KEY,
        run TEXT NOT NULL,
        words TEXT NOT NULL                         -- JSON of Standing
      ) STRICT, WITHOUT ROWID`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}
