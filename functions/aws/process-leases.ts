/**
 * Which processes live, as the table knows it: each has an item that says until when, by the table's own time.
 *
 * There is no lock here that an operating system would free. A process that stays renews its lease every 15 seconds, and is
 * dead to the others a minute after its last beat; a function's invocation writes its end once, and is dead a minute
 * after it. Who was taken for dead and lives writes nothing more under its old fences, so that clocks decide when work
 * goes on, and never whether it is done twice.
 */
import { LedgerError } from '#mailing';
import { expirySeconds, processKey } from './ledger-keys.ts';
import { inTurns, type Table } from './table.ts';
import type { TableTime } from './table-clock.ts';
import { number } from './table-values.ts';

/** How long a lease lasts beyond the last beat, or beyond the invocation's end. */
export const LEASE_MS = 60_000;
const BEAT_MS = 15_000;
/** The table's time is known to a second, and the way of a reply. */
const TABLE_TIME_ERROR_MS = 2000;
/** The item goes a day after its process. */
const KEPT_MS = 86_400_000;

export interface LeaseOptions {
  /** A name that no other process has or had. */
  readonly owner: string;
  /** Milliseconds until the invocation is ended from outside; left out: a process that stays, and renews its lease. */
  readonly endsInMs?: number | undefined;
}

export class ProcessLeases {
  readonly owner: string;
  readonly #table: Table;
  readonly #time: TableTime;
  readonly #endsInMs: number | undefined;
  /** Until when others are known to live at the least: a lease is never made shorter. */
  readonly #known = new Map<string, number>();
  #until = 0;
  #cancel = () => {};
  #isClosed = false;

  constructor(table: Table, time: TableTime, { owner, endsInMs }: LeaseOptions) {
    this.#table = table;
    this.#time = time;
    this.owner = owner;
    this.#endsInMs = endsInMs;
  }

  /** When this process's lease is over, if it is not renewed; by the table's time, epoch ms. */
  get until(): number {
    return this.#until;
  }

  /** Begins the lease; nothing is to be claimed before. @throws LedgerError */
  async begin(): Promise<void> {
    // The first reply tells the table's time.
    const earlier = await this.#table.get(processKey(this.owner));
    if (earlier !== null)
      throw new LedgerError(`Cannot join the ledger as ${JSON.stringify(this.owner)}: another process has that name`);
    await this.renew();
    if (this.#endsInMs === undefined) this.#beatLater();
  }

  /** Those of them whose lease lasts. This process's own always does. */
  async living(owners: Iterable<string>): Promise<ReadonlySet<string>> {
    const asked = [...new Set(owners)].filter((owner) => owner !== this.owner);
    const unknown = asked.filter((owner) => (this.#known.get(owner) ?? 0) <= this.#time());
    await inTurns(unknown, 8, async (owner) => {
      const lease = await this.#table.get(processKey(owner));
      this.#known.set(owner, lease === null ? 0 : number(lease, 'until'));
    });
    const now = this.#time();
    return new Set([this.owner, ...asked.filter((owner) => (this.#known.get(owner) ?? 0) > now)]);
  }

  /** Beats no more; what is held is over when the lease is. */
  close(): void {
    this.#isClosed = true;
    this.#cancel();
  }

  /** Makes the lease last from now on as long as it does. @throws LedgerError */
  async renew(): Promise<void> {
    const until = this.#time() + (this.#endsInMs ?? 0) + LEASE_MS + TABLE_TIME_ERROR_MS;
    await this.#table.put(processKey(this.owner), { until, expiresAt: expirySeconds(until + KEPT_MS) });
    this.#until = until;
  }

  #beatLater(): void {
    if (this.#isClosed) return;
    this.#cancel = this.#table.clock.after(BEAT_MS, () => {
      // A beat that fails is made good by the next one; if none gets through, the lease is over, and fences hold.
      void this.renew()
        .catch(() => {})
        .finally(() => this.#beatLater());
    });
  }
}
