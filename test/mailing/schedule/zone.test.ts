import { describe, expect, test } from 'vitest';
import { parseCron } from '../../../functions/mailing/schedule/cron.ts';
import { ON_TIME_MS, startsStill } from '../../../functions/mailing/schedule/missed.ts';
import { nextOccurrence, previousOccurrence } from '../../../functions/mailing/schedule/occurrences.ts';
import { isOpen, openFrom, parseWindow } from '../../../functions/mailing/schedule/window.ts';
import { TimeZoneError, Zone } from '../../../functions/mailing/schedule/zone.ts';

const iso = (at: number | null) => (at === null ? null : new Date(at).toISOString().slice(0, 16));

describe('a wall time', () => {
  test.each([
    ['UTC', '2026-03-29T02:30', '2026-03-29T02:30', 'once'],
    ['Europe/Madrid', '2026-03-29T01:59', '2026-03-29T00:59', 'once'],
    ['Europe/Madrid', '2026-03-29T02:30', '2026-03-29T01:00', 'gap'],
    ['Europe/Madrid', '2026-10-25T02:30', '2026-10-25T00:30', 'overlap'],
    ['Europe/Madrid', '2026-10-25T03:00', '2026-10-25T02:00', 'once'],
    // Half an hour.
    ['Australia/Lord_Howe', '2026-10-04T02:15', '2026-10-03T15:30', 'gap'],
    ['Australia/Lord_Howe', '2026-10-04T02:30', '2026-10-03T15:30', 'once'],
    ['Australia/Lord_Howe', '2026-04-05T01:45', '2026-04-04T14:45', 'overlap'],
    // A whole day, when Samoa went over the date line.
    ['Pacific/Apia', '2011-12-29T23:59', '2011-12-30T09:59', 'once'],
    ['Pacific/Apia', '2011-12-30T09:00', '2011-12-30T10:00', 'gap'],
    ['Pacific/Apia', '2011-12-31T00:00', '2011-12-30T10:00', 'once'],
    // Back an hour for Ramadan, forward behind it.
    ['Africa/Casablanca', '2025-02-23T02:30', '2025-02-23T01:30', 'overlap'],
    ['Africa/Casablanca', '2025-04-06T02:30', '2025-04-06T02:00', 'gap'],
    // At midnight, so that the day began at one.
    ['America/Sao_Paulo', '2018-11-04T00:00', '2018-11-04T03:00', 'gap'],
    ['America/Sao_Paulo', '2019-02-16T23:30', '2019-02-17T01:30', 'overlap'],
    // No daylight saving time any more.
    ['America/Sao_Paulo', '2026-11-01T00:30', '2026-11-01T03:30', 'once'],
    ['Asia/Kathmandu', '2026-01-01T00:00', '2025-12-31T18:15', 'once'],
    ['Pacific/Kiritimati', '2026-01-01T00:00', '2025-12-31T10:00', 'once'],
  ])('in %s at %s is %s, %s', (name, wall, at, kind) => {
    const moment = new Zone(name).momentOf(Date.parse(`${wall}Z`));
    expect([iso(moment.at), moment.kind]).toEqual([at, kind]);
  });

  test.each(['Europe/Nowhere', '+01:00', '', '1'])('%j is no zone', (name) => {
    expect(() => new Zone(name)).toThrow(TimeZoneError);
  });
});

describe('a cron start', () => {
  test.each([
    // Left out with its wall time.
    ['Europe/Madrid', '30 2 * * ? *', '2026-03-28T12:00', '2026-03-30T00:30'],
    ['Pacific/Apia', '0 9 * * ? *', '2011-12-29T19:30', '2011-12-30T19:00'],
    ['America/Sao_Paulo', '0 0 * * ? *', '2018-11-03T12:00', '2018-11-05T02:00'],
    ['Australia/Lord_Howe', '15 2 * * ? *', '2026-10-03T00:00', '2026-10-04T15:15'],
    // The first of the two, and not the second.
    ['Europe/Madrid', '30 2 * * ? *', '2026-10-24T12:00', '2026-10-25T00:30'],
    ['Europe/Madrid', '30 2 * * ? *', '2026-10-25T00:30', '2026-10-26T01:30'],
    ['Europe/Madrid', '0/30 * * * ? *', '2026-10-25T00:45', '2026-10-25T02:00'],
    ['Australia/Lord_Howe', '45 1 * * ? *', '2026-04-04T14:45', '2026-04-05T15:15'],
    ['Africa/Casablanca', '0/15 * * * ? *', '2025-02-23T01:45', '2025-02-23T03:00'],
  ])('in %s of %s after %s is %s', (name, cron, after, expected) => {
    expect(iso(nextOccurrence(parseCron(cron), new Zone(name), Date.parse(`${after}Z`)))).toBe(expected);
  });

  test('while an hour comes again, the last start was at its end the first time', () => {
    const last = previousOccurrence(
      parseCron('0/30 * * * ? *'),
      new Zone('Europe/Madrid'),
      Date.parse('2026-10-25T01:10Z'),
    );
    expect(iso(last)).toBe('2026-10-25T00:30');
  });
});

