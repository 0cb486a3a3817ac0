/** The suppression list as a table beside the ledger's, in its file: what is committed is seen by each later look. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Suppression, SuppressionList } from '#mailing';
import { toLedgerError } from './sqlite-error.ts';

/** Entries read at once by a listing. */
const PAGE = 1000;

export class SuppressionTable implements SuppressionList {
  readonly #database: DatabaseSync;
  readonly #file: string;
  readonly #add: StatementSync;
  readonly #remove: StatementSync;
  readonly #any: StatementSync;
  readonly #among: StatementSync;
  readonly #find: StatementSync;
  readonly #page: StatementSync;

  /** @param database from `openLedgerDatabase`; the ledger closes it */
  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#file = database.location() ?? '';
    this.#add = database.prepare(
      'INSERT INTO suppression (key, recipient, reason, at) VALUES (?, ?, ?, ?) ON CONFLICT (key) DO NOTHING',
    );
    this.#remove = database.prepare('DELETE FROM suppression WHERE key = ?');
    this.#any = database.prepare('SELECT 1 FROM suppression LIMIT 1');
    this.#among = database.prepare('SELECT key FROM suppression WHERE key IN (SELECT value FROM json_each(?))');
    this.#find = database.prepare('SELECT key, recipient, reason, at FROM suppression WHERE key = ?');
    this.#page = database.prepare(
      `SELECT key, recipient, reason, at FROM suppression WHERE key > ? ORDER BY key LIMIT ${PAGE}`,
    );
  }

  async add(entries: readonly Suppression[]): Promise<number> {
    return this.#write(() =>
      sum(entries, ({ key, recipient, reason, at }) => this.#add.run(key, recipient, reason, at)),
    );
  }

  async remove(keys: readonly string[]): Promise<number> {
    return this.#write(() => sum(keys, (key) => this.#remove.run(key)));
  }

  async among(keys: readonly string[]): Promise<ReadonlySet<string>> {
    return this.#guarded('read the suppression list', () => {
      // Most states have nobody on it, and a plan of a million asks for each of them.
      if (this.#any.get() === undefined) return new Set();
      const rows = this.#among.all(JSON.stringify(keys)) as { key: string }[];
      return new Set(rows.map(({ key }) => key));
    });
  }

  async find(key: string): Promise<Suppression | null> {
    return this.#guarded('read the suppression list', () => {
      const found = this.#find.get(key) as Suppression | undefined;
      return found === undefined ? null : { ...found };
    });
  }

  async *list(): AsyncGenerator<Suppression> {
    let after = '';
    for (;;) {
      const page = this.#guarded('read the suppression list', () => this.#page.all(after) as unknown as Suppression[]);
      for (const { key, recipient, reason, at } of page) yield { key, recipient, reason, at };
      const last = page.at(-1);
      if (last === undefined) return;
      after = last.key;
    }
  }

  #write<T>(work: () => T): T {
    return this.#guarded('write the suppression list', () => {
      try {
        this.#database.exec('BEGIN IMMEDIATE');
        const result = work();
        this.#database.exec('COMMIT');
        return result;
      } catch (error) {
        if (this.#database.isOpen && this.#database.isTransaction) this.#database.exec('ROLLBACK');
        throw error;
      }
    });
  }

  #guarded<T>(action: string, work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw toLedgerError(error, action, this.#file);
    }
  }
}

function sum<T>(items: readonly T[], change: (item: T) => { changes: number | bigint }): number {
  return items.reduce((total, item) => total + Number(change(item).changes), 0);
}
