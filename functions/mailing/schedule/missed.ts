/** A start that could not happen at its moment: whether it still should. */
import { parseDuration } from '../duration.ts';
import { LAST_ZONE, momentIn } from './local-slot.ts';
import type { Schedule } from './schedule.ts';
import { openFrom } from './window.ts';
import { Zone } from './zone.ts';

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
 * Whether those of one zone are still sent to. What starts while the sending window is shut goes when it opens,
 * whenever it was started: only what begins later than that is late.
 * @param zone an IANA name; `null`: the schedule's
 * @param now when the run began, epoch ms
 */
export function startsStillIn(schedule: Schedule, zone: string | null, slot: number, now: number): boolean {
  const { window, missed } = schedule;
  if (missed === null) return true;
  const clock = zone === null ? schedule.zone : new Zone(zone);
  const opening = (at: number) => (window === null ? at : openFrom(window, clock, at));
  return startsStill(missed, opening(momentIn(schedule, slot, zone)), opening(now));
}

/**
 * Whether a run of a slot is not to be made any more: it was missed wherever somebody may live.
 * @param now epoch ms
 */
export function isMissed(schedule: Schedule | null, slot: number, now: number): boolean {
  if (schedule === null) return false;
  return !startsStillIn(schedule, schedule.recipientTimezone === null ? null : LAST_ZONE, slot, now);
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
