import { Cron as Croner } from 'croner';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CronError, parseCron } from '../../../functions/mailing/schedule/cron.ts';
import { nextOccurrence, previousOccurrence } from '../../../functions/mailing/schedule/occurrences.ts';
import { Zone } from '../../../functions/mailing/schedule/zone.ts';

const UTC = new Zone('UTC');

function starts(cron: string, zone: Zone, after: string, count: number): string[] {
  const parsed = parseCron(cron);
  const found: string[] = [];
  let at = Date.parse(after);
  while (found.length < count) {
    const next = nextOccurrence(parsed, zone, at);
    if (next === null) break;
    found.push(new Date(next).toISOString().slice(0, 16));
    at = next;
  }
  return found;
}

describe('parseCron by what EventBridge Scheduler documents', () => {
  test.each([
    ['0 9 ? * MON *', '2026-11-25T00:00Z', ['2026-11-30T09:00', '2026-12-07T09:00']],
    ['0 9 ? * 2 *', '2026-11-25T00:00Z', ['2026-11-30T09:00', '2026-12-07T09:00']],
    ['0 9 ? * 1 *', '2026-11-25T00:00Z', ['2026-11-29T09:00', '2026-12-06T09:00']],
    ['15 10 ? * 6L 2022-2023', '2022-11-01T00:00Z', ['2022-11-25T10:15', '2022-12-30T10:15', '2023-01-27T10:15']],
    ['0 18 ? * MON-FRI *', '2026-11-27T12:00Z', ['2026-11-27T18:00', '2026-11-30T18:00']],
    ['0/10 * ? * MON-FRI *', '2026-11-27T23:45Z', ['2026-11-27T23:50', '2026-11-30T00:00']],
    ['0 8 1 * ? *', '2026-11-25T00:00Z', ['2026-12-01T08:00', '2027-01-01T08:00']],
    ['0 5 L * ? *', '2028-01-31T06:00Z', ['2028-02-29T05:00', '2028-03-31T05:00']],
    ['0 5 ? * L *', '2026-11-25T00:00Z', ['2026-11-28T05:00', '2026-12-05T05:00']],
    [
      '0 9 15W * ? *',
      '2026-08-01T00:00Z',
      ['2026-08-14T09:00', '2026-09-15T09:00', '2026-10-15T09:00', '2026-11-16T09:00'],
    ],
    ['0 9 1W 8 ? *', '2026-01-01T00:00Z', ['2026-08-03T09:00']],
    ['0 9 31W * ? *', '2027-01-01T00:00Z', ['2027-01-29T09:00', '2027-03-31T09:00']],
    ['0 9 31W 5 ? *', '2026-01-01T00:00Z', ['2026-05-29T09:00']],
    ['0 9 ? * 3#2 *', '2026-11-01T00:00Z', ['2026-11-10T09:00', '2026-12-08T09:00']],
    ['0 9 ? * FRI#5 *', '2026-11-01T00:00Z', ['2027-01-29T09:00', '2027-04-30T09:00']],
    ['30 8,20 29 FEB ? *', '2026-01-01T00:00Z', ['2028-02-29T08:30', '2028-02-29T20:30']],
    ['0 0 1 jan ? 2199', '2026-01-01T00:00Z', ['2199-01-01T00:00']],
    ['5/20 8-10/2 * * ? *', '2026-01-01T08:06Z', ['2026-01-01T08:25', '2026-01-01T08:45', '2026-01-01T10:05']],
  ])('%s after %s', (cron, after, expected) => {
    expect(starts(cron, UTC, after, expected.length)).toEqual(expected);
  });

  test('nothing comes after the last year, and nothing was before the first', () => {
    const cron = parseCron('0 9 * * ? 2025');
    expect(nextOccurrence(cron, UTC, Date.parse('2025-12-31T09:00Z'))).toBeNull();
    expect(previousOccurrence(cron, UTC, Date.parse('2025-01-01T08:59Z'))).toBeNull();
    expect(previousOccurrence(cron, UTC, Date.parse('2026-07-01T00:00Z'))).toBe(Date.parse('2025-12-31T09:00Z'));
  });

  test.each([
    ['0 9 * * *', 'six fields'],
    ['0 9  ? * MON *', 'six fields'],
    ['0 9 * * * *', 'one of day of the month and day of the week must be "?"'],
    ['0 9 ? * ? *', 'one of day of the month and day of the week must be "?"'],
    ['0 9 1 * MON *', 'one of day of the month and day of the week must be "?"'],
    ['60 9 ? * MON *', 'minute is "60"; 0 to 59 is wanted'],
    ['0 24 ? * MON *', 'hour is "24"; 0 to 23 is wanted'],
    ['? 9 ? * MON *', 'minute is "?"'],
    ['0/0 9 ? * MON *', 'minute is "0/0"'],
    ['1-2-3 9 ? * MON *', 'minute is "1-2-3"'],
    ['0 9 0 * ? *', 'day of the month is "0"; 1 to 31 is wanted'],
    ['0 9 32W * ? *', 'day of the month is "32W"'],
    ['0 9 LW * ? *', 'day of the month is "LW"'],
    ['0 9 L,1 * ? *', 'day of the month is "L,1"'],
    ['0 9 1 13 ? *', 'month is "13"; 1 to 12 or JAN to DEC is wanted'],
    ['0 9 ? * 0 *', 'day of the week is "0"; 1 to 7 or SUN to SAT is wanted'],
    ['0 9 ? * MON#6 *', 'day of the week is "MON#6"'],
    ['0 9 ? * 8L *', 'day of the week is "8L"'],
    ['0 9 ? * FRI-MON *', 'ends before it begins; two ranges are wanted'],
    ['0 9 1 * ? 1969', 'year is "1969"; 1970 to 2199 is wanted'],
    ['0 9 30 2 ? *', 'no such day ever comes'],
    ['0 9 29 2 ? 2026', 'no such day ever comes'],
  ])('%s is refused', (cron, problem) => {
    expect(() => parseCron(cron)).toThrow(CronError);
    expect(() => parseCron(cron)).toThrow(problem);
  });
});

