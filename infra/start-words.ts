/** Schedules in plain words, for whoever reads a diff of them. */
import type { CampaignJson } from '#mailing';

type ScheduleJson = NonNullable<CampaignJson['schedule']>;

const WEEKDAYS: Readonly<Record<string, string>> = {
  SUN: 'Sunday',
  MON: 'Monday',
  TUE: 'Tuesday',
  WED: 'Wednesday',
  THU: 'Thursday',
  FRI: 'Friday',
  SAT: 'Saturday',
};
const NUMBERED = Object.keys(WEEKDAYS);

/** `Starts at 09:00 on Mondays, America/Mexico_City.` What has no short words is shown as it is written. */
export function startWords({ cron, at, timezone = 'UTC', recipientTimezone }: ScheduleJson): string {
  if (cron === undefined && at === undefined) return 'Started by hand.';
  const when = cron === undefined ? `once, at ${at?.replace('T', ' ')}` : cronWords(cron);
  const clocks =
    recipientTimezone === undefined
      ? timezone
      : `by the clocks where they are (column ${recipientTimezone}, else ${timezone})`;
  return `Starts ${when}, ${clocks}.`;
}

/** `MON-FRI, 08:00 to 20:00` */
export function hourWords({ days, from, to }: NonNullable<ScheduleJson['window']>): string {
  return [...(days === undefined ? [] : [days]), ...(from === undefined ? [] : [`${from} to ${to}`])].join(', ');
}

function cronWords(cron: string): string {
  const [minute = '', hour = '', day = '', month = '', weekday = '', year = ''] = cron.split(' ');
  const times = timesOf(hour, minute);
  const days = dayWords(day, weekday);
  if (times === null || days === null || month !== '*' || year !== '*') return `by cron ${cron}`;
  return `at ${times} ${days}`;
}

function timesOf(hour: string, minute: string): string | null {
  if (!/^\d+$/.test(minute) || !/^\d+(?:,\d+)*$/.test(hour)) return null;
  return hour
    .split(',')
    .map((each) => `${each.padStart(2, '0')}:${minute.padStart(2, '0')}`)
    .join(' and ');
}

function dayWords(day: string, weekday: string): string | null {
  if ((day === '*' && weekday === '?') || (day === '?' && weekday === '*')) return 'every day';
  if (weekday === '?') return /^\d+$/.test(day) ? `on day ${day} of each month` : null;
  const [first, last, ...more] = weekday.split('-').map((name) => WEEKDAYS[NUMBERED[Number(name) - 1] ?? name]);
  if (first === undefined || more.length > 0) return null;
  if (!weekday.includes('-')) return `on ${first}s`;
  return last === undefined ? null : `${first} to ${last}`;
}
