/** A run's batches in the table: found, read with what belongs to them, and changed where nobody was faster. */

import type { DeliveryRecord } from '#mailing';
import { IllegalMoveError, LedgerError } from '#mailing';
import { type Batch, copyOf } from './batch.ts';
import { batchOf, newsOf, type PlannedRow, plannedOf, standingOf, unpacked, wholeOf } from './batch-item.ts';
import { batchName, batchOfName, type Key, revOfPage } from './ledger-keys.ts';
import type { ProcessLeases } from './process-leases.ts';
import { batchesOfRun, type Run } from './run-item.ts';
import { factsBy, indexed, recordOf, rest } from './standing.ts';
import type { Table } from './table.ts';
import { type Changes, type Item, octets, text } from './table-values.ts';

export interface FoundBatch {
  readonly batch: Batch;
  readonly item: Item;
}

/** A delivery with all that is known of it. */
export interface FoundDelivery {
  readonly key: string;
  readonly index: number;
  readonly record: DeliveryRecord;
}

export class BatchItems {
  readonly #table: Table;
  readonly #leases: ProcessLeases;
  /** Whether this process has the batch in hand; what it claimed without hearing of it is nobody's. */
  readonly #hasInHand: (run: string, batch: number) => boolean;

  constructor(table: Table, leases: ProcessLeases, hasInHand: (run: string, batch: number) => boolean) {
    this.#table = table;
    this.#leases = leases;
    this.#hasInHand = hasInHand;
  }

  async read(run: Run, number: number): Promise<FoundBatch | null> {
    if (isBeyond(run, number)) return null;
    const item = await this.#table.get(keyOf(run, number));
    return item === null ? null : { batch: batchOf(item, number), item };
  }

  /** In order, each as it is at rest or in somebody's hands. @param last only those up to it */
  async *all(run: Run, last?: number): AsyncGenerator<FoundBatch> {
    const prefix = last === undefined ? 's#' : batchName('s', 0);
    const until = last === undefined ? {} : { last: batchName('s', last) };
    for await (const item of this.#table.query({ pk: batchesOfRun(run), prefix, ...until })) {
      const number = batchOfName(text(item, 'sk') ?? '');
      if (!isBeyond(run, number)) yield { batch: rest(batchOf(item, number), run), item };
    }
  }

  async list(run: Run, last?: number): Promise<FoundBatch[]> {
    const found: FoundBatch[] = [];
    for await (const each of this.all(run, last)) found.push(each);
    return found;
  }

  /** Tells of each whether a living process holds it; asks for each process once. */
  async holders(run: Run, batches: Iterable<Batch>): Promise<(batch: Batch) => boolean> {
    const owners = [...batches].flatMap(({ owner }) => (owner === null ? [] : [owner]));
    const living = owners.length === 0 ? new Set<string>() : await this.#leases.living(owners);
    return ({ owner, number }) => {
      if (owner === null) return false;
      return owner === this.#leases.owner ? this.#hasInHand(run.facts.id, number) : living.has(owner);
    };
  }

  async isHeld(run: Run, batch: Batch): Promise<boolean> {
    return (await this.holders(run, [batch]))(batch);
  }

  /**
   * Moves a batch that nobody holds, and puts it to rest.
   * @param move of the batch as it stands; called again where it was changed meanwhile
   * @param as the run by which it rests
   * @returns what `move` gave; `null` where the batch is held or not there
   */
  async change<T>(run: Run, number: number, move: (batch: Batch) => T, as: Run = run): Promise<T | null> {
    for (;;) {
      const found = await this.read(run, number);
      if (found === null || (await this.isHeld(run, found.batch))) return null;
      const next = copyOf(found.batch);
      const result = move(next);
      rest(next, as);
      const changes = { ...wholeOf({ ...next, rev: found.batch.rev }), ...indexed(next, as, batchesOfRun(run)) };
      if (isSame(found.item, changes)) return result;
      const written = { ...changes, r: found.batch.rev + 1 };
      if (await this.#table.update(keyOf(run, number), written, standingOf(found.item))) return result;
    }
  }

  /** What was planned of a batch. */
  async planned(run: Run, number: number): Promise<PlannedRow[]> {
    const rows: PlannedRow[] = [];
    const parts = this.#table.query({ pk: batchesOfRun(run), prefix: `${batchName('r', number)}#` });
    for await (const item of parts) rows.push(...plannedOf(octets(item, 'd')));
    return rows;
  }

  /** Everything of a batch's deliveries, in the order of their indexes. */
  async deliveries(run: Run, number: number): Promise<FoundDelivery[]> {
    const [found, planned] = await Promise.all([this.read(run, number), this.planned(run, number)]);
    if (found === null) return [];
    const batch = rest(found.batch, run);
    // Read behind the batch: a page that it speaks of is there by now, and one that is newer than it tells nothing of it.
    const news = [...(await this.#pages(run, batch)), batch.news];
    const seen = { batch, isHeld: await this.isHeld(run, batch) };
    const facts = factsBy(planned, news);
    const byIndex = new Map(planned.map((each) => [each.index, each]));
    return batch.rows.map((row) => {
      const [plan, known] = [byIndex.get(row.index), facts.get(row.index)];
      if (plan === undefined || known === undefined) {
        const action = `Cannot read batch ${number} of run ${JSON.stringify(run.facts.id)}`;
        throw new LedgerError(`${action}: its delivery ${row.index} has no plan`);
      }
      return { key: plan.key, index: row.index, record: recordOf(row, plan, known, seen, run) };
    });
  }

  async #pages(run: Run, { number, rev }: Batch) {
    const pages = [];
    for await (const item of this.#table.query({ pk: batchesOfRun(run), prefix: `${batchName('p', number)}#` })) {
      if (revOfPage(text(item, 'sk') ?? '') > rev) continue;
      pages.push(newsOf(unpacked(octets(item, 'd')) as Parameters<typeof newsOf>[0]));
    }
    return pages;
  }
}

export function keyOf(run: Run, number: number): Key {
  return { pk: batchesOfRun(run), sk: batchName('s', number) };
}

/** Written by somebody who planned on after the plan was complete: no part of it. */
function isBeyond({ plan }: Run, number: number): boolean {
  return plan !== null && number > plan.batches;
}

export function refuseMissing<T>(found: T | null, action: string): T {
  if (found === null) throw new IllegalMoveError(action, 'there is no such batch');
  return found;
}

function isSame(item: Item, changes: Changes): boolean {
  return Object.entries(changes).every(([name, value]) => {
    const there = item[name] ?? null;
    if (value instanceof Uint8Array && there instanceof Uint8Array) return Buffer.compare(value, there) === 0;
    return value === there;
  });
}
