/** Sending windows through time, beside an evaluator that asks Intl for weekday and hour and knows nothing else. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SendingHours } from '../../../functions/mailing/schedule/hours.ts';
import { isOpen, nextTurn, openFrom, parseWindow } from '../../../functions/mailing/schedule/window.ts';
import { Zone } from '../../../functions/mailing/schedule/zone.ts';

const QUARTER_MS = 15 * 60_000;
const WEEKDAYS: readonly string[] = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
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

interface Written {
  readonly days: readonly string[];
  /** Minutes of the day. */
  readonly from: number;
  readonly to: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** By what the wall shows, and by yesterday's weekday where the hours cross midnight. */
function isOpenByIntl({ days, from, to }: Written, zone: string, at: number): boolean {
  const options = { timeZone: zone, hourCycle: 'h23', weekday: 'short', hour: '2-digit', minute: '2-digit' } as const;
  const format = formats.get(zone) ?? new Intl.DateTimeFormat('en-GB', options);
  formats.set(zone, format);
  const [weekday = '', hour = '', minute = ''] = format.format(at).split(/[ :]/);
  const today = WEEKDAYS.indexOf(weekday.replace(',', '').toUpperCase());
  const now = Number(hour) * 60 + Number(minute);
  const isDay = (day: number) => days.some((name) => name === WEEKDAYS[(day + 7) % 7]);
  if (from < to) return isDay(today) && now >= from && now < to;
  return (isDay(today) && now >= from) || (isDay(today - 1) && now < to);
}

const hourOf = (minutes: number) =>
  `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;

/** Hours on a quarter, so that nothing turns between two quarters: clocks are moved on quarters as well. */
const windows = fc
  .record({
    days: fc.uniqueArray(fc.constantFrom(...WEEKDAYS), { minLength: 1, maxLength: 7 }),
    from: fc.integer({ min: 0, max: 95 }).map((quarters) => quarters * 15),
    to: fc.integer({ min: 1, max: 96 }).map((quarters) => quarters * 15),
  })
  .filter(({ from, to }) => from !== to);

/** Also near the moments at which clocks are moved, which chance would seldom meet. */
const moments = fc.oneof(
  fc.integer({ min: Date.UTC(2008, 0), max: Date.UTC(2036, 0) }),
  fc
    .tuple(
      fc.constantFrom(
        '2026-03-29T01:00Z',
        '2026-10-25T01:00Z',
        '2011-12-30T10:00Z',
        '2026-10-03T15:30Z',
        '2026-04-04T15:00Z',
        '2025-02-23T02:00Z',
        '2018-11-04T03:00Z',
        '2026-03-08T07:00Z',
        '2026-11-01T06:00Z',
      ),
      fc.integer({ min: -36 * 3_600_000, max: 36 * 3_600_000 }),
    )
    .map(([move, away]) => Date.parse(move) + away),
);

const read = ({ days, from, to }: Written) => parseWindow({ days: days.join(','), from: hourOf(from), to: hourOf(to) });

describe('a sending window, beside Intl', () => {
  test('is open and shut at the same moments, and turns at none between', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(windows, fc.constantFrom(...ZONES), moments, (written, name, at) => {
        const window = read(written);
        const zone = new Zone(name);
        const now = isOpenByIntl(written, name, at);
        expect(isOpen(window, zone, at)).toBe(now);
        const turn = nextTurn(window, zone, at);
        if (turn !== null) expect(isOpenByIntl(written, name, turn)).toBe(!now);
        const end = turn ?? at + 15 * 24 * 3_600_000;
        for (let quarter = Math.ceil(at / QUARTER_MS) * QUARTER_MS; quarter < end; quarter += QUARTER_MS)
          expect(isOpenByIntl(written, name, quarter), new Date(quarter).toISOString()).toBe(now);
        if (turn !== null) expect(isOpenByIntl(written, name, turn - 1)).toBe(now);
        const opening = openFrom(window, zone, at);
        expect(opening).toBe(now ? at : (turn ?? opening));
        expect(isOpenByIntl(written, name, opening)).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  test('is told the same by whoever remembers, whichever way the clock goes', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(
        windows,
        fc.constantFrom(...ZONES),
        moments,
        fc.array(fc.integer({ min: -40 * 3_600_000, max: 40 * 3_600_000 }), { minLength: 5, maxLength: 20 }),
        (written, name, start, steps) => {
          const notBefore = start - 20 * 3_600_000;
          const zone = new Zone(name);
          const hours = new SendingHours(read(written), zone, notBefore);
          let at = start;
          for (const step of steps) {
            at += step;
            expect(hours.isOpen(at)).toBe(at >= notBefore && isOpenByIntl(written, name, at));
            expect(hours.openFrom(at)).toBe(openFrom(read(written), zone, Math.max(at, notBefore)));
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('a sending window', () => {
  test.each([
    // Open when an hour comes again: open twice.
    ['Europe/Madrid', { from: '22:00', to: '02:30' }, '2026-10-25T00:00', '2026-10-25T00:30'],
    ['Europe/Madrid', { from: '22:00', to: '02:30' }, '2026-10-25T00:30', '2026-10-25T01:00'],
    ['Europe/Madrid', { from: '22:00', to: '02:30' }, '2026-10-25T01:00', '2026-10-25T01:30'],
    // Its end is jumped over.
    ['Europe/Madrid', { from: '22:00', to: '02:30' }, '2026-03-28T23:00', '2026-03-29T01:00'],
    // A Friday that Samoa left out: open on Thursday night, shut by the jump into Saturday.
    ['Pacific/Apia', { days: 'THU', from: '20:00', to: '24:00' }, '2011-12-30T09:00', '2011-12-30T10:00'],
    ['UTC', { from: '00:00', to: '24:00' }, '2026-01-01T00:00', null],
  ])('in %s of %j turns after %s at %s', (name, window, after, expected) => {
    const turn = nextTurn(parseWindow(window), new Zone(name), Date.parse(`${after}Z`));
    expect(turn === null ? null : new Date(turn).toISOString().slice(0, 16)).toBe(expected);
  });
});
