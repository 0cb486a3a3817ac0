/**
 * A slot by the recipients' own clocks: "9:00 where they are".
 *
 * A slot is a moment. Where the campaign names a column with the recipient's own time zone, it is what the wall of the
 * schedule's zone shows at that moment instead, a date and an hour: they come first in UTC+14 and 26 hours later in UTC-12.
 * An hour that clocks jump over is right behind the jump, one that comes twice is the first.
 */
import type { Schedule } from './schedule.ts';
import { Zone } from './zone.ts';

const DAY_MS = 24 * 3_600_000;
/** Where each hour comes first, UTC+14, and where it comes last. The signs of these names are POSIX's. */
const FIRST_ZONE = 'Etc/GMT-14';
export const LAST_ZONE = 'Etc/GMT+12';

/** The moment of a slot in one zone, epoch ms. @param zone an IANA name; `null`: the schedule's */
export function momentIn({ zone: own, recipientTimezone }: Schedule, slot: number, zone: string | null): number {
  if (recipientTimezone === null || zone === null) return slot;
  return new Zone(zone).momentOf(own.wallAt(slot)).at;
}

/** When a slot comes for the first people on earth. */
export function firstMomentOf(schedule: Schedule, slot: number): number {
  return schedule.recipientTimezone === null ? slot : Math.min(slot, momentIn(schedule, slot, FIRST_ZONE));
}

/** When a slot's date begins anywhere: by then its run is to be planned. Without zones of their own, the slot itself. */
export function planBy(schedule: Schedule, slot: number): number {
  if (schedule.recipientTimezone === null) return slot;
  const day = Math.floor(schedule.zone.wallAt(slot) / DAY_MS) * DAY_MS;
  return Math.min(slot, new Zone(FIRST_ZONE).momentOf(day).at);
}
