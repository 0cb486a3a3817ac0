import { HeaderError } from './errors.ts';

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** RFC 5322 §3.3: a year is 1900 or later, and here has four digits. */
const MIN_EPOCH_MS = Date.UTC(1900, 0, 1);
const MAX_EPOCH_MS = Date.UTC(10_000, 0, 1) - 1;

/**
 * A date-time of RFC 5322 §3.3 in universal time: `Mon, 07 Dec 2026 09:00:00 +0000`.
 * @param epochMs what is less than a second falls away
 * @throws HeaderError where it is no moment of the years 1900 to 9999
 */
export function formatDateTime(epochMs: number): string {
  if (!(epochMs >= MIN_EPOCH_MS && epochMs <= MAX_EPOCH_MS)) {
    throw new HeaderError('Date', `found ${epochMs}, milliseconds of a moment between 1900 and 9999 are wanted`);
  }
  const moment = new Date(epochMs);
  const day = `${DAYS[moment.getUTCDay()]}, ${twoDigits(moment.getUTCDate())}`;
  const time = [moment.getUTCHours(), moment.getUTCMinutes(), moment.getUTCSeconds()].map(twoDigits).join(':');
  // A numeric zone; "GMT" is obsolete (§4.3).
  return `${day} ${MONTHS[moment.getUTCMonth()]} ${moment.getUTCFullYear()} ${time} +0000`;
}

function twoDigits(number: number): string {
  return number < 10 ? `0${number}` : String(number);
}
