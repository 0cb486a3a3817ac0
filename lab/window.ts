/**
 * The window in which a death leaves nobody knowing whether a mail was accepted: from its durable intent to its durable
 * outcome, as the processes themselves saw it.
 */
import type { Life } from './life.ts';
import type { Told } from './teller.ts';
import type { TraceEntry } from './trace.ts';

export class Window {
  /** From durable intent to durable outcome, in ms, a mail each; faults of the relay left out. */
  readonly whole: number[] = [];
  /** From the acceptance on the relay's disk to the durable outcome: only here a mail could be had twice. */
  readonly accepted: number[] = [];
  /** Intents that a death at an instant that nobody chose left without an outcome, a death each. */
  readonly leftByDeath: number[] = [];
  /** The same, of deaths after the process had begun to send. */
  readonly leftWhileSending: number[] = [];
  mails = 0;

  add(told: Told): void {
    const { story, lives, oracle } = told;
    const moments = story.faults ? new Map<string, number>() : acceptedAt(told);
    for (const life of lives) {
      const intents = new Map<string, number>();
      for (const entry of life.trace) {
        if (entry.kind !== 'committed') continue;
        if (!story.faults) this.#settle(entry, intents, moments);
        for (const index of entry.settled) intents.delete(placeOf(entry, index));
        for (const index of entry.intended) intents.set(placeOf(entry, index), entry.at);
      }
      this.#noteDeath(life, intents.size);
    }
    this.mails += oracle.filter(({ kind }) => kind === 'accepted').length;
  }

  #settle(
    entry: Extract<TraceEntry, { kind: 'committed' }>,
    intents: ReadonlyMap<string, number>,
    moments: ReadonlyMap<string, number>,
  ): void {
    for (const index of entry.settled) {
      const since = intents.get(placeOf(entry, index));
      if (since !== undefined) this.whole.push(entry.at - since);
      const accepted = moments.get(placeOf(entry, index));
      if (accepted !== undefined && accepted < entry.at) this.accepted.push(entry.at - accepted);
    }
  }

  #noteDeath({ death, isKilled, trace, words }: Life, left: number): void {
    if (!isKilled || death?.kind !== 'instant' || words[0] !== 'run') return;
    this.leftByDeath.push(left);
    if (trace.some((entry) => entry.kind === 'committed')) this.leftWhileSending.push(left);
  }
}

const placeOf = ({ batch }: { batch: number }, index: number) => `${batch} ${index}`;

/** By place in the ledger; whoever was accepted twice is left out. */
function acceptedAt({ oracle, rows }: Told): Map<string, number> {
  const moments = new Map<string, number | null>();
  for (const record of oracle)
    if (record.kind === 'accepted') moments.set(record.recipient, moments.has(record.recipient) ? null : record.at);
  return new Map(
    rows.flatMap((row) => {
      const at = moments.get(row.recipient) ?? null;
      return at === null ? [] : [[placeOf(row, row.index), at] as const];
    }),
  );
}

/** The value below which the share of them lies; NaN where there are none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
