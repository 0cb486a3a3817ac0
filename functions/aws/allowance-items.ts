/** Mails of a day by relay: an item each, which goes when nobody asks any more. */
import type { AllowanceBook } from '#mailing';
import { allowanceKey, expirySeconds } from './ledger-keys.ts';
import type { Table } from './table.ts';
import { number } from './table-values.ts';

const KEPT_MS = 40 * 86_400_000;

export class AllowanceItems implements AllowanceBook {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  async taken(relay: string, day: string): Promise<number> {
    const item = await this.#table.get(allowanceKey(relay, day));
    return item === null ? 0 : number(item, 'mails');
  }

  async change(relay: string, day: string, before: number, after: number): Promise<boolean> {
    const key = allowanceKey(relay, day);
    const expiry = Date.parse(day) + KEPT_MS;
    const item = { mails: after, expiresAt: Number.isNaN(expiry) ? null : expirySeconds(expiry) };
    if (before === 0 && (await this.#table.put(key, item, { mails: null }))) return true;
    return this.#table.put(key, item, { mails: before });
  }
}
