/**
 * A DynamoDB table as the adapters use it: strongly consistent reads, and writes that hold only where the item is still as
 * it was read.
 *
 * Whatever passes (throttling, a server's fault, a reply that does not come) is tried again after a wait of chance, until
 * patience is at its end; then it is a LedgerError. A write whose reply was lost may be there all the same: each write
 * leaves a mark that no other has, so that one tried again knows its own effect when it meets it.
 */
import {
  BatchGetItemCommand,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { Clock } from '#mailing';
import type { Key } from './ledger-keys.ts';
import { TABLE } from './ledger-keys.ts';
import { isPassing, toLedgerError } from './table-errors.ts';
import {
  type Changes,
  Expressions,
  fromAttributes,
  type Item,
  text,
  toAttribute,
  toAttributes,
} from './table-values.ts';

export interface TableOptions {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly clock: Clock;
  /** A number from 0 to below 1. */
  readonly chance: () => number;
  /** How long a request is tried again before it is a LedgerError. Default 20,000 ms. */
  readonly patienceMs?: number | undefined;
  /** After so long a reply will not come any more. Default 5,000 ms; DynamoDB answers in a few. */
  readonly tryMs?: number | undefined;
}

const PATIENCE_MS = 20_000;
const TRY_MS = 5000;
const FIRST_WAIT_MS = 25;
const LONGEST_WAIT_MS = 2000;
/** BatchGetItem takes no more keys. */
const KEYS_AT_ONCE = 100;
const REQUESTS_AT_ONCE = 8;

/** Which attribute holds the mark of the last write. */
const MARK = 'w';

export interface Range {
  readonly pk: string;
  /** Sort keys that begin with it. */
  readonly prefix: string;
  /** Up to and with this sort key. Default: all of them. */
  readonly last?: string;
}

export class Table {
  readonly #options: TableOptions;
  readonly #patienceMs: number;
  readonly #writer: string;
  #writes = 0;

  constructor(options: TableOptions) {
    this.#options = options;
    this.#patienceMs = options.patienceMs ?? PATIENCE_MS;
    this.#writer = Math.floor(options.chance() * 2 ** 48).toString(36);
  }

  get clock(): Clock {
    return this.#options.clock;
  }

  async get(key: Key): Promise<Item | null> {
    const { client, table: TableName } = this.#options;
    const asked = { TableName, Key: keyOf(key), ConsistentRead: true };
    const { Item } = await this.#patiently('read', (abortSignal) =>
      client.send(new GetItemCommand(asked), { abortSignal }),
    );
    return Item === undefined ? null : fromAttributes(Item);
  }

  /** Those that are there, in no order. */
  async getMany(keys: readonly Key[]): Promise<Item[]> {
    const parts: Key[][] = [];
    for (let at = 0; at < keys.length; at += KEYS_AT_ONCE) parts.push(keys.slice(at, at + KEYS_AT_ONCE));
    const found = await inTurns(parts, REQUESTS_AT_ONCE, (part) => this.#getPart(part));
    return found.flat();
  }

  async *query({ pk, prefix, last }: Range, options: { filter?: Changes } = {}): AsyncGenerator<Item> {
    const { client, table: TableName } = this.#options;
    const said = new Expressions();
    const [partition, sort] = [said.name(TABLE.partition), said.name(TABLE.sort)];
    const range =
      last === undefined
        ? `begins_with(${sort}, ${said.value(prefix)})`
        : `${sort} BETWEEN ${said.value(prefix)} AND ${said.value(last)}`;
    const KeyConditionExpression = `${partition} = ${said.value(pk)} AND ${range}`;
    const filter = options.filter === undefined ? {} : { FilterExpression: said.condition(options.filter) };
    const asked = { TableName, ConsistentRead: true, KeyConditionExpression, ...filter, ...said.asked };
    yield* this.#pages((from, abortSignal) =>
      client.send(new QueryCommand({ ...asked, ExclusiveStartKey: from }), { abortSignal }),
    );
  }

  /** From the index of open batches, eventually consistent: the keys of those that are due by then, the first one first. */
  async due(pk: string, by: number, most: number): Promise<Item[]> {
    const { client, table: TableName } = this.#options;
    const said = new Expressions();
    const partition = `${said.name(TABLE.open.partition)} = ${said.value(pk)}`;
    const KeyConditionExpression = `${partition} AND ${said.name(TABLE.open.sort)} <= ${said.value(by)}`;
    const asked = { TableName, IndexName: TABLE.open.name, Limit: most, KeyConditionExpression, ...said.asked };
    const { Items = [] } = await this.#patiently('read', (abortSignal) =>
      client.send(new QueryCommand(asked), { abortSignal }),
    );
    return Items.map(fromAttributes);
  }

  /** The whole item. @param expected of the item that is there @returns whether it was as expected, and is written */
  async put(key: Key, item: Changes, expected: Changes = {}): Promise<boolean> {
    const { client, table: TableName } = this.#options;
    const said = new Expressions();
    const mark = this.#newMark();
    const Item = { ...keyOf(key), ...toAttributes({ ...item, [MARK]: mark }) };
    const ConditionExpression = said.condition(expected);
    const when = ConditionExpression === '' ? {} : { ConditionExpression, ...said.asked };
    return this.#conditionally(key, mark, (abortSignal) =>
      client.send(new PutItemCommand({ TableName, Item, ...when }), { abortSignal }),
    );
  }

  /** Some attributes of it. @param expected at least one, of the item that is there @returns as `put` */
  async update(key: Key, changes: Changes, expected: Changes): Promise<boolean> {
    const { client, table: TableName } = this.#options;
    const said = new Expressions();
    const mark = this.#newMark();
    const UpdateExpression = said.update({ ...changes, [MARK]: mark });
    const ConditionExpression = said.condition(expected);
    const asked = { TableName, Key: keyOf(key), UpdateExpression, ConditionExpression, ...said.asked };
    return this.#conditionally(key, mark, (abortSignal) => client.send(new UpdateItemCommand(asked), { abortSignal }));
  }

  /** @returns whether it was as expected, and is gone; also where it went by a try whose reply was lost */
  async remove(key: Key, expected: Changes): Promise<boolean> {
    const { client, table: TableName } = this.#options;
    const said = new Expressions();
    const asked = { TableName, Key: keyOf(key), ConditionExpression: said.condition(expected), ...said.asked };
    const work = (abortSignal: AbortSignal) => client.send(new DeleteItemCommand(asked), { abortSignal });
    return this.#conditionally(key, null, work);
  }

  /** Adds one. @returns the new count; a try whose reply was lost leaves a gap */
  async next(key: Key, counter: string): Promise<number> {
    const { client, table: TableName } = this.#options;
    const said = new Expressions();
    const UpdateExpression = `ADD ${said.name(counter)} ${said.value(1)}`;
    const asked = { TableName, Key: keyOf(key), UpdateExpression, ReturnValues: 'UPDATED_NEW' as const, ...said.asked };
    const { Attributes = {} } = await this.#patiently('write', (abortSignal) =>
      client.send(new UpdateItemCommand(asked), { abortSignal }),
    );
    return Number(Attributes[counter]?.N);
  }

  async #getPart(part: readonly Key[]): Promise<Item[]> {
    const { client, table: TableName, clock, chance } = this.#options;
    const found: Item[] = [];
    let keys = part.map(keyOf);
    const giveUpAt = clock.monotonic() + this.#patienceMs;
    for (let tries = 0; keys.length > 0; tries += 1) {
      const asked = { RequestItems: { [TableName]: { Keys: keys, ConsistentRead: true } } };
      const { Responses, UnprocessedKeys } = await this.#patiently('read', (abortSignal) =>
        client.send(new BatchGetItemCommand(asked), { abortSignal }),
      );
      found.push(...(Responses?.[TableName] ?? []).map(fromAttributes));
      // What a throttled table leaves out of the answer is no error.
      keys = (UnprocessedKeys?.[TableName]?.Keys ?? []) as typeof keys;
      if (keys.length === 0) break;
      const wait = waitOf(tries, chance);
      if (clock.monotonic() + wait > giveUpAt) throw toLedgerError(new Error('it left keys unread'), 'read', TableName);
      await pause(clock, wait);
    }
    return found;
  }

  async *#pages(ask: (from: Asked['from'], signal: AbortSignal) => Promise<Asked['page']>): AsyncGenerator<Item> {
    let from: Asked['from'];
    do {
      const begin = from;
      const { Items = [], LastEvaluatedKey } = await this.#patiently('read', (signal) => ask(begin, signal));
      for (const item of Items) yield fromAttributes(item);
      from = LastEvaluatedKey;
    } while (from !== undefined);
  }

  #newMark(): string {
    this.#writes += 1;
    return `${this.#writer}.${this.#writes.toString(36)}`;
  }

  /** @param mark `null`: the item goes */
  async #conditionally(
    key: Key,
    mark: string | null,
    write: (signal: AbortSignal) => Promise<unknown>,
  ): Promise<boolean> {
    let isTriedBefore = false;
    try {
      await this.#patiently('write', write, () => {
        isTriedBefore = true;
      });
      return true;
    } catch (error) {
      if (!isConditionFailure(error)) throw error;
      const isAgain = isTriedBefore || (error.$metadata?.attempts ?? 1) > 1;
      if (!isAgain) return false;
      const found = await this.get(key);
      return mark === null ? found === null : found !== null && text(found, MARK) === mark;
    }
  }

  async #patiently<T>(verb: string, work: (signal: AbortSignal) => Promise<T>, onAgain = () => {}): Promise<T> {
    const { clock, chance, table } = this.#options;
    const giveUpAt = clock.monotonic() + this.#patienceMs;
    for (let tries = 0; ; tries += 1) {
      const wait = waitOf(tries, chance);
      const stop = new AbortController();
      const cancel = clock.after(this.#options.tryMs ?? TRY_MS, () => stop.abort());
      try {
        return await work(stop.signal);
      } catch (error) {
        if (isConditionFailure(error)) throw error;
        const isOver = clock.monotonic() + wait > giveUpAt;
        if (isOver || !(stop.signal.aborted || isPassing(error))) throw toLedgerError(error, verb, table);
      } finally {
        cancel();
      }
      onAgain();
      await pause(clock, wait);
    }
  }
}

type Attributes = Record<string, ReturnType<typeof toAttribute>>;
interface Asked {
  readonly from: Attributes | undefined;
  readonly page: { Items?: Attributes[] | undefined; LastEvaluatedKey?: Attributes | undefined };
}

type ConditionFailure = Error & { readonly $metadata?: { readonly attempts?: number } };

function isConditionFailure(error: unknown): error is ConditionFailure {
  return error instanceof Error && error.name === 'ConditionalCheckFailedException';
}

function keyOf({ pk, sk }: Key): Attributes {
  return { [TABLE.partition]: toAttribute(pk), [TABLE.sort]: toAttribute(sk) };
}

/** Anything up to twice as much as the time before, so that those who were throttled together do not come back together. */
function waitOf(tries: number, chance: () => number): number {
  return chance() * Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** tries);
}

function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(ms, resolve);
  });
}

/** At most so many at once; results in the order of the items. */
export async function inTurns<T, R>(items: readonly T[], atOnce: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const entries = items.entries();
  const worker = async () => {
    for (const [place, item] of entries) results[place] = await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  return results;
}
