/** Who is selected: birthdays and anniversaries on each one's own date, equality and ranges. */
import { describe, expect, test } from 'vitest';
import { isSelected, rangeProblem, type Verdict } from '#audience';
import { birthdayOf } from '../../functions/audience/birthday.ts';
import { isLeapYear, localDate } from '../../functions/audience/local-date.ts';

const at = (iso: string) => Date.parse(iso);
const born = (birthday: unknown, when: string, timezone?: unknown): Verdict =>
  isSelected({ birthday, ...(timezone === undefined ? {} : { timezone }) }, { birthday: 'birthday' }, { at: at(when) });

test.each([
  ['1990-12-31', { month: 12, day: 31 }],
  ['12-31', { month: 12, day: 31 }],
  ['--12-31', { month: 12, day: 31 }],
  ['2000-02-29', { month: 2, day: 29 }],
  ['02-29', { month: 2, day: 29 }],
  ['1900-02-29', null],
  ['2001-02-29', null],
  ['02-30', null],
  ['04-31', null],
  ['00-10', null],
  ['13-01', null],
  ['01-00', null],
  ['01-32', null],
  ['1-1', null],
  ['31.12.1990', null],
  ['12/31', null],
  ['1990-12-31T00:00:00Z', null],
  [' 12-31', null],
  ['12-31\n', null],
  ['90-12-31', null],
  ['-12-31', null],
  ['١٢-٣١', null],
])('the birthday of %j is %j', (text, expected) => {
  expect(birthdayOf(text)).toEqual(expected);
});

describe('a birthday is on the recipient’s own date', () => {
  test.each([
    ['2026-05-09T23:59:59Z', undefined, 'not-selected'],
    ['2026-05-10T00:00:00Z', undefined, 'selected'],
    ['2026-05-10T23:59:59Z', undefined, 'selected'],
    ['2026-05-11T00:00:00Z', undefined, 'not-selected'],
    ['2026-05-09T10:00:00Z', 'Pacific/Kiritimati', 'selected'],
    ['2026-05-09T09:59:59Z', 'Pacific/Kiritimati', 'not-selected'],
    ['2026-05-11T10:59:59Z', 'Pacific/Niue', 'selected'],
    ['2026-05-11T11:00:00Z', 'Pacific/Niue', 'not-selected'],
    ['2026-05-11T05:59:59Z', 'America/Mexico_City', 'selected'],
    ['2026-05-11T06:00:00Z', 'America/Mexico_City', 'not-selected'],
    ['2026-05-09T18:15:00Z', 'Asia/Kathmandu', 'selected'],
    ['2026-05-10T12:00:00Z', 'america/mexico_city', 'selected'],
    ['2026-05-10T00:00:00Z', '', 'selected'],
    ['2026-05-10T00:00:00Z', null, 'selected'],
  ])('at %s in %s: %s', (when, timezone, expected) => {
    expect(born('1990-05-10', when, timezone)).toBe(expected);
  });

  test('also where the clocks change', () => {
    expect(born('03-29', '2026-03-29T21:59:59Z', 'Europe/Madrid')).toBe('selected');
    expect(born('03-29', '2026-03-29T22:00:00Z', 'Europe/Madrid')).toBe('not-selected');
    expect(born('10-25', '2026-10-24T22:00:00Z', 'Europe/Madrid')).toBe('selected');
    expect(born('10-25', '2026-10-25T22:59:59Z', 'Europe/Madrid')).toBe('selected');
  });

  test('in the column and the zone that the options name', () => {
    const options = { at: at('2026-05-11T05:00:00Z'), timezoneColumn: 'tz', timezone: 'America/Mexico_City' };
    const selection = { birthday: 'born' };
    expect(isSelected({ born: '05-10', timezone: 'Asia/Tokyo' }, selection, options)).toBe('selected');
    expect(isSelected({ born: '05-10', tz: 'Asia/Tokyo' }, selection, options)).toBe('not-selected');
    expect(isSelected({ born: '05-10', tz: '' }, selection, options)).toBe('selected');
  });
});

