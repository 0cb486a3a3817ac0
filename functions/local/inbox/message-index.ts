/**
 * Which messages a folder holds. The numbers are read from the folder again when it has changed; what is known of each
 * message is read from its file when it is asked for, and the last few thousand answers are kept.
 */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { StoredMessage } from './incoming-message.ts';
import { fileName, numberOf, readOrNull } from './message-file.ts';

/** About 2 MB. */
const KEPT_MESSAGES = 5_000;
/** A folder's time of change has the clock tick of the file system: a change within it may leave the time as it was. */
const SETTLED_AFTER_MS = 100;

export class MessageIndex {
  readonly #folder: string;
  readonly #kept = new Map<number, StoredMessage>();
  #ids: readonly number[] = [];
  /** The folder's time of change when `#ids` was read. */
  #changedAt = 0;
  #settled = false;
  #reading: Promise<readonly number[]> | null = null;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Ascending. Concurrent calls share one reading. */
  ids(): Promise<readonly number[]> {
    this.#reading ??= this.#refresh().finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }

  async version(): Promise<string> {
    const ids = await this.ids();
    return `${ids.length}.${ids.at(-1) ?? 0}.${this.#changedAt}`;
  }

  async find(id: number): Promise<StoredMessage | null> {
    const kept = this.#kept.get(id);
    if (kept) return kept;
    const file = await readOrNull(join(this.#folder, fileName(id, 'jsonl')));
    const end = file?.indexOf(0x0a) ?? -1;
    if (!file || end < 0) return null;
    const message = JSON.parse(file.toString('utf8', 0, end)) as StoredMessage;
    this.add(message);
    return message;
  }

  /** Keeps what is known already. */
  add(message: StoredMessage): void {
    this.#kept.set(message.id, message);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT_MESSAGES && oldest !== undefined) this.#kept.delete(oldest);
  }

  forget(): void {
    this.#kept.clear();
    this.#settled = false;
  }

  async #refresh(): Promise<readonly number[]> {
    const changedAt = (await stat(this.#folder)).mtimeMs;
    if (this.#settled && changedAt === this.#changedAt) return this.#ids;
    const numbers = (await readdir(this.#folder)).map((name) => numberOf(name, 'jsonl'));
    this.#ids = numbers.filter((number) => number !== null).sort((a, b) => a - b);
    this.#settled = Date.now() - changedAt > SETTLED_AFTER_MS;
    this.#changedAt = changedAt;
    const there = new Set(this.#ids);
    for (const id of this.#kept.keys()) if (!there.has(id)) this.#kept.delete(id);
    return this.#ids;
  }
}
