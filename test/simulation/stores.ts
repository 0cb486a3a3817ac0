/** What is durable beside the ledger, in memory: objects, who is suppressed, conversations. */
import {
  ObjectMissingError,
  type ObjectStore,
  type Suppression,
  type SuppressionList,
  type TranscriptSink,
} from '#mailing';

export class MemoryObjects implements ObjectStore {
  readonly #objects: Map<string, Uint8Array>;

  constructor(objects: ReadonlyMap<string, Uint8Array> = new Map()) {
    this.#objects = new Map(objects);
  }

  /** A copy, to begin another store with. */
  get all(): ReadonlyMap<string, Uint8Array> {
    return new Map(this.#objects);
  }

  async read(name: string): Promise<Uint8Array> {
    const content = this.#objects.get(name);
    if (content === undefined) throw new ObjectMissingError(name);
    return content;
  }

  async *stream(name: string): AsyncGenerator<Uint8Array> {
    yield await this.read(name);
  }

  async has(name: string): Promise<boolean> {
    return this.#objects.has(name);
  }

  async write(name: string, content: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
    if (content instanceof Uint8Array) {
      this.#objects.set(name, content);
      return;
    }
    const pieces: Uint8Array[] = [];
    for await (const piece of content) pieces.push(piece);
    this.#objects.set(name, Buffer.concat(pieces));
  }

  async writeAll(objects: readonly (readonly [name: string, content: Uint8Array])[]): Promise<void> {
    for (const [name, content] of objects) this.#objects.set(name, content);
  }

  async list(prefix: string): Promise<string[]> {
    return [...this.#objects.keys()].filter((name) => name.startsWith(prefix)).sort();
  }
}

export class MemorySuppressions implements SuppressionList {
  readonly #entries = new Map<string, Suppression>();

  async add(entries: readonly Suppression[]): Promise<number> {
    const fresh = entries.filter(({ key }) => !this.#entries.has(key));
    for (const entry of fresh) this.#entries.set(entry.key, entry);
    return fresh.length;
  }

  async remove(keys: readonly string[]): Promise<number> {
    return keys.filter((key) => this.#entries.delete(key)).length;
  }

  async among(keys: readonly string[]): Promise<ReadonlySet<string>> {
    return new Set(keys.filter((key) => this.#entries.has(key)));
  }

  async find(key: string): Promise<Suppression | null> {
    return this.#entries.get(key) ?? null;
  }

  async *list(): AsyncGenerator<Suppression> {
    yield* [...this.#entries.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  }
}

/** Nobody reads them here. */
export class NoTranscripts implements TranscriptSink {
  write(): void {
    // Let go.
  }

  async flush(): Promise<void> {
    // Nothing was kept.
  }

  async read() {
    return [];
  }
}
