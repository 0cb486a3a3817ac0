/** How far a run is and how fast, read from its deliveries alone: whoever sends it is not asked, and not slowed down. */
import { noTotals, type Outcome, type RunControl, type Totals } from './outcome.ts';
import type { DeliveryRecord, Ledger, RunRecord } from './ports.ts';
import { type Reason, ReasonTally } from './reasons.ts';

export interface RunProgress {
  readonly totals: Totals;
  /** Whether a living process has a part of the run in hand. */
  readonly sending: boolean;
  /** Recipients settled per second in the last minute; `null` where nobody sends. */
  readonly lastMinute: number | null;
  /** The same while the run was sent at all: pauses of more than a minute do not count. `null` where nobody was tried. */
  readonly overall: number | null;
  /** Until whoever is due now is settled, by the last minute's rate; `null` where that cannot be told. */
  readonly secondsLeft: number | null;
  /** When the next of those who wait is due, epoch ms. */
  readonly nextDueAt: number | null;
  /** The most frequent first. */
  readonly reasons: readonly Reason[];
}

const MINUTE_MS = 60_000;

/** Outcomes that a mail transaction leads to; the others are decided without one. */
const TRIED: ReadonlySet<Outcome> = new Set(['accepted', 'refused', 'deferred', 'uncertain']);

/** Reads every delivery once, batch by batch. @param now epoch ms */
export async function readProgress(
  ledger: Ledger,
  run: RunRecord,
  control: RunControl | null,
  now: number,
): Promise<RunProgress> {
  const totals = noTotals();
  const reasons = new ReasonTally();
  const rate = new RateTally(now);
  let due = Number.POSITIVE_INFINITY;
  for await (const delivery of ledger.deliveries(run.id)) {
    totals[delivery.outcome] += 1;
    reasons.add(delivery);
    rate.add(delivery);
    if (delivery.nextAt !== null) due = Math.min(due, delivery.nextAt);
  }
  const batches = run.finished ? [] : await ledger.openBatches(run.id);
  const sending = batches.some(({ held }) => held);
  for (const { held, nextAt } of batches) if (!held && nextAt > 0) due = Math.min(due, nextAt);
  const lastMinute = sending ? rate.lastMinute() : null;
  const waits = Number.isFinite(due) && !run.finished && control !== 'cancelled';
  return {
    totals,
    sending,
    lastMinute,
    overall: rate.overall(),
    secondsLeft: lastMinute === null || lastMinute === 0 ? null : Math.ceil(totals.pending / lastMinute),
    nextDueAt: waits ? due : null,
    reasons: reasons.reasons(),
  };
}

/** Rates from the moments at which recipients were settled. Its memory grows with the seconds in which any was. */
export class RateTally {
  readonly #now: number;
  readonly #seconds = new Set<number>();
  #tried = 0;
  #lately = 0;
  #first: number;

  /** @param now epoch ms */
  constructor(now: number) {
    this.#now = now;
    this.#first = now;
  }

  add({ outcome, at }: Pick<DeliveryRecord, 'outcome' | 'at'>): void {
    if (at === null || !TRIED.has(outcome)) return;
    this.#tried += 1;
    this.#seconds.add(Math.floor(at / 1000));
    if (at < this.#now - MINUTE_MS || at > this.#now) return;
    this.#lately += 1;
    this.#first = Math.min(this.#first, at);
  }

  /** Of a run that began, or went on, less than a minute ago: since then. */
  lastMinute(): number {
    return this.#lately / Math.max((this.#now - this.#first) / 1000, 1);
  }

  overall(): number | null {
    if (this.#tried === 0) return null;
    const seconds = [...this.#seconds].toSorted((a, b) => a - b);
    // A gap counts in full while it may be the pace, and not at all where the run rested.
    const active = seconds.reduce((sum, second, index) => {
      const gap = second - (seconds[index - 1] ?? second - 1);
      return sum + (gap * 1000 > MINUTE_MS ? 1 : gap);
    }, 0);
    return this.#tried / active;
  }
}
