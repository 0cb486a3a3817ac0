/** Dates of birth as lists have them: with the year, or without. */
import { isLeapYear } from './local-date.ts';

export interface MonthDay {
  readonly month: number;
  readonly day: number;
}

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
