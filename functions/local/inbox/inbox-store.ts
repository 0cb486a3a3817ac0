/**
 * Messages in a folder, two files each:
 *
 *     000001.eml     the message's octets as they came, transparency removed, nothing added
 *     000001.jsonl   first line: who, when, what (`StoredMessage`); second: the conversation; third: the reply to it
 *
 * A message is there once its .jsonl has a whole first line; a .eml alone is one that is still coming, or whose
 * connection was lost. Names are taken by exclusive creation, so several processes may write into one folder, and a
 * listing sees what others wrote. Files are written before the sender is answered, but not flushed to the disk: this is
 * an inbox for looking at mail, not a mail spool.
 */
import { closeSync, constants, createReadStream, openSync, writeFileSync, writeSync } from 'node:fs';
import { mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConversationLine, ServerConversation } from './conversation.ts';
import { InboxError } from './inbox-error.ts';
import { IncomingMessage, type StoredMessage } from './incoming-message.ts';
import { fileName, highestNumber, isErrno, numberOf, readOrNull } from './message-file.ts';
import { MessageIndex } from './message-index.ts';

export interface MessageQuery {
  /** Only messages with a lower id: the next page. */
  readonly before?: number;
  /** Text that sender, recipient or subject contain, in any case. */
  readonly search?: string;
  /** Default 100, at most 500. */
  readonly limit?: number;
}

export interface MessageListing {
  /** Messages in the inbox, found or not. */
  readonly total: number;
  /** Newest first. */
  readonly messages: readonly StoredMessage[];
  /** `before` of the next page, or `null` where there is none. */
  readonly next: number | null;
}

const LONGEST_LISTING = 500;
/** A search looks at no more messages than this, and goes on from `next`. */
const LONGEST_SEARCH = 5_000;

export class InboxStore {
  readonly folder: string;
  readonly #index: MessageIndex;
  #nextId: number;

  private constructor(folder: string, index: MessageIndex, nextId: number) {
    this.folder = folder;
    this.#index = index;
    this.#nextId = nextId;
  }

  /** Opens the inbox in `folder`, which is made when missing. @throws InboxError where it cannot be */
  static async open(folder: string): Promise<InboxStore> {
    try {
      await mkdir(folder, { recursive: true });
      return new InboxStore(folder, new MessageIndex(folder), highestNumber(await readdir(folder)) + 1);
    } catch (cause) {
      throw new InboxError(`Cannot open the inbox in ${JSON.stringify(folder)}: a folder to write into is wanted`, {
        cause,
      });
    }
  }

  /** Takes the next free number. */
  async receive(): Promise<IncomingMessage> {
    for (;;) {
      const id = this.#nextId++;
      try {
        const handle = await open(this.#file(id, 'eml'), 'wx');
        return new IncomingMessage(id, handle, {
          settle: (message, conversation) => this.#settle(message, conversation),
          abandon: () => rm(this.#file(id, 'eml'), { force: true }),
        });
      } catch (error) {
        if (!isErrno(error, 'EEXIST')) throw error;
        // Another process writes here too: go on behind it.
        this.#nextId = Math.max(this.#nextId, highestNumber(await readdir(this.folder)) + 1);
      }
    }
  }

  /** Adds the reply that ended a message's transaction to its conversation. @throws ENOENT where it is gone */
  appendReply(id: number, reply: readonly ConversationLine[]): void {
    // Without O_CREAT: a message that was cleared meanwhile stays away.
    const file = openSync(this.#file(id, 'jsonl'), constants.O_WRONLY | constants.O_APPEND);
    try {
      writeSync(file, jsonLine(reply));
    } finally {
      closeSync(file);
    }
  }

  /**
   * A window of the inbox. Messages that come at the same time are numbered by their beginnings and appear by their
   * ends, so what is new is not always what has a higher number: `version` tells whether anything changed.
   */
  async list(query: MessageQuery = {}): Promise<MessageListing> {
    const { before = Number.POSITIVE_INFINITY, limit = 100 } = query;
    const search = (query.search ?? '').trim().toLowerCase();
    const ids = await this.#index.ids();
    const messages: StoredMessage[] = [];
    let place = lowerBound(ids, before) - 1;
    const last = search === '' ? 0 : Math.max(0, place + 1 - LONGEST_SEARCH);
    for (; place >= last && messages.length < Math.min(limit, LONGEST_LISTING); place--) {
      const message = await this.find(ids[place] ?? 0);
      if (message && matches(message, search)) messages.push(message);
    }
    const next = place >= 0 ? (ids[place + 1] ?? null) : null;
    return { total: ids.length, messages, next };
  }

  /** Another text whenever the inbox holds other messages. */
  version(): Promise<string> {
    return this.#index.version();
  }

  /** One message's line, or `null` where there is no such message. */
  find(id: number): Promise<StoredMessage | null> {
    return this.#index.find(id);
  }

  /** What was said while a message came, or `null`. The reply is absent while it is being written. */
  async conversation(id: number): Promise<ServerConversation | null> {
    const file = await readOrNull(this.#file(id, 'jsonl'));
    const [, said, reply] = file?.toString().split('\n') ?? [];
    if (!said) return null;
    const { opening, transaction } = JSON.parse(said) as ServerConversation;
    return { opening, transaction: [...transaction, ...(reply ? (JSON.parse(reply) as ConversationLine[]) : [])] };
  }

  /** A message's octets, or `null`. */
  read(id: number): Promise<Uint8Array | null> {
    return readOrNull(this.#file(id, 'eml'));
  }

  /** The same in pieces; the stream fails with ENOENT where there is no such message. */
  stream(id: number): NodeJS.ReadableStream {
    return createReadStream(this.#file(id, 'eml'));
  }

  /** Removes every message. Numbers go on where they were. */
  async clear(): Promise<void> {
    for (const name of await readdir(this.folder)) {
      if (numberOf(name) !== null) await rm(join(this.folder, name), { force: true });
    }
    this.#index.forget();
  }

  #settle(message: StoredMessage, conversation: ServerConversation): void {
    // At once, here and above: handing a few kilobytes to a thread costs four times what writing them does.
    writeFileSync(this.#file(message.id, 'jsonl'), jsonLine(message) + jsonLine(conversation), { flag: 'wx' });
    this.#index.add(message);
  }

  #file(id: number, extension: 'eml' | 'jsonl'): string {
    return join(this.folder, fileName(id, extension));
  }
}

function matches(message: StoredMessage, search: string): boolean {
  if (search === '') return true;
  const { from, to, subject, reversePath, forwardPaths } = message;
  return [from, to, subject, reversePath, ...forwardPaths].some((text) => text.toLowerCase().includes(search));
}

/** The first place in ascending `ids` whose id is not below `id`. */
function lowerBound(ids: readonly number[], id: number): number {
  let low = 0;
  let high = ids.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ids[middle] ?? 0) < id) low = middle + 1;
    else high = middle;
  }
  return low;
}

function jsonLine(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}
