/**
 * The suppression list: an item a person, spread over a few partitions by the key's hash, so that a hundred senders may ask
 * at once. Each question is answered with what was written before it, in every process.
 */
import { createHash } from 'node:crypto';
import type { Suppression, SuppressionList } from '#mailing';
import type { Key } from './ledger-keys.ts';
import { inTurns, type Table } from './table.ts';
import { type Item, number, text } from './table-values.ts';

/** Each takes 3,000 questions a second (a partition's read units), and is one more to be merged when the list is read. */
const SHARDS = 16;
const WRITES_AT_ONCE = 16;
/** A sort key has at most 1,024 octets. */
const LONGEST_KEY = 1024;

export class SuppressionItems implements SuppressionList {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  /** Each of them is durable by itself: where the table fails, some may be. */
  async add(entries: readonly Suppression[]): Promise<number> {
    const first = new Map<string, Suppression>();
    for (const entry of entries) if (!first.has(entry.key)) first.set(entry.key, entry);
    const added = await inTurns([...first.values()], WRITES_AT_ONCE, ({ key, recipient, reason, at }) =>
      this.#table.put(keyOf(key), { key, recipient, reason, at }, { at: null }),
    );
    return added.filter(Boolean).length;
  }

  async remove(keys: readonly string[]): Promise<number> {
    const removed = await inTurns([...new Set(keys)], WRITES_AT_ONCE, async (key) => {
      const there = await this.#table.get(keyOf(key));
      return there !== null && this.#table.remove(keyOf(key), { at: number(there, 'at') });
    });
    return removed.filter(Boolean).length;
  }

  async among(keys: readonly string[]): Promise<ReadonlySet<string>> {
    const found = await this.#table.getMany([...new Set(keys)].map(keyOf));
    return new Set(found.map((item) => entryOf(item).key));
  }

  async find(key: string): Promise<Suppression | null> {
    const item = await this.#table.get(keyOf(key));
    return item === null ? null : entryOf(item);
  }

  /** Partitions are each in order; the first of their heads is the next. */
  async *list(): AsyncGenerator<Suppression> {
    const shards = Array.from({ length: SHARDS }, (_, shard) =>
      this.#table.query({ pk: shardName(shard), prefix: '' })[Symbol.asyncIterator](),
    );
    const heads = await Promise.all(shards.map(async (items) => ({ items, head: await items.next() })));
    for (;;) {
      const waiting = heads.filter(({ head }) => head.done !== true);
      const [first] = waiting.sort((a, b) => compareSorts(a.head.value, b.head.value));
      if (first === undefined) return;
      yield entryOf(first.head.value);
      first.head = await first.items.next();
    }
  }
}

function keyOf(key: string): Key {
  const hash = createHash('sha256').update(key).digest();
  // What is longer than a sort key may be is no address; its hash stands for it.
  const sk = Buffer.byteLength(key) <= LONGEST_KEY ? key : `sha256 ${hash.toString('hex')}`;
  return { pk: shardName((hash[0] ?? 0) % SHARDS), sk: sk === '' ? ' ' : sk };
}

function shardName(shard: number): string {
  return `suppressed#${shard}`;
}

function entryOf(item: Item): Suppression {
  const key = text(item, 'key') ?? '';
  return { key, recipient: text(item, 'recipient') ?? key, reason: text(item, 'reason'), at: number(item, 'at') };
}

/** By the octets of UTF-8, as DynamoDB sorts. */
function compareSorts(a: Item, b: Item): number {
  return Buffer.compare(Buffer.from(text(a, 'sk') ?? ''), Buffer.from(text(b, 'sk') ?? ''));
}
