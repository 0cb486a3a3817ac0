/** What a row says of its reader, where nobody can make sense of it: the mail goes, and is not as it is meant. */
import type { Campaign } from '../campaign.ts';
import type { Complaint } from './problem.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Values of one audience: there are some 600 zones and a few hundred locales, and any number of slips. */
const MAX_KNOWN = 2_000;

/** Says of rows what is wrong with their time zones and locales; each value is looked at once. */
export function recipientReader({ timezone, timezoneColumn }: Campaign): (fields: Fields) => readonly Complaint[] {
  const zones = remembered((value) => zoneComplaint(value, timezoneColumn, timezone));
  const locales = remembered(localeComplaint);
  return (fields) => {
    const zone = zones(fields[timezoneColumn]);
    const locale = locales(fields.locale);
    const turned = turnedField(fields);
    if (zone === null && locale === null && turned === null) return NONE;
    return [zone, locale, turned === null ? null : turnComplaint(turned)].filter((complaint) => complaint !== null);
  };
}

/** Signs that turn the direction of what stands behind them: embeddings, overrides and isolates (UAX #9 §2). */
const TURNS = /[\u202a\u202b\u202d\u202e\u2066-\u2068]/;
/** An override turns letters of any script; of the others each is to be ended. */
const OVERRIDES = /[\u202d\u202e]/;

/** The column of a value after which a mail goes on in another direction. */
function turnedField(fields: Fields): string | null {
  for (const field in fields) {
    const value = fields[field];
    if (typeof value === 'string' && TURNS.test(value) && (OVERRIDES.test(value) || !endsItsTurns(value))) return field;
  }
  return null;
}

function endsItsTurns(value: string): boolean {
  const count = (sign: RegExp) => value.match(sign)?.length ?? 0;
  return count(/[\u202a\u202b]/g) <= count(/\u202c/g) && count(/[\u2066-\u2068]/g) <= count(/\u2069/g);
}

function turnComplaint(field: string): Complaint {
  return {
    rule: 'direction',
    field,
    problem: 'has an invisible sign that turns the direction of what stands behind it',
    change: 'take it out of the row',
  };
}

const NONE: readonly Complaint[] = [];

function remembered(judge: (value: unknown) => Complaint | null): (value: unknown) => Complaint | null {
  const known = new Map<unknown, Complaint | null>();
  return (value) => {
    if (value === undefined || value === null || value === '') return null;
    const before = known.get(value);
    if (before !== undefined) return before;
    if (known.size >= MAX_KNOWN) known.clear();
    const complaint = judge(value);
    known.set(value, complaint);
    return complaint;
  };
}

function zoneComplaint(value: unknown, field: string, instead: string): Complaint | null {
  if (typeof value === 'string' && isTimeZone(value)) return null;
  return {
    rule: 'timezone-unknown',
    field,
    problem: `${shown(value)} is no IANA time zone, and ${instead} is taken in its place`,
    change: 'write one such as "Europe/Madrid"',
  };
}

function isTimeZone(name: string): boolean {
  // Intl also takes offsets such as +01:00, which know no daylight saving time.
  return /^[A-Za-z]/.test(name) && isKnown(() => new Intl.DateTimeFormat('en', { timeZone: name }));
}

function localeComplaint(value: unknown): Complaint | null {
  if (typeof value === 'string' && isKnown(() => Intl.getCanonicalLocales(value))) return null;
  const dashed = typeof value === 'string' ? value.split(/[.@]/)[0]?.replaceAll('_', '-') : undefined;
  const isSlip = dashed !== undefined && dashed !== '' && isKnown(() => Intl.getCanonicalLocales(dashed));
  return {
    rule: 'locale-unknown',
    field: 'locale',
    problem: `${shown(value)} is no language tag (RFC 5646)`,
    change: isSlip ? `write ${JSON.stringify(dashed)}` : 'write one such as "es-MX"',
  };
}

function isKnown(ask: () => unknown): boolean {
  try {
    ask();
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? typeof value).slice(0, 60);
}
