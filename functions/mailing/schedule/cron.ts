/**
 * Cron as EventBridge Scheduler writes it: minute, hour, day of the month, month, day of the week, year. Only what its
 * documentation promises is taken: an expression that starts here on other days than there would be worse than none.
 *
 * One of the two day fields is `?`, since a day is named by its date or by its weekday. Sunday is 1. `L` is the last day
 * of the month or week, `6L` the last Friday, `15W` the working day nearest to the 15th within its month, `3#2` the
 * second Tuesday; each of these stands alone in its field.
 */

export interface Cron {
  /** Minutes of the day, ascending: each hour with each minute. */
  readonly minutes: readonly number[];
  readonly months: ReadonlySet<number>;
  readonly years: ReadonlySet<number>;
  /** Whether a day of a month that is meant is one. */
  readonly isDay: (day: CalendarDay) => boolean;
}

export interface CalendarDay {
  readonly day: number;
  /** 1 is Sunday. */
  readonly weekday: number;
  readonly daysInMonth: number;
}

export class CronError extends Error {
  readonly code = 'ERR_CRON';
  readonly problem: string;
  constructor(problem: string) {
    super(`Cannot read the schedule: ${problem}`);
    this.name = 'CronError';
    this.problem = problem;
  }
}

export const FIRST_YEAR = 1970;
export const LAST_YEAR = 2199;

interface Field {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** Names of the values, the first that of `from`. */
  readonly names?: readonly string[];
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
const MINUTE: Field = { name: 'minute', from: 0, to: 59 };
const HOUR: Field = { name: 'hour', from: 0, to: 23 };
const DAY: Field = { name: 'day of the month', from: 1, to: 31 };
const MONTH: Field = { name: 'month', from: 1, to: 12, names: MONTHS };
const WEEKDAY: Field = { name: 'day of the week', from: 1, to: 7, names: WEEKDAYS };
const YEAR: Field = { name: 'year', from: FIRST_YEAR, to: LAST_YEAR };

/** @throws CronError with the field and what is wanted in it */
export function parseCron(text: string): Cron {
  const fields = text.split(' ');
  const [minute = '', hour = '', day = '', month = '', weekday = '', year = ''] = fields;
  if (fields.length !== 6 || fields.includes(''))
    throw new CronError(
      'six fields with one space between are wanted: minute, hour, day of the month, month, day of the week, year',
    );
  if ((day === '?') === (weekday === '?'))
    throw new CronError('one of day of the month and day of the week must be "?", and the other must not');
  const minutes = [...valuesOf(minute, MINUTE)];
  const cron = {
    minutes: [...valuesOf(hour, HOUR)].flatMap((each) => minutes.map((within) => each * 60 + within)),
    months: valuesOf(month, MONTH),
    years: valuesOf(year, YEAR),
    isDay: weekday === '?' ? dayOfMonth(day) : dayOfWeek(weekday),
  };
  if (!hasDay(cron)) throw new CronError('no such day ever comes, such as 30 February; another day is wanted');
  return cron;
}

/** The values that a field means, ascending: `*`, `5`, `1-5`, `MON-FRI`, `0/15`, `8-18/2`, and lists of these. */
function valuesOf(text: string, field: Field): ReadonlySet<number> {
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const [, range = '', step] = /^([^/]*)(?:\/(\d{1,4}))?$/.exec(part) ?? [];
    const [first = '', last, ...more] = range === '*' ? [String(field.from), String(field.to)] : range.split('-');
    const from = valueIn(first, field);
    const to = last !== undefined ? valueIn(last, field) : step === undefined ? from : field.to;
    const by = Number(step ?? 1);
    if (from === null || to === null || more.length > 0 || by < 1) throw wrong(text, field);
    if (to < from)
      throw new CronError(`${field.name} ${JSON.stringify(part)} ends before it begins; two ranges are wanted`);
    for (let value = from; value <= to; value += by) values.add(value);
  }
  return new Set([...values].sort((one, other) => one - other));
}

function valueIn(text: string, { from, to, names }: Field): number | null {
  const named = names?.indexOf(text.toUpperCase()) ?? -1;
  if (named !== -1) return from + named;
  if (!/^\d{1,4}$/.test(text)) return null;
  const value = Number(text);
  return value >= from && value <= to ? value : null;
}

function wrong(text: string, { name, from, to, names }: Field): CronError {
  const named = names === undefined ? '' : ` or ${names[0]} to ${names.at(-1)}`;
  return new CronError(
    `${name} is ${JSON.stringify(text)}; ${from} to ${to}${named} is wanted, or *, ranges (a-b), steps (a/n) and lists (a,b) of these`,
  );
}

function dayOfMonth(text: string): Cron['isDay'] {
  if (text === 'L') return ({ day, daysInMonth }) => day === daysInMonth;
  const [, near] = /^(\d{1,2})W$/.exec(text) ?? [];
  if (near === undefined) {
    const days = valuesOf(text, DAY);
    return ({ day }) => days.has(day);
  }
  const wanted = valueIn(near, DAY);
  if (wanted === null) throw wrong(text, DAY);
  return (found) => wanted <= found.daysInMonth && found.day === workingDayNear(wanted, found);
}

/** Saturday gives way to Friday, Sunday to Monday; a month's first or last day turns the other way, to stay in its month. */
function workingDayNear(wanted: number, { day, weekday, daysInMonth }: CalendarDay): number {
  const wantedWeekday = ((((weekday - 1 + wanted - day) % 7) + 7) % 7) + 1;
  if (wantedWeekday === 7) return wanted === 1 ? 3 : wanted - 1;
  if (wantedWeekday === 1) return wanted === daysInMonth ? wanted - 2 : wanted + 1;
  return wanted;
}

function dayOfWeek(text: string): Cron['isDay'] {
  if (text === 'L') return ({ weekday }) => weekday === 7;
  const [, last] = /^(\w+)L$/.exec(text) ?? [];
  if (last !== undefined) {
    const wanted = valueIn(last, WEEKDAY);
    if (wanted === null) throw wrong(text, WEEKDAY);
    return ({ day, weekday, daysInMonth }) => weekday === wanted && day + 7 > daysInMonth;
  }
  const [, name, count] = /^(\w+)#([1-5])$/.exec(text) ?? [];
  if (name !== undefined) {
    const wanted = valueIn(name, WEEKDAY);
    if (wanted === null) throw wrong(text, WEEKDAY);
    return ({ day, weekday }) => weekday === wanted && Math.ceil(day / 7) === Number(count);
  }
  const weekdays = valuesOf(text, WEEKDAY);
  return ({ weekday }) => weekdays.has(weekday);
}

function hasDay({ months, years, isDay }: Cron): boolean {
  for (const year of years) {
    for (const month of months) {
      const daysInMonth = new Date(Date.UTC(year, month, 0)).getUTCDate();
      for (let day = 1; day <= daysInMonth; day += 1) {
        const weekday = new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 1;
        if (isDay({ day, weekday, daysInMonth })) return true;
      }
    }
  }
  return false;
}
