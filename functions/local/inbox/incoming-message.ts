/** A message on its way into the inbox, and what is kept of it once it is in. */
import type { FileHandle } from 'node:fs/promises';
import type { ServerConversation } from './conversation.ts';
import { HEAD_OCTETS, type MessageHead, readHead } from './message-head.ts';

/** What the server knows of a message that the message itself does not say. */
export interface ReceptionFacts {
  /** Epoch ms at which its mail data ended. */
  readonly at: number;
  readonly reversePath: string;
  readonly forwardPaths: readonly string[];
  readonly session: {
    readonly id: string;
    /** Address of the client. */
    readonly client: string;
    /** What it called itself in EHLO. */
    readonly clientName: string;
    /** Cipher and version, or `null` on a connection without TLS. */
    readonly tls: string | null;
    /** Who had logged in, or `null`. */
    readonly user: string | null;
  };
}

export interface StoredMessage extends ReceptionFacts, MessageHead {
  /** From 1; no two messages of a folder share one. */
  readonly id: number;
  readonly octets: number;
}

/** What is held in memory of one incoming message before it is written. */
const WRITE_OCTETS = 256 * 1024;

/** What the inbox does when a message has come whole, or will not. */
export interface MessageEnds {
  settle(message: StoredMessage, conversation: ServerConversation): void;
  abandon(): Promise<void>;
}

/** Either `commit` or `discard` ends it. */
export class IncomingMessage {
  readonly id: number;
  readonly #handle: FileHandle;
  readonly #ends: MessageEnds;
  #head: Uint8Array = new Uint8Array(0);
  #held: Uint8Array[] = [];
  #heldOctets = 0;
  #octets = 0;

  constructor(id: number, handle: FileHandle, ends: MessageEnds) {
    this.id = id;
    this.#handle = handle;
    this.#ends = ends;
  }

  /** Octets written so far. */
  get octets(): number {
    return this.#octets;
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#octets += chunk.byteLength;
    this.#heldOctets += chunk.byteLength;
    this.#held.push(chunk);
    if (this.#heldOctets >= WRITE_OCTETS) await this.#flush();
  }

  /** Resolves when the message is in the inbox. */
  async commit(facts: ReceptionFacts, conversation: ServerConversation): Promise<StoredMessage> {
    await this.#flush();
    await this.#handle.close();
    const message = { id: this.id, octets: this.#octets, ...facts, ...readHead(this.#head) };
    this.#ends.settle(message, conversation);
    return message;
  }

  /** Leaves nothing behind but a number that is not used again. */
  async discard(): Promise<void> {
    await this.#handle.close();
    await this.#ends.abandon();
  }

  async #flush(): Promise<void> {
    const held = this.#held;
    this.#held = [];
    this.#heldOctets = 0;
    if (this.#head.byteLength === 0) this.#head = beginningOf(held);
    if (held.length > 0) await this.#handle.writev(held);
  }
}

/** Of what the first flush writes: that is the whole message, or more than a head needs. */
function beginningOf(chunks: readonly Uint8Array[]): Uint8Array {
  const first: Uint8Array[] = [];
  let octets = 0;
  for (const chunk of chunks) {
    if (octets >= HEAD_OCTETS) break;
    first.push(chunk.subarray(0, HEAD_OCTETS - octets));
    octets += chunk.byteLength;
  }
  return Buffer.concat(first);
}
