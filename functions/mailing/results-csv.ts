/**
 * Results as CSV (RFC 4180): a heading, CRLF, quotes where they are needed, UTF-8.
 *
 * A spreadsheet takes a cell that begins with `=`, `+`, `-`, `@`, TAB, CR or LF for a formula, and so it takes their full-width
 * forms; a relay's reply, or an address, could begin so on purpose. Such a cell gets an apostrophe in front, which a
 * spreadsheet takes for "this is text". For machines there is JSON, where nothing is put in front of anything.
 */
import type { DeliveryRecord } from './ports.ts';
import { resultLine } from './results.ts';

const COLUMNS = [
  'recipient',
  'outcome',
  'reply',
  'enhancedStatus',
  'queueId',
  'attempts',
  'messageId',
  'at',
  'problem',
  'nextAt',
] as const;

const FORMULA = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;

/** The first line. */
export const CSV_HEADING = `${COLUMNS.join(',')}\r\n`;

/** One recipient's line. */
export function csvLine(record: DeliveryRecord): string {
  const line = resultLine(record);
  return `${COLUMNS.map((column) => cell(line[column] ?? null)).join(',')}\r\n`;
}

function cell(value: string | number | null): string {
  if (value === null) return '';
  const text = typeof value === 'string' && FORMULA.test(value) ? `'${value}` : String(value);
  // RFC 4180 §2.6, §2.7
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
