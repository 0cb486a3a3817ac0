/**
 * When a cron expression starts in a time zone, by EventBridge Scheduler's own rule: a wall time that daylight saving
 * time leaves out is skipped, and one that comes twice starts the first time only.
 */
import { type Cron, FIRST_YEAR, LAST_YEAR } from './cron.ts';
import type { Zone } from './zone.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const FIRST_DAY = Date.UTC(FIRST_YEAR, 0, 1);
const LAST_DAY = Date.UTC(LAST_YEAR, 11, 31);

/** The first start after a moment, in epoch ms; `null` where none is left. */
export function nextOccurrence(cron: Cron, zone: Zone, after: number): number | null {
  const from = zone.wallAt(after);
  for (const day of daysOf(cron, startOfDay(from), 1)) {
    for (const minute of cron.minutes) {
      const wall = day + minute * MINUTE_MS;
      if (wall < from) continue;
      const { at, kind } = zone.momentOf(wall);
      // Behind a clock that has gone back stand times that have had their start.
      if (kind !== 'gap' && at > after) return at;
    }
  }
  return null;
}

/** The last start up to a moment and with it, in epoch ms; `null` where there was none. */
export function previousOccurrence(cron: Cron, zone: Zone, upTo: number): number | null {
  const to = zone.latestWallUpTo(upTo);
  const minutes = cron.minutes.toReversed();
  for (const day of daysOf(cron, startOfDay(to), -1)) {
    for (const minute of minutes) {
      const wall = day + minute * MINUTE_MS;
      if (wall > to) continue;
      const { at, kind } = zone.momentOf(wall);
      if (kind !== 'gap' && at <= upTo) return at;
    }
  }
  return null;
}

function startOfDay(wall: number): number {
  return Math.floor(wall / DAY_MS) * DAY_MS;
}

/** The days that the expression means, from one on, forward or back. */
function* daysOf({ years, months, isDay }: Cron, from: number, step: 1 | -1): Generator<number, void, undefined> {
  const first = step === 1 ? Math.max(from, FIRST_DAY) : Math.min(from, LAST_DAY);
  for (let day = first; day >= FIRST_DAY && day <= LAST_DAY; day += step * DAY_MS) {
    const date = new Date(day);
    const [year, month] = [date.getUTCFullYear(), date.getUTCMonth() + 1];
    if (!years.has(year) || !months.has(month)) continue;
    const daysInMonth = new Date(Date.UTC(year, month, 0)).getUTCDate();
    if (isDay({ day: date.getUTCDate(), weekday: date.getUTCDay() + 1, daysInMonth })) yield day;
  }
}
