/** Which date it is somewhere at a moment. */

export interface LocalDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

interface Zone {
  readonly format: Intl.DateTimeFormat;
  at: number;
  date: LocalDate;
}

/** Formatters are dear to make; there are some 600 names, each in any case of its letters. */
const MAX_ZONES = 2_000;
const zones = new Map<string, Zone>();

/**
 * @param at epoch milliseconds
 * @param timezone an IANA name such as `America/Mexico_City`
 * @returns null for what is no such name
 */
export function localDate(at: number, timezone: string): LocalDate | null {
  const zone = zones.get(timezone) ?? openZone(timezone);
  if (zone === null) return null;
  if (zone.at !== at) {
    zone.date = dateIn(zone.format, at);
    zone.at = at;
  }
  return zone.date;
}

function openZone(timezone: string): Zone | null {
  // Intl also takes offsets such as +01:00, which know no daylight saving time.
  if (!/^[A-Za-z]/.test(timezone)) return null;
  try {
    const format = new Intl.DateTimeFormat('en-US', {
      timeZone: timezone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
    });
    const zone = { format, at: 0, date: dateIn(format, 0) };
    if (zones.size >= MAX_ZONES) zones.clear();
    zones.set(timezone, zone);
    return zone;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function dateIn(format: Intl.DateTimeFormat, at: number): LocalDate {
  const parts = format.formatToParts(at);
  const number = (type: 'year' | 'month' | 'day') => Number(parts.find((part) => part.type === type)?.value);
  return { year: number('year'), month: number('month'), day: number('day') };
}

export function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}
