/** Sending windows: the days of the week and the hours within which mail goes, by the clock on a zone's wall. */
import type { Zone } from './zone.ts';

const MINUTE_MS = 60_000;
const DAY_MINUTES = 24 * 60;
const DAY_MS = DAY_MINUTES * MINUTE_MS;
/** How far ahead a turn is looked for; a weekly window of which clocks jump over one day turns within it. */
const HORIZON_DAYS = 16;
const REACH_DAYS = 2;
const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

export interface SendingWindow {
  /** 0 is Sunday. Hours that cross midnight belong to the day on which they begin. */
  readonly days: ReadonlySet<number>;
  /** Minutes of the day; `to` is the first at which nothing is sent any more, and beyond 1440 where midnight is crossed. */
  readonly from: number;
  readonly to: number;
}

export class WindowError extends Error {
  readonly code = 'ERR_SENDING_WINDOW';
  readonly problem: string;
  constructor(problem: string) {
    super(`Cannot read the sending window: ${problem}`);
    this.name = 'WindowError';
    this.problem = problem;
  }
}

/**
 * @param days `MON-FRI`, `SAT,SUN`; a range may go over the week's end (`FRI-MON`). All days unless given
 * @param from `08:00`; the whole day unless given, with `to`
 * @throws WindowError
 */
export function parseWindow({
  days,
  from = '00:00',
  to = '24:00',
}: {
  days?: string;
  from?: string;
  to?: string;
}): SendingWindow {
  const begin = minuteOf(from);
  const end = minuteOf(to);
  if (begin === end) throw new WindowError(`it ends at ${to}, when it begins; another hour is wanted`);
  if (begin === DAY_MINUTES) throw new WindowError('it begins at 24:00; 00:00 is wanted');
  return { days: daysOf(days ?? 'SUN-SAT'), from: begin, to: end < begin ? end + DAY_MINUTES : end };
}

function minuteOf(text: string): number {
  const match = /^(\d\d):(\d\d)$/.exec(text);
  const [hour, minute] = [Number(match?.[1]), Number(match?.[2])];
  if (!(minute < 60 && hour * 60 + minute <= DAY_MINUTES))
    throw new WindowError(`found ${JSON.stringify(text)}, an hour as 08:00 is wanted`);
  return hour * 60 + minute;
}

function daysOf(text: string): ReadonlySet<number> {
  const days = new Set<number>();
  for (const part of text.split(',')) {
    const [first = '', last = first, ...more] = part.split('-');
    const [from, to] = [WEEKDAYS.indexOf(first), WEEKDAYS.indexOf(last)];
    if (from === -1 || to === -1 || more.length > 0)
      throw new WindowError(`found the days ${JSON.stringify(part)}; MON, MON-FRI or a list of these is wanted`);
    for (let day = from; ; day = (day + 1) % 7) {
      days.add(day);
      if (day === to) break;
    }
  }
  return days;
}

/** Whether mail may go at a moment. */
export function isOpen(window: SendingWindow, zone: Zone, at: number): boolean {
  const wall = zone.wallAt(at);
  const today = Math.floor(wall / DAY_MS) * DAY_MS;
  return [today - DAY_MS, today].some((day) => {
    const minute = (wall - day) / MINUTE_MS;
    return hasDay(window, day) && minute >= window.from && minute < window.to;
  });
}

/** The moment itself where mail may go, else the next opening. An opening that clocks jump over is right behind the jump. */
export function openFrom(window: SendingWindow, zone: Zone, at: number): number {
  if (isOpen(window, zone, at)) return at;
  for (let from = at; ; from += HORIZON_DAYS * DAY_MS) {
    const opening = nextTurn(window, zone, from);
    if (opening !== null) return opening;
  }
}

/**
 * The first moment behind another at which it opens or closes: by the hour, or because clocks are moved. A window that is
 * open when an hour comes again is open twice.
 * @returns `null` where it stays as it is for 16 days, as one that never closes
 */
export function nextTurn(window: SendingWindow, zone: Zone, after: number): number | null {
  const isOpenNow = isOpen(window, zone, after);
  const first = Math.floor(zone.wallAt(after) / DAY_MS) * DAY_MS;
  let nearest: number | null = null;
  // Hours that cross midnight belong to the day before. Behind a turn that is found, a day later may still bring an earlier
  // one: clocks are moved by a day at the most.
  for (let day = -REACH_DAYS; day <= HORIZON_DAYS; day += 1) {
    if (nearest !== null && first + (day - REACH_DAYS) * DAY_MS > zone.wallAt(nearest)) break;
    for (const at of turnsOf(window, zone, first + day * DAY_MS)) {
      if (at > after && (nearest === null || at < nearest) && isOpen(window, zone, at) !== isOpenNow) nearest = at;
    }
  }
  return nearest;
}

/** Where the window can open or close for a day on the wall. */
function turnsOf({ from, to }: SendingWindow, zone: Zone, day: number): number[] {
  return [
    ...zone.momentsOf(day + from * MINUTE_MS),
    ...zone.momentsOf(day + to * MINUTE_MS),
    ...zone.movesBetween(day - DAY_MS, day + DAY_MS),
  ];
}

function hasDay({ days }: SendingWindow, day: number): boolean {
  return days.has(new Date(day).getUTCDay());
}
