/** When the next of a run's recipients can be sent to: by their own moments, and by the hours in which mail may go. */
import type { OpenBatch, RunRecord } from './ports.ts';
import type { SendingHours } from './schedule/hours.ts';

/** Why nobody is sent to: the relay put them off, the sending window is shut, or the run's slot is still to come. */
export type RestCause = 'later' | 'window' | 'slot';

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
  { expiresAt }: RunRecord,
  batches: readonly OpenBatch[],
  hours: SendingHours | null,
  now: number,
): NextDue | null {
  if (batches.length === 0) return null;
  const nextAt = batches.reduce((least, batch) => Math.min(least, batch.nextAt), Number.POSITIVE_INFINITY);
  const from = Math.max(nextAt, now);
  if (hours === null || hours.isOpen(from)) return { until: nextAt, why: 'later', wakeAt: nextAt };
  const until = hours.openFrom(from);
  const wakeAt = now < expiresAt && expiresAt < until ? expiresAt : until;
  return { until, why: hours.isEarly(now) ? 'slot' : 'window', wakeAt };
}
