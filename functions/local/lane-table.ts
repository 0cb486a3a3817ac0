/**
 * Lanes on one machine: a page for each relay, in a SQLite file of its own. What is in it matters only to living
 * processes, and is left out of a page once its process is dead, so that nothing waits for the disk: a power cut that
 * takes the last writes with it takes the processes, too.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { LaneBook, LaneHolder, LanePage } from '#mailing';
import type { ProcessLock } from './process-lock.ts';
import { SideFile } from './side-file.ts';

/** A write takes microseconds; who is locked out for longer asks again later, and has stood still for no longer. */
const TIMEOUT_MS = 2000;

export class LaneTable implements LaneBook {
  readonly #side: SideFile<ReturnType<typeof prepare>>;
  readonly #lock: Pick<ProcessLock, 'isAlive'>;

  /** @param file opened, and made where it is missing, when it is first asked */
  constructor(file: string, lock: Pick<ProcessLock, 'isAlive'>) {
    this.#side = new SideFile(file, {
      what: 'the lanes',
      table: TABLE,
      durable: false,
      timeoutMs: TIMEOUT_MS,
      prepare,
    });
    this.#lock = lock;
  }

  async read(relay: string): Promise<LanePage> {
    return this.#side.use('read', ({ read }) => {
      const page = read.get(relay) as { rev: number; holders: string } | undefined;
      if (page === undefined) return { rev: 0, holders: [] };
      const holders = JSON.parse(page.holders) as LaneHolder[];
      return { rev: page.rev, holders: holders.filter(({ owner }) => this.#lock.isAlive(owner)) };
    });
  }

  async write(relay: string, rev: number, holders: readonly LaneHolder[]): Promise<boolean> {
    return this.#side.use('write', ({ begin, change }) => {
      const text = JSON.stringify(holders);
      const { changes } = rev === 0 ? begin.run(relay, text) : change.run(text, relay, rev);
      return Number(changes) === 1;
    });
  }

  close(): void {
    this.#side.close();
  }
}

const TABLE = `CREATE TABLE IF NOT EXISTS page (
  relay TEXT PRIMARY KEY,
  rev INTEGER NOT NULL,
  holders TEXT NOT NULL                             -- JSON of LaneHolder[]
) STRICT, WITHOUT ROWID`;

function prepare(database: DatabaseSync) {
  return {
    read: database.prepare('SELECT rev, holders FROM page WHERE relay = ?'),
    begin: database.prepare('INSERT INTO page (relay, rev, holders) VALUES (?, 1, ?) ON CONFLICT DO NOTHING'),
    change: database.prepare('UPDATE page SET rev = rev + 1, holders = ? WHERE relay = ? AND rev = ?'),
  };
}