const part = (from: number, to: number) =>
  fc.oneof(
    fc.constant('*'),
    fc.integer({ min: from, max: to }).map(String),
    fc
      .tuple(fc.integer({ min: from, max: to }), fc.integer({ min: from, max: to }))
      .map(([one, other]) => `${Math.min(one, other)}-${Math.max(one, other)}`),
    fc
      .uniqueArray(fc.integer({ min: from, max: to }), { minLength: 2, maxLength: 4 })
      .map((values) => values.join(',')),
    fc
      .tuple(fc.integer({ min: from, max: to }), fc.integer({ min: 1, max: 6 }))
      .map(([first, step]) => `${first}/${step}`),
  );
const days = fc.oneof(
  fc
    .oneof(
      part(1, 28),
      fc.constant('L'),
      fc.integer({ min: 1, max: 28 }).map((day) => `${day}W`),
    )
    .map((day) => ({ day, weekday: '?' })),
  fc
    .oneof(
      part(1, 7),
      fc.tuple(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 4 })).map(([day, nth]) => `${day}#${nth}`),
      fc.integer({ min: 1, max: 7 }).map((day) => `${day}L`),
    )
    .map((weekday) => ({ day: '?', weekday })),
);
const expressions = fc.record({ minute: part(0, 59), hour: part(0, 23), days, month: part(1, 12) });

/** Croner counts weekdays from Sunday as 0, puts `L` after `#`, and counts steps from a number only in a range. */
function forCroner({
  minute,
  hour,
  days: { day, weekday },
  month,
}: {
  minute: string;
  hour: string;
  days: { day: string; weekday: string };
  month: string;
}): string {
  const ranged = (text: string, to: number) => text.replace(/^(\d+)\//, `$1-${to}/`);
  const zeroBased = ranged(weekday, 7)
    .replace(/(^|[,-])(\d)/g, (_, before: string, number: string) => `${before}${Number(number) - 1}`)
    .replace(/L$/, '#L');
  return `0 ${ranged(minute, 59)} ${ranged(hour, 23)} ${ranged(day, 31)} ${ranged(month, 12)} ${zeroBased}`;
}

test('occurrences are those of an independent evaluator, given the same expression in its own form', () => {
  fc.assert(
    fc.property(expressions, fc.integer({ min: Date.UTC(2000, 0), max: Date.UTC(2060, 0) }), (expression, after) => {
      const {
        minute,
        hour,
        days: { day, weekday },
        month,
      } = expression;
      const ours = nextOccurrence(parseCron(`${minute} ${hour} ${day} ${month} ${weekday} *`), UTC, after);
      const theirs = new Croner(forCroner(expression), { timezone: 'UTC' }).nextRun(new Date(after));
      expect(ours).toBe(theirs?.getTime() ?? null);
    }),
    { numRuns: 500 },
  );
});

test('the next start after the previous one is the next start, in any zone', () => {
  const zones = ['America/Sao_Paulo', 'Australia/Lord_Howe', 'Pacific/Apia', 'Africa/Casablanca', 'Europe/Madrid'].map(
    (name) => new Zone(name),
  );
  fc.assert(
    fc.property(
      expressions,
      fc.constantFrom(...zones),
      fc.integer({ min: Date.UTC(2005, 0), max: Date.UTC(2030, 0) }),
      ({ minute, hour, days: { day, weekday }, month }, zone, at) => {
        const cron = parseCron(`${minute} ${hour} ${day} ${month} ${weekday} *`);
        const next = nextOccurrence(cron, zone, at);
        const previous = previousOccurrence(cron, zone, at);
        if (next === null || previous === null) throw new Error('these come every year');
        expect(previous).toBeLessThanOrEqual(at);
        expect(next).toBeGreaterThan(at);
        expect(nextOccurrence(cron, zone, previous)).toBe(next);
        expect(previousOccurrence(cron, zone, next - 1)).toBe(previous);
      },
    ),
    { numRuns: 100 },
  );
});
