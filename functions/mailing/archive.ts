/**
 * The octets of each mail as sent, for campaigns that ask for it. A mail's octets are durable before its intent is, and so
 * before its end-of-mail-data indicator leaves: whatever a relay may have taken is in the archive. What died between octets
 * and intent is known never to have left, since the ledger counts no such attempt.
 *
 *     octets durable ─► intent durable ─► indicator
 *           └ the ledger has made fewer attempts: never left
 *
 * As with intents, one write of a batch is under way at a time, and whatever waits meanwhile goes into the next pack. A piece
 * that mails share is kept once, under its hash, from the second mail on that has it.
 */
import { type Packed, type PackedPiece, packName, sha256Of, writePack } from './archive-pack.ts';
import { keepContent } from './frozen.ts';
import type { Claim, Clock, DueDelivery, ObjectStore } from './ports.ts';

/** A piece below this is kept with each mail: a file of its own would cost more. */
const LEAST_SHARED_OCTETS = 4096;

/** What a mail brings: its octets in order, some of them other mails' too. */
interface ArchivedData {
  readonly pieces: readonly Uint8Array[];
}

interface Attempt {
  readonly row: number;
  readonly recipient: string;
  readonly attempt: number;
}

/** One process's hand in the archive of a run. */
export class Archive {
  readonly #objects: ObjectStore;
  readonly #clock: Clock;
  /** Pieces that were met: `null` once, else the hash under which they are kept. */
  readonly #pieces = new WeakMap<Uint8Array, Promise<string> | null>();

  constructor(objects: ObjectStore, clock: Clock) {
    this.#objects = objects;
    this.#clock = clock;
  }

  open(claim: Claim): BatchArchive {
    return new BatchArchive(this, this.#objects, claim);
  }

  async pack({ row, recipient, attempt }: Attempt, { pieces }: ArchivedData): Promise<Packed> {
    const own: Uint8Array[] = [];
    const packed: PackedPiece[] = [];
    for (const piece of pieces) {
      const content = await this.#contentOf(piece);
      if (content === null) own.push(piece);
      packed.push(content === null ? piece.length : { content, octets: piece.length });
    }
    const at = this.#clock.now();
    return { entry: { kind: 'mail', row, recipient, attempt, at, pieces: packed, sha256: sha256Of(own) }, own };
  }

  /** @returns the hash under which it is durable; `null` where it is to be kept with its mail */
  #contentOf(piece: Uint8Array): Promise<string> | null {
    if (piece.length < LEAST_SHARED_OCTETS) return null;
    const known = this.#pieces.get(piece);
    if (known === undefined) {
      this.#pieces.set(piece, null);
      return null;
    }
    const kept = known ?? keepContent(this.#objects, piece);
    this.#pieces.set(piece, kept);
    return kept;
  }
}

/** The same of one batch under one claim. */
export class BatchArchive {
  readonly #archive: Archive;
  readonly #objects: ObjectStore;
  readonly #claim: Claim;
  #waiting: Promise<Packed>[] = [];
  #packs = 0;
  /** The pack that will have what is collected now; `null` when nothing is. */
  #next: Promise<void> | null = null;
  #last: Promise<void> = Promise.resolve();
  #failure: Error | null = null;

  constructor(archive: Archive, objects: ObjectStore, claim: Claim) {
    this.#archive = archive;
    this.#objects = objects;
    this.#claim = claim;
  }

  /**
   * Writes down what an earlier claim may have left in doubt: how many attempts were made of whom. To be called before
   * anything is sent. An attempt that is refused before its octets leave would else make an earlier holder's entry look true.
   */
  async begin(due: readonly DueDelivery[]): Promise<void> {
    if (this.#claim.fence === 1 || due.length === 0) return;
    const standing = due.map(({ row, attempt }) => packed({ kind: 'standing', row, attempts: attempt }));
    await Promise.all(standing.map((entry) => this.#add(entry)));
  }

  /** @returns when the octets are durable @throws ObjectStoreError; the batch keeps no more then */
  keep(attempt: Attempt, data: ArchivedData): Promise<void> {
    return this.#add(this.#archive.pack(attempt, data));
  }

  /** Its intent was durable, and its indicator has not left and never will. */
  withdraw({ row, attempt }: Omit<Attempt, 'recipient'>): Promise<void> {
    return this.#add(packed({ kind: 'withdrawn', row, attempt }));
  }

  /** Waits for what is under way. Never rejects. */
  async idle(): Promise<void> {
    await (this.#next ?? this.#last).catch(() => {});
  }

  #add(entry: Promise<Packed>): Promise<void> {
    // Whoever writes the pack hears of it.
    entry.catch(() => {});
    if (this.#failure !== null) return Promise.reject(this.#failure);
    this.#waiting.push(entry);
    this.#next ??= this.#after(this.#last);
    return this.#next;
  }

  async #after(previous: Promise<void>): Promise<void> {
    await previous.catch(() => {});
    // Every mail that is ready in this turn of the event loop goes along.
    await new Promise((resolve) => setImmediate(resolve));
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#last = this.#next ?? Promise.resolve();
    this.#next = null;
    if (this.#failure !== null) throw this.#failure;
    try {
      const { run, batch, fence } = this.#claim;
      // Contents first: a pack that is there has all that it names.
      const entries = await Promise.all(waiting);
      this.#packs += 1;
      await writePack(this.#objects, packName(run, batch, fence, this.#packs), entries);
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error));
      throw this.#failure;
    }
  }
}

async function packed(entry: Packed['entry']): Promise<Packed> {
  return { entry, own: [] };
}
