/** Campaign folders as schedules, and the words in which a diff shows them. */
import { describe, expect, it } from 'vitest';
import { startWords } from '../../infra/start-words.ts';
import { campaignsOf } from './mailer.ts';

describe('startWords', () => {
  it.each([
    [{}, 'Started by hand.'],
    [{ cron: '0 9 * * ? *' }, 'Starts at 09:00 every day, UTC.'],
    [{ cron: '0 9 ? * * *' }, 'Starts at 09:00 every day, UTC.'],
    [
      { cron: '30 9,17 ? * MON-FRI *', timezone: 'Europe/Madrid' },
      'Starts at 09:30 and 17:30 Monday to Friday, Europe/Madrid.',
    ],
    [{ cron: '5 8 ? * 2 *' }, 'Starts at 08:05 on Mondays, UTC.'],
    [{ cron: '0 7 1 * ? *' }, 'Starts at 07:00 on day 1 of each month, UTC.'],
    [{ cron: '0 7 L * ? *' }, 'Starts by cron 0 7 L * ? *, UTC.'],
    [{ cron: '0/5 7 * * ? *' }, 'Starts by cron 0/5 7 * * ? *, UTC.'],
    [{ cron: '0 7 ? * 6L *' }, 'Starts by cron 0 7 ? * 6L *, UTC.'],
    [{ cron: '0 7 ? JAN MON *' }, 'Starts by cron 0 7 ? JAN MON *, UTC.'],
    [{ at: '2026-12-01T09:00' }, 'Starts once, at 2026-12-01 09:00, UTC.'],
    [
      { cron: '0 9 * * ? *', timezone: 'Europe/Madrid', recipientTimezone: 'zone' },
      'Starts at 09:00 every day, by the clocks where they are (column zone, else Europe/Madrid).',
    ],
  ])('%j: %s', (schedule, words) => {
    expect(startWords(schedule)).toBe(words);
  });
});

const DAILY = { cron: '0 9 * * ? *' };

describe('readCampaign', () => {
  const read = (own: object, name = 'news') => campaignsOf({ [name]: own })[0];

  it.each([
    ['a cron', { cron: '0 9 ? * MON *', timezone: 'Europe/Madrid' }, 'cron(0 9 ? * MON *)', 'Europe/Madrid', 'moment'],
    ['a moment', { at: '2026-12-01T09:00' }, 'at(2026-12-01T09:00:00)', 'UTC', 'moment'],
    ['a moment with seconds', { at: '2026-12-01T09:00:30' }, 'at(2026-12-01T09:00:30)', 'UTC', 'moment'],
    [
      'a date everywhere',
      { cron: '30 9 ? * 3#2 *', recipientTimezone: 'z' },
      'cron(0 0 ? * 3#2 *)',
      'Pacific/Kiritimati',
      'date',
    ],
    [
      'one date everywhere',
      { at: '2026-12-01T09:00', recipientTimezone: 'z' },
      'at(2026-12-01T00:00:00)',
      'Pacific/Kiritimati',
      'date',
    ],
  ])('makes of %s what Scheduler understands', (_what, schedule, expression, timezone, means) => {
    expect(read({ schedule })?.start).toMatchObject({ expression, timezone, means });
  });

  it('starts nothing by itself without a start', () => {
    expect(read({})?.start).toBeNull();
  });

  it.each([
    ['audience', { audience: 'people.csv' }, { audience: 'others.csv' }],
    ['selection', {}, { select: { where: { locale: 'es' } } }],
    ['rate', {}, { pace: { messagesPerSecond: 5 } }],
    ['connections', {}, { pace: { connections: 5 } }],
    ['relay', {}, { relay: 'bulk' }],
    ['window', { schedule: DAILY }, { schedule: { ...DAILY, window: { days: 'MON-FRI' } } }],
    ['time', { schedule: DAILY }, { schedule: { cron: '0 8 * * ? *' } }],
    ['clocks', { schedule: DAILY }, { schedule: { ...DAILY, timezone: 'Asia/Tokyo' } }],
    ['what was missed', { schedule: DAILY }, { schedule: { ...DAILY, missed: 'skip' } }],
    ['end', {}, { expiresAfter: 'PT6H' }],
  ])('has other words for another %s', (_what, one, other) => {
    expect(read(one)?.words).not.toBe(read(other)?.words);
  });

  it('says of an audience that is not in the folder where it is', () => {
    expect(read({ audience: 'others.csv' })?.words).toContain('Audience others.csv (in the bucket).');
  });

  it('says no more than Scheduler takes', () => {
    const where = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`column${index}`, 'value']));
    const words = read({ select: { where } })?.words ?? '';
    expect([words.length, words.at(-1)]).toEqual([512, '…']);
  });

  it('refuses a folder that no schedule can be called after', () => {
    expect(() => read({ schedule: { cron: '0 9 * * ? *' } }, 'spring sale')).toThrow(
      'templates/spring sale/campaign.json: "schedule": the schedule is called as its folder',
    );
    expect(read({}, 'spring sale')?.start).toBeNull();
  });
});
