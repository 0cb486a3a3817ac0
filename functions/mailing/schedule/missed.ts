/** A start that could not happen at its moment: whether it still should. */
import { parseDuration } from '../duration.ts';
import { hoursOf } from './hours.ts';
import type { Schedule } from './schedule.ts';

/** What starts a run is itself a little late: within this it is on time. */
export const ON_TIME_MS = 5 * 60_000;

/**
 * @param policy `skip`, `send`, or the longest delay with which it is still sent, such as `PT6H`
 * @param slot the moment that the start stands for, epoch ms
 * @param now epoch ms
 * @throws RangeError where the policy is no duration either
 */
export function startsStill(policy: string, slot: number, now: number): boolean {
  const late = now - slot;
  if (policy === 'send') return true;
  return late <= (policy === 'skip' ? ON_TIME_MS : Math.max(ON_TIME_MS, parseDuration(policy)));
}

/**
 * Whether a run of a slot is not to be made any more. What starts while the sending window is shut goes when it opens,
 * whenever it was started: only what begins later than that is late.
 * @param now epoch ms
 */
export function isMissed(schedule: Schedule | null, slot: number, now: number): boolean {
  if (schedule === null || schedule.missed === null) return false;
  const hours = hoursOf(schedule, null);
  const opening = (at: number) => hours?.openFrom(at) ?? at;
  return !startsStill(schedule.missed, opening(slot), opening(now));
}

/** The slot has gone by, and the campaign says that it is not made good. Nothing was written. */
export class MissedStartError extends Error {
  readonly code = 'ERR_MISSED_START';
  readonly slot: number;
  constructor(slot: number, policy: string) {
    const moment = new Date(slot).toISOString();
    super(
      `Cannot start the run of ${moment}: that start was missed, and "missed" of the campaign is ${JSON.stringify(policy)}; without --at it goes now`,
    );
    this.name = 'MissedStartError';
    this.slot = slot;
  }
}