describe('29 February', () => {
  test.each([
    ['2024-02-28', 'not-selected'],
    ['2024-02-29', 'selected'],
    ['2024-03-01', 'not-selected'],
    ['2026-02-27', 'not-selected'],
    ['2026-02-28', 'selected'],
    ['2026-03-01', 'not-selected'],
    ['2100-02-28', 'selected'],
    ['2000-02-28', 'not-selected'],
  ])('on %s: %s', (date, expected) => {
    expect(born('2000-02-29', `${date}T12:00:00Z`)).toBe(expected);
    expect(born('02-29', `${date}T12:00:00Z`)).toBe(expected);
  });

  test('does not take the 28th from those who were born on it', () => {
    expect(born('02-28', '2026-02-28T12:00:00Z')).toBe('selected');
    expect(born('02-28', '2024-02-28T12:00:00Z')).toBe('selected');
    expect(born('02-28', '2024-02-29T12:00:00Z')).toBe('not-selected');
  });

  test('comes once a year, wherever', () => {
    for (const timezone of ['UTC', 'Pacific/Kiritimati', 'Pacific/Niue', 'Europe/Madrid']) {
      for (const year of [2023, 2024, 2025]) {
        const noons = Array.from({ length: isLeapYear(year) ? 366 : 365 }, (_, day) => Date.UTC(year, 0, 1 + day, 12));
        const days = noons.filter(
          (noon) => isSelected({ b: '02-29', timezone }, { birthday: 'b' }, { at: noon }) === 'selected',
        );
        expect(days).toHaveLength(1);
      }
    }
  });
});

describe('a row that cannot be judged is a problem', () => {
  const zone = 'a time zone as America/Mexico_City is wanted';
  const date = 'a date as 1990-12-31 or 12-31 is wanted';

  test.each([
    ['31.12.1990', undefined, { field: 'birthday', problem: `is "31.12.1990", ${date}` }],
    ['2001-02-29', undefined, { field: 'birthday', problem: `is "2001-02-29", ${date}` }],
    [19901231, undefined, { field: 'birthday', problem: `is 19901231, ${date}` }],
    [['12-31'], undefined, { field: 'birthday', problem: `is ["12-31"], ${date}` }],
    [' ', undefined, { field: 'birthday', problem: `is " ", ${date}` }],
    [
      'x\r\n'.repeat(40),
      undefined,
      { field: 'birthday', problem: `is ${JSON.stringify('x\r\n'.repeat(40).slice(0, 40))}, ${date}` },
    ],
    [undefined, undefined, { field: 'birthday', problem: 'is missing, the selection needs it' }],
    ['12-31', 'Mexico', { field: 'timezone', problem: `is "Mexico", ${zone}` }],
    ['12-31', 'America/Nowhere', { field: 'timezone', problem: `is "America/Nowhere", ${zone}` }],
    ['12-31', '+05:30', { field: 'timezone', problem: `is "+05:30", ${zone}` }],
    ['12-31', ' UTC', { field: 'timezone', problem: `is " UTC", ${zone}` }],
    ['12-31', 5, { field: 'timezone', problem: `is 5, ${zone}` }],
  ])('%j in %j', (birthday, timezone, expected) => {
    expect(born(birthday, '2026-01-01T00:00:00Z', timezone)).toEqual(expected);
  });

  test.each([[''], [null]])('but %j is nobody’s birthday', (birthday) => {
    expect(born(birthday, '2026-01-01T00:00:00Z', 'America/Nowhere')).toBe('not-selected');
  });
});

