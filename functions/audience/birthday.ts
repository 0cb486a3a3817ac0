/** Dates of birth as lists have them: with the year, or without. */
import { isLeapYear, type LocalDate } from './local-date.ts';

export interface MonthDay {
  readonly month: number;
  readonly day: number;
}

/** Where 29 February is kept in years that have none. */
export type LeapDay = '02-28' | '03-01';

const DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

/**
 * @param text `1990-12-31`, `12-31` or `--12-31`
 * @returns null for other forms and for days that do not exist
 */
export function birthdayOf(text: string): MonthDay | null {
  const match = /^(?:(\d{4})-|--)?(\d{2})-(\d{2})$/.exec(text);
  if (match === null) return null;
  const month = Number(match[2]);
  const day = Number(match[3]);
  if (day < 1 || day > (DAYS[month - 1] ?? 0)) return null;
  const year = match[1];
  if (month === 2 && day === 29 && year !== undefined && !isLeapYear(Number(year))) return null;
  return { month, day };
}

/** The date, whole; null for other forms and for days that do not exist. */
export function dateOf(text: string): LocalDate | null {
  const day = /^\d{4}-/.test(text) ? birthdayOf(text) : null;
  return day === null ? null : { year: Number(text.slice(0, 4)), ...day };
}

/** Whether a day of the year is kept on a date. */
export function isKeptOn({ month, day }: MonthDay, date: LocalDate, leapDay: LeapDay): boolean {
  const isMoved = month === 2 && day === 29 && !isLeapYear(date.year);
  if (!isMoved) return month === date.month && day === date.day;
  return leapDay === '02-28' ? date.month === 2 && date.day === 28 : date.month === 3 && date.day === 1;
}