describe('a sending window', () => {
  const office = { days: 'MON-FRI', from: '08:00', to: '20:00' };
  const night = { days: 'FRI', from: '22:00', to: '06:00' };
  test.each([
    ['Europe/Madrid', office, '2026-11-25T06:59', '2026-11-25T07:00'],
    ['Europe/Madrid', office, '2026-11-25T07:00', '2026-11-25T07:00'],
    ['Europe/Madrid', office, '2026-11-25T18:59', '2026-11-25T18:59'],
    ['Europe/Madrid', office, '2026-11-25T19:00', '2026-11-26T07:00'],
    ['Europe/Madrid', office, '2026-11-27T19:00', '2026-11-30T07:00'],
    ['Asia/Tokyo', office, '2026-11-29T23:00', '2026-11-29T23:00'],
    ['Europe/Madrid', night, '2026-11-28T04:59', '2026-11-28T04:59'],
    ['Europe/Madrid', night, '2026-11-28T05:00', '2026-12-04T21:00'],
    ['Europe/Madrid', night, '2026-11-27T04:00', '2026-11-27T21:00'],
    ['Europe/Madrid', { days: 'SAT,SUN' }, '2026-11-25T12:00', '2026-11-27T23:00'],
    ['Europe/Madrid', { days: 'SUN-MON' }, '2026-11-24T12:00', '2026-11-28T23:00'],
    ['Europe/Madrid', { from: '09:00', to: '24:00' }, '2026-11-25T22:59', '2026-11-25T22:59'],
    ['Europe/Madrid', { from: '09:00', to: '24:00' }, '2026-11-25T23:00', '2026-11-26T08:00'],
    // Its beginning is jumped over: it opens behind the jump. As a whole: not that day.
    ['Europe/Madrid', { from: '02:30', to: '05:00' }, '2026-03-29T00:00', '2026-03-29T01:00'],
    ['Europe/Madrid', { from: '02:00', to: '03:00' }, '2026-03-29T00:00', '2026-03-30T00:00'],
    ['Pacific/Apia', { days: 'FRI', from: '09:00', to: '17:00' }, '2011-12-29T12:00', '2012-01-05T19:00'],
  ])('in %s of %j opens after %s at %s', (name, window, at, expected) => {
    expect(iso(openFrom(parseWindow(window), new Zone(name), Date.parse(`${at}Z`)))).toBe(expected);
  });

  test('is closed at its last minute', () => {
    const window = parseWindow(office);
    expect(isOpen(window, new Zone('UTC'), Date.parse('2026-11-25T20:00Z'))).toBe(false);
    expect(isOpen(window, new Zone('UTC'), Date.parse('2026-11-25T19:59:59Z'))).toBe(true);
  });

  test.each([
    [{ from: '08:00', to: '08:00' }, 'it ends at 08:00, when it begins'],
    [{ from: '24:00', to: '06:00' }, '00:00 is wanted'],
    [{ from: '8:00', to: '20:00' }, 'an hour as 08:00 is wanted'],
    [{ from: '08:00', to: '24:01' }, 'an hour as 08:00 is wanted'],
    [{ days: 'MON-TUE-WED' }, 'MON, MON-FRI or a list of these is wanted'],
    [{ days: 'mon' }, 'MON, MON-FRI or a list of these is wanted'],
  ])('%j is refused', (window, problem) => {
    expect(() => parseWindow(window)).toThrow(problem);
  });
});

test.each([
  ['skip', 0, true],
  ['skip', ON_TIME_MS, true],
  ['skip', ON_TIME_MS + 1, false],
  ['send', 1e12, true],
  ['PT6H', 6 * 3_600_000, true],
  ['PT6H', 6 * 3_600_000 + 1, false],
  ['PT1S', ON_TIME_MS, true],
])('a start under %s, %d ms late: %s', (policy, late, expected) => {
  const slot = Date.parse('2026-11-25T09:00Z');
  expect(startsStill(policy, slot, slot + late)).toBe(expected);
});
