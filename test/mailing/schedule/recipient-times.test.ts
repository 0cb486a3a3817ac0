/** "9:00 where they are", beside an evaluator that asks Intl what the wall shows and knows nothing else. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SendingHours } from '../../../functions/mailing/schedule/hours.ts';
import { firstMomentOf, planBy } from '../../../functions/mailing/schedule/local-slot.ts';
import { isMissed } from '../../../functions/mailing/schedule/missed.ts';
import { recipientTimesOf } from '../../../functions/mailing/schedule/recipient-times.ts';
import { readSchedule, type Schedule, type ScheduleJson } from '../../../functions/mailing/schedule/schedule.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const ZONES = [
  'UTC',
  'Europe/Madrid',
  'America/Mexico_City',
  'America/New_York',
  'America/Sao_Paulo',
  'America/St_Johns',
  'Africa/Casablanca',
  'Asia/Kathmandu',
  'Asia/Tehran',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'Pacific/Auckland',
  'Pacific/Chatham',
  'Pacific/Kiritimati',
  'Etc/GMT+12',
] as const;

function scheduleOf(json: ScheduleJson): Schedule {
  const schedule = readSchedule({ cron: '0 9 * * ? *', recipientTimezone: 'zone', ...json }, (key, problem) => {
    throw new Error(`${key}: ${problem}`);
  });
  if (schedule === null) throw new Error('no schedule');
  return schedule;
}

function timesOf(json: ScheduleJson, slot: number | null, createdAt: number) {
  const times = recipientTimesOf(scheduleOf(json), { slot, createdAt });
  if (times === null) throw new Error('the same time for everybody');
  return times;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** `2026-12-01 09:00`: what comes later on a wall is the greater text. */
function wallByIntl(zone: string, at: number): string {
  const options = { dateStyle: 'short', timeStyle: 'short', timeZone: zone } as const;
  const format = formats.get(zone) ?? new Intl.DateTimeFormat('sv-SE', options);
  formats.set(zone, format);
  return format.format(at);
}

const slots = fc
  .integer({ min: Date.parse('2011-12-01T00:00Z') / MINUTE, max: Date.parse('2030-01-01T00:00Z') / MINUTE })
  .map((minutes) => minutes * MINUTE);
const zones = fc.constantFrom(...ZONES);

