/**
 * Dates, numbers and money as the recipient writes them: by the row's `locale` and `timezone` (UTC where it has none). Without a
 * locale it is the language that the template's file says it is in (said-language.ts), else en.
 * What cannot be written so is a `Misfit`, and that row's problem.
 */
import type { Variables } from './values.ts';

/** Why a value cannot be formatted. */
export class Misfit {
  readonly problem: string;
  constructor(problem: string) {
    this.problem = problem;
  }
}

const DATE_STYLES = ['short', 'medium', 'long', 'full'] as const;
const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;
const INSTANT = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/;
const DECIMAL = /^-?\d{1,15}(\.\d{1,15})?$/;
const CURRENCIES: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'));

/** A day is the same day everywhere; an instant is shown as the day that it falls on in the recipient's time zone. */
export function formatDate(value: unknown, style: unknown, row: Variables, language?: string): string | Misfit {
  const dateStyle = DATE_STYLES.find((known) => known === style);
  if (dateStyle === undefined)
    return new Misfit(`has the date style ${quoted(style)}, ${listed(DATE_STYLES)} is wanted`);
  const text = String(value);
  const day = INSTANT.exec(text)?.[1] ?? text;
  const at = Date.parse(text);
  if (!isDay(day) || Number.isNaN(at)) {
    return new Misfit(`is ${quoted(value)}, a date (2026-12-01) or an instant with its offset is wanted`);
  }
  const timeZone = day === text ? 'UTC' : String(row.timezone || 'UTC');
  return formatted(
    row,
    `date ${dateStyle} ${timeZone}`,
    (locale) => new Intl.DateTimeFormat(locale, { dateStyle, timeZone }),
    (formatter) => formatter.format(at),
    language,
  );
}

export function formatNumber(value: unknown, row: Variables, language?: string): string | Misfit {
  const number = decimal(value);
  if (number instanceof Misfit) return number;
  return formatted(
    row,
    'number',
    (locale) => new Intl.NumberFormat(locale, { maximumFractionDigits: 15 }),
    (formatter) => formatter.format(number),
    language,
  );
}

/** @param currency its code of three capital letters (ISO 4217) */
export function formatMoney(value: unknown, currency: unknown, row: Variables, language?: string): string | Misfit {
  const number = decimal(value);
  if (number instanceof Misfit) return number;
  const code = String(currency);
  if (!CURRENCIES.has(code)) return new Misfit(`has the currency ${quoted(currency)}, a code such as "EUR" is wanted`);
  return formatted(
    row,
    `money ${code}`,
    (locale) => new Intl.NumberFormat(locale, { style: 'currency', currency: code }),
    (formatter) => formatter.format(number),
    language,
  );
}

export function decimal(value: unknown): number | Misfit {
  if (typeof value === 'number' || DECIMAL.test(String(value))) return Number(value);
  return new Misfit(`is ${quoted(value)}, a number (1234.5) is wanted`);
}

/** Date.parse takes 31 February for 3 March. */
function isDay(text: string): boolean {
  return DAY.test(text) && !Number.isNaN(Date.parse(text)) && daysOf(text) >= Number(text.slice(8));
}

function daysOf(day: string): number {
  const [year, month] = [Number(day.slice(0, 4)), Number(day.slice(5, 7))];
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return month === 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
}

/** Making a formatter takes far longer than using it. Rows bring locales, so that there is an end to how many are kept. */
const formatters = new Map<string, unknown>();
const MAX_FORMATTERS = 1000;

export function formatted<Formatter>(
  row: Variables,
  key: string,
  make: (locale: string) => Formatter,
  use: (formatter: Formatter) => string,
  language = 'en',
): string | Misfit {
  const locale = String(row.locale || language);
  const name = `${key} ${locale}`;
  const kept = formatters.get(name) as Formatter | undefined;
  if (kept !== undefined) return use(kept);
  if (!isLocale(locale)) return new Misfit(`meets the locale ${quoted(locale)}, one such as "pt-BR" is wanted`);
  try {
    const made = make(locale);
    if (formatters.size >= MAX_FORMATTERS) formatters.clear();
    formatters.set(name, made);
    return use(made);
  } catch {
    return new Misfit(`meets the time zone ${quoted(row.timezone)}, one such as "Europe/Madrid" is wanted`);
  }
}

function isLocale(locale: string): boolean {
  try {
    return Intl.NumberFormat.supportedLocalesOf(locale).length > 0;
  } catch {
    return false;
  }
}

export function quoted(value: unknown): string {
  return JSON.stringify(String(value).slice(0, 60));
}

function listed(names: readonly string[]): string {
  return `one of ${names.join(', ')}`;
}
