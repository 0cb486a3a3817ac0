/** Where a story takes place: what outlives every process, and which of them live. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { Ledger, SuppressionList } from '#mailing';
import { openLedgerDatabase } from '../../functions/local/ledger-database.ts';
import { SqliteLedger } from '../../functions/local/sqlite-ledger.ts';
import { SuppressionTable } from '../../functions/local/suppression-table.ts';
import { LedgerModel } from './ledger-model.ts';
import { MemoryLedger } from './memory-ledger.ts';
import { MemorySuppressions } from './stores.ts';

export interface Stage {
  /** The ledger as the process of that name has it. */
  ledgerOf(owner: string): Ledger;
  readonly suppressions: SuppressionList;
}

export type IsAlive = (owner: string) => boolean;

export function memoryStage(isAlive: IsAlive): Stage {
  const model = new LedgerModel();
  return {
    ledgerOf: (owner) => new MemoryLedger(model, { owner, isAlive }),
    suppressions: new MemorySuppressions(),
  };
}

interface Sqlite {
  readonly database: DatabaseSync;
  readonly ledger: SqliteLedger;
  readonly suppressions: SuppressionTable;
  readonly lock: { owner: string; isAlive: IsAlive; close(): void };
}

let sqlite: Sqlite | undefined;

/** One database for all stories of this process, emptied before each: to make one takes longer than a story. */
export function sqliteStage(isAlive: IsAlive): Stage {
  sqlite ??= openSqlite();
  const { database, ledger, suppressions, lock } = sqlite;
  for (const table of ['delivery', 'recipient', 'batch', 'run', 'suppression']) database.exec(`DELETE FROM ${table}`);
  lock.isAlive = isAlive;
  return { ledgerOf: (owner) => asOwner(ledger, lock, owner), suppressions };
}

function openSqlite(): Sqlite {
  const folder = mkdtempSync(join(tmpdir(), 'cartero-simulation-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const database = openLedgerDatabase(join(folder, 'ledger.sqlite'), 0);
  // Nothing here outlives its process, so nothing needs to reach the disk.
  database.exec('PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY');
  const lock = { owner: '', isAlive: () => false, close: () => {} };
  return { database, ledger: new SqliteLedger(database, lock), suppressions: new SuppressionTable(database), lock };
}

/** Each method does its work before it returns, so that the ledger is nobody else's meanwhile. */
function asOwner(ledger: SqliteLedger, lock: Sqlite['lock'], owner: string): Ledger {
  return new Proxy<Ledger>(ledger, {
    get: (_, name) => {
      const value: unknown = Reflect.get(ledger, name);
      if (typeof value !== 'function') return value;
      return (...words: unknown[]): unknown => {
        lock.owner = owner;
        return Reflect.apply(value, ledger, words);
      };
    },
  });
}
