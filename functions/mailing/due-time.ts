/** When the next of a run's recipients can be sent to: by their own moments, and by the hours in which mail may go. */
import { expiryOf } from './batch-time.ts';
import type { OpenBatch, RunRecord } from './ports.ts';
import type { SendingHours } from './schedule/hours.ts';

/**
 * Why nobody is sent to: the relay put them off, the sending window is shut, the run's slot is still to come, the hour where
 * they are, or a warm-up allows no more today.
 */
export type RestCause = 'later' | 'window' | 'slot' | 'zone' | 'warm-up';

export interface NextDue {
  /** When somebody can be sent to, epoch ms. In the past: at once. */
  readonly until: number;
  readonly why: RestCause;
  /** When to look again: before `until` where people are to be given up meanwhile. */
  readonly wakeAt: number;
}

/**
 * Whoever was put off and expires before the window opens is given up at that moment, and not kept for the opening.
 * @param batches that nobody holds
 * @param now epoch ms
 * @returns `null` where there is no batch
 */
export function nextDueOf(
  run: RunRecord,
  batches: readonly OpenBatch[],
  hours: SendingHours | null,
  now: number,
): NextDue | null {
  let next: NextDue | null = null;
  for (const batch of earliestOf(batches)) {
    const due = dueOf(run, batch, hours?.in(batch.zone) ?? null, now);
    next = next === null ? due : sooner(next, due);
  }
  return next;
}

function sooner(one: NextDue, other: NextDue): NextDue {
  return { ...(other.until < one.until ? other : one), wakeAt: Math.min(one.wakeAt, other.wakeAt) };
}

/** Of batches of one time, the one that is due first: there are many batches and few times. */
function earliestOf(batches: readonly OpenBatch[]): Iterable<OpenBatch> {
  const earliest = new Map<string, OpenBatch>();
  for (const batch of batches) {
    const time = `${batch.notBefore} ${batch.zone}`;
    const known = earliest.get(time);
    if (known === undefined || batch.nextAt < known.nextAt) earliest.set(time, batch);
  }
  return earliest.values();
}

function dueOf(run: RunRecord, { nextAt, notBefore }: OpenBatch, hours: SendingHours | null, now: number): NextDue {
  const from = Math.max(nextAt, now);
  const why = nextAt === notBefore && notBefore > now ? 'zone' : 'later';
  if (hours === null || hours.isOpen(from)) return { until: nextAt, why, wakeAt: nextAt };
  const until = hours.openFrom(from);
  const expiry = expiryOf(run, notBefore);
  return {
    until,
    why: hours.isEarly(now) ? 'slot' : 'window',
    wakeAt: now < expiry && expiry < until ? expiry : until,
  };
}
