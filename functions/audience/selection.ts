/** Which rows of an audience a campaign is for. */
import { birthdayOf, dateOf, isKeptOn, type LeapDay } from './birthday.ts';
import { type LocalDate, localDate } from './local-date.ts';
import { isWithin, type Range, shown } from './range.ts';
import type { Fields } from './row.ts';

export interface Selection {
  /** The column with a date of birth: those are selected who have their birthday on the local date. */
  readonly birthday?: string;
  /** The column with a date: those are selected for whom it is that day again, a year later or more. */
  readonly anniversary?: string;
  /** Where 29 February is kept in common years. @default '02-28' */
  readonly leapDay?: LeapDay;
  /** Columns and the value that each must have, compared as texts, or the range within which it must lie. */
  readonly where?: Readonly<Record<string, string | number | boolean | Range>>;
}

export interface SelectionOptions {
  /** The moment that counts, in epoch milliseconds. */
  readonly at: number;
  /** The column with the recipient's IANA time zone. @default 'timezone' */
  readonly timezoneColumn?: string;
  /** The zone of recipients who have none. @default 'UTC' */
  readonly timezone?: string;
  /** The date that counts for everybody, whatever their zones. @default the one that it is in each zone at `at` */
  readonly date?: LocalDate;
}

/** A row that cannot be judged is a problem, not one that is quietly left out. */
export type Verdict = 'selected' | 'not-selected' | { readonly field: string; readonly problem: string };

/**
 * Whether a row is selected. `where` is judged first. An empty date of birth is nobody's birthday; 29 February is kept
 * on 28 February in common years, unless `leapDay` says the day after.
 */
export function isSelected(fields: Fields, selection: Selection, options: SelectionOptions): Verdict {
  for (const [column, wanted] of Object.entries(selection.where ?? {})) {
    const verdict = holds(column, fields[column], wanted);
    if (verdict !== 'selected') return verdict;
  }
  const { birthday, anniversary, leapDay = '02-28' } = selection;
  const born = birthday === undefined ? 'selected' : isToday(fields, birthday, options, birthdayIs(leapDay));
  if (born !== 'selected' || anniversary === undefined) return born;
  return isToday(fields, anniversary, options, anniversaryIs(leapDay));
}

function holds(field: string, value: unknown, wanted: string | number | boolean | Range): Verdict {
  if (value === undefined) return { field, problem: 'is missing, the selection needs it' };
  if (typeof value === 'object' && value !== null)
    return { field, problem: 'is a list or an object, a text is wanted' };
  if (typeof wanted !== 'object')
    return value !== null && String(value) === String(wanted) ? 'selected' : 'not-selected';
  const within = isWithin(value, wanted);
  if (typeof within === 'object') return { field, ...within };
  return within ? 'selected' : 'not-selected';
}

/** How a column's text is read as a day, and whether that day is today. */
interface DayRule {
  readonly wanted: string;
  /** null where the text is no such day. */
  readonly isOn: (text: string) => ((today: LocalDate) => boolean) | null;
}

function birthdayIs(leapDay: LeapDay): DayRule {
  return {
    wanted: 'a date as 1990-12-31 or 12-31',
    isOn: (text) => {
      const day = birthdayOf(text);
      return day === null ? null : (today) => isKeptOn(day, today, leapDay);
    },
  };
}

function anniversaryIs(leapDay: LeapDay): DayRule {
  return {
    wanted: 'a date as 1990-12-31',
    isOn: (text) => {
      const date = dateOf(text);
      return date === null ? null : (today) => today.year > date.year && isKeptOn(date, today, leapDay);
    },
  };
}

function isToday(fields: Fields, field: string, options: SelectionOptions, rule: DayRule): Verdict {
  const value = fields[field];
  if (value === undefined) return { field, problem: 'is missing, the selection needs it' };
  if (value === null || value === '') return 'not-selected';
  const isOn = typeof value === 'string' ? rule.isOn(value) : null;
  if (isOn === null) return { field, problem: `is ${shown(value)}, ${rule.wanted} is wanted` };
  if (options.date !== undefined) return isOn(options.date) ? 'selected' : 'not-selected';
  const column = options.timezoneColumn ?? 'timezone';
  const own = fields[column];
  const timezone = own === undefined || own === null || own === '' ? (options.timezone ?? 'UTC') : own;
  const today = typeof timezone === 'string' ? localDate(options.at, timezone) : null;
  if (today === null) {
    return { field: column, problem: `is ${shown(timezone)}, a time zone as America/Mexico_City is wanted` };
  }
  return isOn(today) ? 'selected' : 'not-selected';
}
