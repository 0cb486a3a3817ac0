/** What a server has delivered: its messages, by the name that this suite gave them. */
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** The first header field of each mail; all above it is the server's own. */
export const NAME_FIELD = 'X-Interop';

const WITHIN_MS = 60_000;
const END_OF_HEADER = '\r\n\r\n';
const NAME = new RegExp(`^${NAME_FIELD}: (\\S+)\\r\\n`, 'm');

export class Delivered {
  readonly #folder: string;
  readonly #lineEnds: 'LF' | 'CRLF';
  readonly #messages = new Map<string, Buffer>();
  readonly #taken = new Set<string>();
  /** Names of messages that came again. */
  readonly twice: string[] = [];
  /** Messages without a name: notifications, and what nobody has sent. */
  readonly nameless: string[] = [];

  constructor(folder: string, lineEnds: 'LF' | 'CRLF') {
    this.#folder = folder;
    this.#lineEnds = lineEnds;
  }

  /**
   * Waits for mails, for a server delivers some time after it has accepted.
   * @returns each from its name field on, that is as it was sent
   * @throws Error that says which have not come
   */
  async take(names: readonly string[]): Promise<Buffer[]> {
    const missing = () => names.filter((name) => !this.#messages.has(name));
    await this.#readUntil(
      () => missing().length === 0,
      () => missing().join(', '),
    );
    return names.map((name) => {
      const message = this.#messages.get(name) ?? Buffer.alloc(0);
      this.#messages.delete(name);
      this.#taken.add(name);
      return message;
    });
  }

  /** Waits for a message without a name that holds the words, and takes it. */
  async takeNameless(words: string): Promise<string> {
    const find = () => this.nameless.findIndex((message) => message.includes(words));
    await this.#readUntil(
      () => find() !== -1,
      () => `a message with ${JSON.stringify(words)}`,
    );
    return this.nameless.splice(find(), 1).join('');
  }

  async #readUntil(isDone: () => boolean, missing: () => string): Promise<void> {
    const deadline = performance.now() + WITHIN_MS;
    for (;;) {
      await this.read();
      if (isDone()) return;
      if (performance.now() > deadline) throw new Error(`Cannot read ${this.#folder}: still missing ${missing()}`);
      await pause(20);
    }
  }

  /** Reads all that is there, and removes it. */
  async read(): Promise<void> {
    for (const file of await filesIn(this.#folder)) {
      const path = join(this.#folder, file);
      this.#sort(inCrlf(await readFile(path), this.#lineEnds));
      await rm(path);
    }
  }

  #sort(message: Buffer): void {
    const end = message.indexOf(END_OF_HEADER);
    const header = message.subarray(0, end === -1 ? message.length : end + 2).toString('latin1');
    const match = NAME.exec(header);
    const name = match?.[1];
    if (match === null || name === undefined) this.nameless.push(message.toString('latin1'));
    else if (this.#taken.has(name) || this.#messages.has(name)) this.twice.push(name);
    else this.#messages.set(name, message.subarray(match.index));
  }
}

async function filesIn(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile() && !entry.name.startsWith('.') && !entry.name.endsWith('.arriving'))
      .map(({ name }) => name);
  } catch (error) {
    // A Maildir is made with its first message.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

/** As it travelled. A server that stores LF alone has taken a CR off each line; one that is there besides shows. */
function inCrlf(stored: Buffer, lineEnds: 'LF' | 'CRLF'): Buffer {
  return lineEnds === 'CRLF' ? stored : Buffer.from(stored.toString('latin1').replaceAll('\n', '\r\n'), 'latin1');
}