describe('where', () => {
  const verdict = (fields: Record<string, unknown>, where: Record<string, string | number | boolean>) =>
    isSelected(fields, { where }, { at: 0 });

  test.each([
    [{ locale: 'es' }, { locale: 'es' }, 'selected'],
    [{ locale: 'en' }, { locale: 'es' }, 'not-selected'],
    [{ locale: 'ES' }, { locale: 'es' }, 'not-selected'],
    [{ locale: ' es' }, { locale: 'es' }, 'not-selected'],
    [{ locale: '' }, { locale: 'es' }, 'not-selected'],
    [{ locale: '' }, { locale: '' }, 'selected'],
    [{ locale: null }, { locale: 'null' }, 'not-selected'],
    [{ n: '7' }, { n: 7 }, 'selected'],
    [{ n: 7 }, { n: '7' }, 'selected'],
    [{ n: '7.0' }, { n: 7 }, 'not-selected'],
    [{ active: 'true' }, { active: true }, 'selected'],
    [{ active: false }, { active: false }, 'selected'],
    [{ a: '1', b: '2' }, { a: '1', b: '2' }, 'selected'],
    [{ a: '1', b: '3' }, { a: '1', b: '2' }, 'not-selected'],
    [{ a: '1' }, { b: '2' }, { field: 'b', problem: 'is missing, the selection needs it' }],
    [{ a: ['1'] }, { a: '1' }, { field: 'a', problem: 'is a list or an object, a text is wanted' }],
    [{}, {}, 'selected'],
  ])('%j by %j: %j', (fields, where, expected) => {
    expect(verdict(fields, where)).toEqual(expected);
  });

  test('is judged before the birthday', () => {
    const selection = { birthday: 'birthday', where: { locale: 'es' } };
    expect(isSelected({ locale: 'en', birthday: 'no date' }, selection, { at: 0 })).toBe('not-selected');
    expect(isSelected({ locale: 'es', birthday: '01-01' }, selection, { at: 0 })).toBe('selected');
    expect(isSelected({ locale: 'es', birthday: '01-02' }, selection, { at: 0 })).toBe('not-selected');
  });

  test('an empty selection selects everyone', () => {
    expect(isSelected({}, {}, { at: 0 })).toBe('selected');
  });
});

describe('a range', () => {
  const isNumber = 'a number is wanted';
  const isDate = 'a date as 2024-12-31 is wanted';

  test.each([
    ['18', { from: 18 }, 'selected'],
    ['17.9', { from: 18 }, 'not-selected'],
    [17, { from: 18 }, 'not-selected'],
    [65, { from: 18, to: 65 }, 'selected'],
    ['100', { from: 18, to: 65 }, 'not-selected'],
    ['-3', { to: 0 }, 'selected'],
    // As texts, 9 would come behind 10.
    ['9', { from: 10 }, 'not-selected'],
    ['', { from: 0 }, 'not-selected'],
    [null, { from: 0 }, 'not-selected'],
    ['2024-01-01', { from: '2024-01-01', to: '2024-12-31' }, 'selected'],
    ['2024-12-31', { from: '2024-01-01', to: '2024-12-31' }, 'selected'],
    ['2025-01-01', { from: '2024-01-01', to: '2024-12-31' }, 'not-selected'],
    ['2023-12-31', { from: '2024-01-01' }, 'not-selected'],
    ['', { to: '2024-12-31' }, 'not-selected'],
    ['many', { from: 18 }, { field: 'c', problem: `is "many", ${isNumber}` }],
    ['1e3', { from: 18 }, { field: 'c', problem: `is "1e3", ${isNumber}` }],
    ['1,5', { from: 1 }, { field: 'c', problem: `is "1,5", ${isNumber}` }],
    [true, { from: 1 }, { field: 'c', problem: `is true, ${isNumber}` }],
    ['2024-02-30', { from: '2024-01-01' }, { field: 'c', problem: `is "2024-02-30", ${isDate}` }],
    ['12-31', { from: '2024-01-01' }, { field: 'c', problem: `is "12-31", ${isDate}` }],
    [20240101, { from: '2024-01-01' }, { field: 'c', problem: `is 20240101, ${isDate}` }],
    [undefined, { from: 1 }, { field: 'c', problem: 'is missing, the selection needs it' }],
  ])('%j within %j: %j', (value, range, expected) => {
    expect(isSelected({ c: value }, { where: { c: range } }, { at: 0 })).toEqual(expected);
  });

  test.each([
    [{ from: 1, to: 1 }, null],
    [{ from: '2024-01-01', to: '2024-01-01' }, null],
    [{ from: 2, to: 1 }, 'ends before it begins'],
    [{ from: '2024-01-02', to: '2024-01-01' }, 'ends before it begins'],
    [{ from: '2023-02-29' }, 'there is no date "2023-02-29"'],
    [
      { from: 1, to: '2024-01-01' },
      'begins with a number and ends with a date, or the other way round; two of a kind are wanted',
    ],
  ])('%j has the problem %j', (range, problem) => {
    expect(rangeProblem(range)).toBe(problem);
  });
});

