/** Ranges of numbers and of dates, both ends included. */
import { dateOf } from './birthday.ts';
import { quoted } from './errors.ts';

export interface Range {
  readonly from?: number | string;
  readonly to?: number | string;
}

/**
 * Whether a field lies within a range. What is empty lies in none.
 * @returns what is wrong with the field where it cannot be compared
 */
export function isWithin(value: unknown, { from, to }: Range): boolean | { readonly problem: string } {
  if (value === null || value === '') return false;
  const bound = from ?? to;
  const comparable = typeof bound === 'string' ? dateIn(value) : numberIn(value);
  if (comparable === null) {
    const wanted = typeof bound === 'string' ? 'a date as 2024-12-31' : 'a number';
    return { problem: `is ${shown(value)}, ${wanted} is wanted` };
  }
  return (from === undefined || comparable >= from) && (to === undefined || comparable <= to);
}

/** What is wrong with a range itself; null for nothing. */
export function rangeProblem({ from, to }: Range): string | null {
  for (const bound of [from, to]) {
    if (typeof bound === 'string' && dateOf(bound) === null) return `there is no date ${quoted(bound)}`;
  }
  if (from === undefined || to === undefined) return null;
  if (typeof from !== typeof to)
    return 'begins with a number and ends with a date, or the other way round; two of a kind are wanted';
  return from > to ? 'ends before it begins' : null;
}

/** Dates of this form follow each other as their texts do. */
function dateIn(value: unknown): string | null {
  return typeof value === 'string' && dateOf(value) !== null ? value : null;
}

function numberIn(value: unknown): number | null {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : null;
}

/** The beginning of a field, for a problem. */
export function shown(value: unknown): string {
  return typeof value === 'string' ? quoted(value.slice(0, 40)) : (JSON.stringify(value) ?? typeof value);
}
