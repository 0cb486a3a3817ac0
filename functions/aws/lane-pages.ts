/** Lanes in the table: an item a relay. A holder counts as long as its process's lease lasts. */
import type { LaneBook, LaneHolder, LanePage } from '#mailing';
import { lanesKey } from './ledger-keys.ts';
import type { ProcessLeases } from './process-leases.ts';
import type { Table } from './table.ts';
import { number, text } from './table-values.ts';

export class LanePages implements LaneBook {
  readonly #table: Table;
  readonly #leases: ProcessLeases;

  constructor(table: Table, leases: ProcessLeases) {
    this.#table = table;
    this.#leases = leases;
  }

  async read(relay: string): Promise<LanePage> {
    const page = await this.#table.get(lanesKey(relay));
    if (page === null) return { rev: 0, holders: [] };
    const holders = JSON.parse(text(page, 'holders') ?? '[]') as LaneHolder[];
    const living = await this.#leases.living(holders.map(({ owner }) => owner));
    return { rev: number(page, 'rev'), holders: holders.filter(({ owner }) => living.has(owner)) };
  }

  async write(relay: string, rev: number, holders: readonly LaneHolder[]): Promise<boolean> {
    const page = { rev: rev + 1, holders: JSON.stringify(holders) };
    return this.#table.put(lanesKey(relay), page, { rev: rev === 0 ? null : rev });
  }
}
