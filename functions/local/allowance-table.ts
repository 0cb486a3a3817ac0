/**
 * Mails of a day by relay on one machine, in a SQLite file of its own: a count that would be lost with the power would be
 * mails too many, so that each write waits for the disk.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { AllowanceBook } from '#mailing';
import { SideFile } from './side-file.ts';

export class AllowanceTable implements AllowanceBook {
  readonly #side: SideFile<ReturnType<typeof prepare>>;

  /** @param file opened, and made where it is missing, when it is first asked */
  constructor(file: string, timeoutMs: number) {
    this.#side = new SideFile(file, { what: "the day's allowance", table: TABLE, durable: true, timeoutMs, prepare });
  }

  async taken(relay: string, day: string): Promise<number> {
    return this.#side.use('read', ({ taken }) => {
      const row = taken.get(relay, day) as { mails: number } | undefined;
      return row?.mails ?? 0;
    });
  }

  async change(relay: string, day: string, before: number, after: number): Promise<boolean> {
    return this.#side.use('write', ({ begin, change }) => {
      const isNew = before === 0 && Number(begin.run(relay, day, after).changes) === 1;
      return isNew || Number(change.run(after, relay, day, before).changes) === 1;
    });
  }

  close(): void {
    this.#side.close();
  }
}

const TABLE = `CREATE TABLE IF NOT EXISTS allowance (
  relay TEXT NOT NULL,                              -- its name in relays.json
  day TEXT NOT NULL,                                -- 2026-12-01
  mails INTEGER NOT NULL,
  PRIMARY KEY (relay, day)
) STRICT, WITHOUT ROWID`;

function prepare(database: DatabaseSync) {
  return {
    taken: database.prepare('SELECT mails FROM allowance WHERE relay = ? AND day = ?'),
    begin: database.prepare('INSERT INTO allowance (relay, day, mails) VALUES (?, ?, ?) ON CONFLICT DO NOTHING'),
    change: database.prepare('UPDATE allowance SET mails = ? WHERE relay = ? AND day = ? AND mails = ?'),
  };
}