describe('an anniversary', () => {
  const verdict = (joined: unknown, when: string, leapDay?: '02-28' | '03-01'): Verdict =>
    isSelected({ joined }, { anniversary: 'joined', ...(leapDay === undefined ? {} : { leapDay }) }, { at: at(when) });

  test.each([
    ['2024-05-10', '2026-05-10T12:00:00Z', 'selected'],
    ['2024-05-10', '2025-05-10T12:00:00Z', 'selected'],
    ['2024-05-10', '2026-05-11T12:00:00Z', 'not-selected'],
    // The day itself is none, nor is one to come.
    ['2026-05-10', '2026-05-10T12:00:00Z', 'not-selected'],
    ['2027-05-10', '2026-05-10T12:00:00Z', 'not-selected'],
    ['2024-02-29', '2025-02-28T12:00:00Z', 'selected'],
    ['', '2026-05-10T12:00:00Z', 'not-selected'],
    ['05-10', '2026-05-10T12:00:00Z', { field: 'joined', problem: 'is "05-10", a date as 1990-12-31 is wanted' }],
    [undefined, '2026-05-10T12:00:00Z', { field: 'joined', problem: 'is missing, the selection needs it' }],
  ])('of %j at %s: %j', (joined, when, expected) => {
    expect(verdict(joined, when)).toEqual(expected);
  });

  test('of 29 February is kept on 1 March where the campaign says so', () => {
    expect(verdict('2024-02-29', '2025-02-28T12:00:00Z', '03-01')).toBe('not-selected');
    expect(verdict('2024-02-29', '2025-03-01T12:00:00Z', '03-01')).toBe('selected');
    expect(verdict('2024-02-29', '2028-02-29T12:00:00Z', '03-01')).toBe('selected');
    expect(verdict('2024-02-29', '2028-03-01T12:00:00Z', '03-01')).toBe('not-selected');
    expect(verdict('2023-03-01', '2025-03-01T12:00:00Z', '03-01')).toBe('selected');
  });

  test('and a birthday are both wanted where both are named', () => {
    const selection = { birthday: 'born', anniversary: 'joined' };
    const today = { at: at('2026-05-10T12:00:00Z') };
    expect(isSelected({ born: '05-10', joined: '2024-05-10' }, selection, today)).toBe('selected');
    expect(isSelected({ born: '05-10', joined: '2024-05-11' }, selection, today)).toBe('not-selected');
    expect(isSelected({ born: '05-11', joined: '2024-05-10' }, selection, today)).toBe('not-selected');
  });
});

test('dates are those of the Gregorian calendar, whatever the machine’s own', () => {
  expect(localDate(Date.UTC(2026, 11, 31, 23), 'UTC')).toEqual({ year: 2026, month: 12, day: 31 });
  expect(localDate(Date.UTC(2026, 11, 31, 23), 'Asia/Bangkok')).toEqual({ year: 2027, month: 1, day: 1 });
  expect(localDate(0, 'Africa/Cairo')).toEqual({ year: 1970, month: 1, day: 1 });
  expect(localDate(0, 'America/Lima')).toEqual({ year: 1969, month: 12, day: 31 });
});
