/** What the processes of a state say of how they go: beside the lanes, for it matters as they do only while its process lives. */
import { existsSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import type { Standing, StandingBook } from '#mailing';
import type { ProcessLock } from './process-lock.ts';
import { SideFile } from './side-file.ts';

const TIMEOUT_MS = 2000;

export class StandingTable implements StandingBook {
  readonly #file: string;
  readonly #lock: Pick<ProcessLock, 'isAlive'>;
  readonly #side: SideFile<DatabaseSync>;

  /** @param file made where it is missing, when something is said first */
  constructor(file: string, lock: Pick<ProcessLock, 'isAlive'>) {
    this.#file = file;
    this.#lock = lock;
    const prepare = (database: DatabaseSync) => database;
    this.#side = new SideFile(file, {
      what: 'the standings',
      table: TABLE,
      durable: false,
      timeoutMs: TIMEOUT_MS,
      prepare,
    });
  }

  async say(standing: Standing): Promise<void> {
    this.#side.use('write', (database) => {
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
    return this.#side.use('read', (database) => {
      const rows = database.prepare('SELECT words FROM standing WHERE run = ? ORDER BY owner').all(run);
      const standings = rows.map(({ words }) => JSON.parse(String(words)) as Standing);
      return standings.filter(({ owner }) => this.#lock.isAlive(owner));
    });
  }

  close(): void {
    this.#side.close();
  }
}

const TABLE = `CREATE TABLE IF NOT EXISTS standing (
  owner TEXT PRIMARY KEY,
  run TEXT NOT NULL,
  words TEXT NOT NULL                               -- JSON of Standing
) STRICT, WITHOUT ROWID`;