describe('the moment of a slot where a recipient is', () => {
  test('shows on the wall there what the schedule’s wall shows, the first time that it does, or right behind a gap', () => {
    fc.assert(
      fc.property(slots, zones, zones, (slot, timezone, zone) => {
        const { notBefore, date, moment } = timesOf({ timezone }, slot, slot - 3 * DAY).timeOf(zone);
        expect([notBefore, date]).toEqual([moment, moment]);
        const wanted = wallByIntl(timezone, slot);
        const found = wallByIntl(zone, moment);
        expect(found >= wanted).toBe(true);
        if (found > wanted) expect(wallByIntl(zone, moment - MINUTE) < wanted).toBe(true);
        for (let before = 1; before <= 8; before += 1)
          expect(wallByIntl(zone, moment - before * 15 * MINUTE)).not.toBe(wanted);
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    ['Asia/Tokyo', '2026-12-01T09:00', '2026-12-01T00:00'],
    ['Pacific/Kiritimati', '2026-12-01T09:00', '2026-11-30T19:00'],
    ['Etc/GMT+12', '2026-12-01T09:00', '2026-12-01T21:00'],
    // Clocks go over it in Madrid, and show it twice.
    ['Europe/Madrid', '2026-03-29T02:30', '2026-03-29T01:00'],
    ['Europe/Madrid', '2026-10-25T02:30', '2026-10-25T00:30'],
    // A day that Samoa left out.
    ['Pacific/Apia', '2011-12-30T09:00', '2011-12-30T10:00'],
  ])('in %s of %s is %s', (zone, wall, at) => {
    const slot = Date.parse(`${wall}Z`);
    expect(timesOf({}, slot, slot - 3 * DAY).timeOf(zone).moment).toBe(Date.parse(`${at}Z`));
  });

  test('is in the window there, and not before the run', () => {
    const window = { days: 'MON-FRI', from: '10:00', to: '18:00' };
    fc.assert(
      fc.property(slots, zones, zones, fc.integer({ min: -48, max: 48 }), (slot, timezone, zone, hours) => {
        const createdAt = slot + hours * HOUR;
        const schedule = scheduleOf({ timezone, window });
        const { notBefore, date, moment } = timesOf({ timezone, window }, slot, createdAt).timeOf(zone);
        if (schedule.window === null) throw new Error('no window');
        expect(new SendingHours(schedule.window, schedule.zone).in(zone).isOpen(date)).toBe(true);
        expect(date).toBeGreaterThanOrEqual(Math.max(moment, createdAt));
        expect(notBefore).toBe(date > createdAt ? date : 0);
      }),
      { numRuns: 100 },
    );
  });

  test('lies between the first and the last one on earth, and behind the beginning of the day', () => {
    fc.assert(
      fc.property(slots, zones, zones, (slot, timezone, zone) => {
        // Kept apart from jumps: what clocks go over comes a little later.
        const schedule = scheduleOf({ timezone });
        const { moment } = timesOf({ timezone }, slot, slot - 3 * DAY).timeOf(zone);
        expect(moment).toBeGreaterThanOrEqual(firstMomentOf(schedule, slot));
        expect(firstMomentOf(schedule, slot)).toBeGreaterThanOrEqual(planBy(schedule, slot));
      }),
      { numRuns: 100 },
    );
  });
});

describe('a moment that has gone by', () => {
  const slot = Date.parse('2026-12-01T09:00Z');

  test.each([
    [undefined, '2026-12-01T09:00', { 'Asia/Tokyo': false, UTC: false, 'America/New_York': false }, false],
    ['skip', '2026-12-01T09:00', { 'Asia/Tokyo': true, UTC: false, 'America/New_York': false }, false],
    ['PT6H', '2026-12-01T09:00', { 'Asia/Tokyo': true, UTC: false, 'America/New_York': false }, false],
    ['PT12H', '2026-12-01T09:00', { 'Asia/Tokyo': false, UTC: false, 'America/New_York': false }, false],
    ['skip', '2026-12-01T21:05', { 'Asia/Tokyo': true, UTC: true, 'America/New_York': true }, false],
    ['skip', '2026-12-01T21:06', { 'Asia/Tokyo': true, UTC: true, 'America/New_York': true }, true],
  ])('under %s at %s is judged zone by zone', (missed, now, byZone, isMissedByAll) => {
    const json = missed === undefined ? {} : { missed };
    const times = timesOf(json, slot, Date.parse(`${now}Z`));
    const found = Object.keys(byZone).map((zone) => [zone, times.timeOf(zone).missed !== null]);
    expect(Object.fromEntries(found)).toEqual(byZone);
    expect(isMissed(scheduleOf(json), slot, Date.parse(`${now}Z`))).toBe(isMissedByAll);
  });
});

describe('the zone of a row', () => {
  const times = timesOf({ timezone: 'Europe/Madrid' }, 0, 0);

  test.each([undefined, null, ''])('%j is the schedule’s, without a word', (zone) => {
    expect(times.zoneOf({ zone })).toEqual({ zone: null });
  });

  test.each(['Europe/Nowhere', '+01:00', 7, ['UTC'], 'x'.repeat(900)])('%j is none, and is told', (zone) => {
    const read = times.zoneOf({ zone });
    expect(read.zone).toBeNull();
    expect(read.problem).toMatch(/^is ".{1,60}", no time zone such as America\/Mexico_City; Europe\/Madrid counts$/);
  });

  test('is one whatever the case of its letters', () => {
    expect(times.zoneOf({ zone: 'Asia/Tokyo' })).toEqual({ zone: 'Asia/Tokyo' });
    expect(times.zoneOf({ zone: 'asia/TOKYO' })).toEqual({ zone: 'Asia/Tokyo' });
  });
});

test('without a column, or without slot and window, it is one time for everybody', () => {
  const schedule = scheduleOf({});
  expect(recipientTimesOf(null, { slot: 1, createdAt: 1 })).toBeNull();
  expect(recipientTimesOf({ ...schedule, recipientTimezone: null }, { slot: 1, createdAt: 1 })).toBeNull();
  expect(recipientTimesOf(schedule, { slot: null, createdAt: 1 })).toBeNull();
});
