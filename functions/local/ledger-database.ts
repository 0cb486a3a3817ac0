/**
 * The ledger's file: how it is opened, what is in it, and how an older one becomes a newer one.
 *
 * A delivery's id holds its batch's number and its index, so that a batch is one range of the table and needs no index.
 * Recipients are found by a table that is written once, sorted, when the plan is complete: an index kept up while
 * planning would be written at random places, which costs ten times the planning itself at a million recipients.
 */
import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { BATCH_ROOM, LedgerError } from '#mailing';
import { sqliteCode, toLedgerError } from './sqlite-error.ts';

/** "Cart": by it SQLite files of other programs are told from ours. */
const APPLICATION_ID = 0x43617274;

/** Each entry leads from the schema of its index to the next; `PRAGMA user_version` counts those done. Append only. */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE run (
     number INTEGER PRIMARY KEY,
     id TEXT NOT NULL UNIQUE,
     campaign TEXT NOT NULL,
     source TEXT NOT NULL,
     slot INTEGER,
     content_hash TEXT NOT NULL,
     created_at INTEGER NOT NULL,
     on_uncertain TEXT NOT NULL,
     expires_at INTEGER NOT NULL,
     plan TEXT                                    -- JSON of PlanCounts; NULL until the plan is complete
   ) STRICT;
   CREATE INDEX run_by_campaign ON run (campaign);
   CREATE TABLE batch (
     number INTEGER PRIMARY KEY,
     run INTEGER NOT NULL REFERENCES run,
     batch INTEGER NOT NULL,
     fence INTEGER NOT NULL DEFAULT 0,
     rev INTEGER NOT NULL DEFAULT 0,
     holder TEXT,                                 -- a process; its lock says whether it lives
     policy TEXT NOT NULL DEFAULT 'hold',         -- the run's on_uncertain when it was claimed
     next_at INTEGER NOT NULL DEFAULT 0,
     closed INTEGER NOT NULL DEFAULT 0,
     UNIQUE (run, batch)
   ) STRICT;
   CREATE INDEX open_batch ON batch (run, batch) WHERE closed = 0;
   CREATE TABLE delivery (
     id INTEGER PRIMARY KEY,                      -- batch.number * ${BATCH_ROOM} + index
     row INTEGER NOT NULL,
     recipient TEXT NOT NULL,
     key TEXT,                                    -- NULL where it is the recipient
     message_id TEXT NOT NULL,
     state TEXT NOT NULL,
     attempt INTEGER NOT NULL DEFAULT 0,
     uncertain_attempts INTEGER NOT NULL DEFAULT 0,
     at INTEGER,
     next_at INTEGER,
     reply TEXT,
     enhanced_status TEXT,
     queue_id TEXT,
     problem TEXT
   ) STRICT;
   CREATE TABLE recipient (                       -- of complete plans, by run: filled in order of the key
     run INTEGER NOT NULL,
     key TEXT NOT NULL,
     delivery INTEGER NOT NULL,
     PRIMARY KEY (run, key, delivery)
   ) STRICT, WITHOUT ROWID;`,
  `ALTER TABLE run ADD COLUMN control TEXT NOT NULL DEFAULT 'going';
   ALTER TABLE run ADD COLUMN control_at INTEGER;  -- when it was last paused, resumed or cancelled
   CREATE TABLE suppression (
     key TEXT PRIMARY KEY,                        -- suppressionKey
     recipient TEXT NOT NULL,                     -- as it was first written
     reason TEXT,
     at INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;`,
  'ALTER TABLE run ADD COLUMN canary TEXT;          -- JSON of CanaryVerdict; NULL until it is given',
  `ALTER TABLE batch ADD COLUMN not_before INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE batch ADD COLUMN zone TEXT;         -- its recipients' IANA time zone; NULL: the schedule's`,
  `ALTER TABLE batch ADD COLUMN crashes INTEGER NOT NULL DEFAULT 0;     -- CrashRecord, as the three that follow
   ALTER TABLE batch ADD COLUMN current_index INTEGER;
   ALTER TABLE batch ADD COLUMN suspect_index INTEGER;
   ALTER TABLE batch ADD COLUMN suspicions INTEGER NOT NULL DEFAULT 0;`,
];

/**
 * Opens the ledger's file, made with mode 0600 when missing, and brings it to the newest schema.
 * @param timeoutMs how long to wait for another process's lock; waiting blocks this process
 * @throws LedgerError
 */
export function openLedgerDatabase(file: string, timeoutMs: number): DatabaseSync {
  try {
    makePrivate(file);
    const database = new DatabaseSync(file, { timeout: timeoutMs });
    try {
      migrate(database, file);
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  } catch (error) {
    throw toLedgerError(error, 'open the ledger', file);
  }
}

/** SQLite gives its -wal and -shm files the mode of the file itself. An existing one is not opened: POSIX locks end with any close. */
export function makePrivate(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return;
    throw error;
  }
}

function migrate(database: DatabaseSync, file: string): void {
  refuseForeign(database, file);
  // FULL: a commit that was acknowledged outlives a loss of power. The log is cut back to 16 MiB after each checkpoint.
  database.exec(`
    PRAGMA trusted_schema = OFF;
    PRAGMA foreign_keys = ON;
    PRAGMA fullfsync = ON;
    PRAGMA cache_size = -16384;
    PRAGMA journal_size_limit = 16777216;`);
  enterWal(database);
  database.exec('PRAGMA synchronous = FULL; BEGIN IMMEDIATE');
  try {
    const done = pragma(database, 'user_version');
    for (const step of MIGRATIONS.slice(done)) database.exec(step);
    if (done < MIGRATIONS.length) {
      database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${MIGRATIONS.length}`);
    }
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

function refuseForeign(database: DatabaseSync, file: string): void {
  const refuse = (problem: string) => new LedgerError(`Cannot open the ledger ${JSON.stringify(file)}: ${problem}`);
  const { application, version, tables } = identity(database);
  if (application !== APPLICATION_ID && (application !== 0 || version !== 0 || tables !== 0)) {
    throw refuse('it is the database of another program; use another folder (--state)');
  }
  if (version > MIGRATIONS.length) {
    const wanted = `this Cartero knows schemas up to ${MIGRATIONS.length}`;
    throw refuse(
      `found schema ${version}, ${wanted}; use the newer Cartero that wrote it, or another folder (--state)`,
    );
  }
}

/** Read in one transaction: another process that makes the tables in between would look like another program. */
function identity(database: DatabaseSync): { application: number; version: number; tables: number } {
  database.exec('BEGIN');
  try {
    const tables = Number(database.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.n);
    return { application: pragma(database, 'application_id'), version: pragma(database, 'user_version'), tables };
  } finally {
    if (database.isTransaction) database.exec('ROLLBACK');
  }
}

/** Entering WAL mode needs the file alone for a moment, and SQLite does not wait for it by itself. */
export function enterWal(database: DatabaseSync): void {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let tries = 1; ; tries += 1) {
    try {
      database.exec('PRAGMA journal_mode = WAL');
      return;
    } catch (error) {
      if (sqliteCode(error) !== 'busy' || tries === 100) throw error;
      Atomics.wait(pause, 0, 0, 20);
    }
  }
}

function pragma(database: DatabaseSync, name: string): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
}
