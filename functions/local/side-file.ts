/** A small SQLite file beside the ledger, with one table: opened, and made where it is missing, when it is first asked. */
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { syncFolder } from './durable-folder.ts';
import { enterWal, makePrivate } from './ledger-database.ts';
import { toLedgerError } from './sqlite-error.ts';

export interface SideFileOptions<Statements> {
  /** What it holds, for errors: 'the lanes'. */
  readonly what: string;
  /** The SQL that makes its table, harmless where it is there. */
  readonly table: string;
  /** Whether each write waits for the disk, so that it outlives a power cut. */
  readonly durable: boolean;
  /** For how long a write waits for others, ms. */
  readonly timeoutMs: number;
  readonly prepare: (database: DatabaseSync) => Statements;
}

export class SideFile<Statements> {
  readonly #file: string;
  readonly #options: SideFileOptions<Statements>;
  #opened: { readonly database: DatabaseSync; readonly statements: Statements } | null = null;
  #isClosed = false;

  constructor(file: string, options: SideFileOptions<Statements>) {
    this.#file = file;
    this.#options = options;
  }

  /** @param verb 'read' or 'write', for errors @throws LedgerError */
  use<T>(verb: string, work: (statements: Statements) => T): T {
    const { what } = this.#options;
    try {
      if (this.#isClosed) throw new Error(`Cannot ${verb} ${what}: the state is closed`);
      this.#opened ??= open(this.#file, this.#options);
      return work(this.#opened.statements);
    } catch (error) {
      throw toLedgerError(error, `${verb} ${what} in`, this.#file);
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#opened?.database.close();
    this.#opened = null;
  }
}

function open<Statements>(file: string, { table, durable, timeoutMs, prepare }: SideFileOptions<Statements>) {
  makePrivate(file);
  const database = new DatabaseSync(file, { timeout: timeoutMs });
  try {
    database.exec('PRAGMA trusted_schema = OFF');
    if (durable) database.exec('PRAGMA fullfsync = ON');
    enterWal(database);
    database.exec(`PRAGMA synchronous = ${durable ? 'FULL' : 'NORMAL'}; ${table}`);
    if (durable) syncFolder(dirname(file));
    return { database, statements: prepare(database) };
  } catch (error) {
    database.close();
    throw error;
  }
}
