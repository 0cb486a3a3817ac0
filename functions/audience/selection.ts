/** Which rows of an audience a campaign is for. */
import { birthdayOf, type MonthDay } from './birthday.ts';
import { quoted } from './errors.ts';
import { isLeapYear, type LocalDate, localDate } from './local-date.ts';
import type { Fields } from './row.ts';

export interface Selection {
  /** The column with a date of birth: those are selected who have their birthday on the local date. */
  readonly birthday?: string;
  /** Columns and the value that each must have, compared as texts. */
  readonly where?: Readonly<Record<string, string | number | boolean>>;
}

export interface SelectionOptions {
  /** The moment that counts, in epoch milliseconds. */
  readonly at: number;
  /** The column with the recipient's IANA time zone. @default 'timezone' */
  readonly timezoneColumn?: string;
  /** The zone of recipients who have none. @default 'UTC' */
  readonly timezone?: string;
}

/** A row that cannot be judged is a problem, not one that is quietly left out. */
export type Verdict = 'selected' | 'not-selected' | { readonly field: string; readonly problem: string };

/**
 * Whether a row is selected. `where` is judged first. An empty date of birth is nobody's birthday; 29 February is kept
 * on 28 February in common years.
 */
export function isSelected(fields: Fields, selection: Selection, options: SelectionOptions): Verdict {
  for (const [column, wanted] of Object.entries(selection.where ?? {})) {
    const verdict = equals(column, fields[column], String(wanted));
    if (verdict !== 'selected') return verdict;
  }
  return selection.birthday === undefined ? 'selected' : hasBirthday(fields, selection.birthday, options);
}

function equals(field: string, value: unknown, wanted: string): Verdict {
  if (value === undefined) return { field, problem: 'is missing, the selection needs it' };
  if (typeof value === 'object' && value !== null)
    return { field, problem: 'is a list or an object, a text is wanted' };
  return value !== null && String(value) === wanted ? 'selected' : 'not-selected';
}

function hasBirthday(fields: Fields, field: string, options: SelectionOptions): Verdict {
  const value = fields[field];
  if (value === undefined) return { field, problem: 'is missing, the selection needs it' };
  if (value === null || value === '') return 'not-selected';
  const birthday = typeof value === 'string' ? birthdayOf(value) : null;
  if (birthday === null) return { field, problem: `is ${shown(value)}, a date as 1990-12-31 or 12-31 is wanted` };
  const column = options.timezoneColumn ?? 'timezone';
  const own = fields[column];
  const timezone = own === undefined || own === null || own === '' ? (options.timezone ?? 'UTC') : own;
  const today = typeof timezone === 'string' ? localDate(options.at, timezone) : null;
  if (today === null) {
    return { field: column, problem: `is ${shown(timezone)}, a time zone as America/Mexico_City is wanted` };
  }
  return isOn(birthday, today) ? 'selected' : 'not-selected';
}

function isOn(birthday: MonthDay, today: LocalDate): boolean {
  const isLeapDay = birthday.month === 2 && birthday.day === 29;
  const day = isLeapDay && !isLeapYear(today.year) ? 28 : birthday.day;
  return birthday.month === today.month && day === today.day;
}

function shown(value: unknown): string {
  return typeof value === 'string' ? quoted(value.slice(0, 40)) : (JSON.stringify(value) ?? typeof value);
}
