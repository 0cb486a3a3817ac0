/** Runs whose campaign has a sending window, in virtual time. */
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { MissedStartError } from '#mailing';
import { temporaryFolder, writeCampaign } from '../cli/cartero.ts';
import { opened, start } from './starting.ts';
import { HOUR, LATER, MINUTE, OK, timedRun } from './timed-run.ts';

/** Hours and days pass in these tests, a timer after the other. */
vi.setConfig({ testTimeout: 60_000 });

const OFFICE = { days: 'MON-FRI', from: '08:00', to: '20:00' };
/** A Wednesday. In Madrid it is an hour later. */
const WEDNESDAY = '2026-11-25';
const CRON = { cron: '0 9 ? * MON-FRI *', timezone: 'Europe/Madrid' };

function people(count: number): string {
  const rows = Array.from({ length: count }, (_, index) => `p${index + 1}@example.com,P${index + 1}\n`);
  return `email,name\n${rows.join('')}`;
}

function scheduled(schedule: object): Promise<string> {
  const campaign = { from: 'news@example.com', audience: 'list.csv', schedule };
  return writeCampaign(temporaryFolder(), 'letters', { 'campaign.json': JSON.stringify(campaign) });
}

describe('a run whose window is shut', () => {
  test('rests until it opens, says so once, and sends then', async () => {
    const at = await timedRun({ now: `${WEDNESDAY}T04:10Z`, schedule: { ...CRON, window: OFFICE } });
    expect(await at.sendAll()).toEqual([`ana ${WEDNESDAY}T07:00`, `zoe ${WEDNESDAY}T07:00`]);
    expect(at.resting).toEqual([`window ${WEDNESDAY}T07:00`]);
    expect(at.dates['ana@example.com'], 'the moment of its opening').toBe('Wed, 25 Nov 2026 07:00:00 +0000');
    expect(await at.state.ledger.run(at.run.id)).toMatchObject({ finished: true });
  });

  test('ends at once with `once`, with everybody pending, and says why', async () => {
    const at = await timedRun({ now: `${WEDNESDAY}T19:00Z`, schedule: { ...CRON, window: OFFICE } });
    expect(await at.sendAll(true)).toEqual([]);
    expect(at.resting).toEqual(['window 2026-11-26T07:00']);
    expect(at.ended.report).toEqual({ stopped: false, elsewhere: 0 });
    expect(await at.state.ledger.totals(at.run.id)).toMatchObject({ pending: 2 });
  });

  test('ends its rest at a signal, and nobody is lost', async () => {
    const at = await timedRun({ now: `${WEDNESDAY}T19:00Z`, schedule: { ...CRON, window: OFFICE } });
    const sending = at.send();
    await at.passUntil(() => at.resting.length > 0);
    at.stop.abort();
    await sending;
    expect(at.ended.report?.stopped).toBe(true);
    expect(await at.state.ledger.totals(at.run.id)).toMatchObject({ pending: 2 });
  });
});

describe('a window that shuts while a run is under way', () => {
  test('lets no mail begin, lets what is in flight be settled, and the run goes on when it opens', async () => {
    const at = await timedRun({
      now: `${WEDNESDAY}T18:57:30Z`,
      schedule: { ...CRON, window: OFFICE },
      list: people(6),
      everyMs: MINUTE,
      replyMs: 10 * MINUTE,
      connections: 4,
    });
    const sent = await at.sendAll();
    expect(sent.slice(0, 3)).toEqual([`p1 ${WEDNESDAY}T18:57`, `p2 ${WEDNESDAY}T18:58`, `p3 ${WEDNESDAY}T18:59`]);
    // How soon the pace lets the second one go is not the window's to say.
    expect(sent.slice(3).map((each) => each.slice(0, -3))).toEqual(
      ['p4', 'p5', 'p6'].map((to) => `${to} 2026-11-26T07`),
    );
    expect(at.resting).toEqual(['window 2026-11-26T07:00']);
    expect(at.settled).toEqual(Array.from({ length: 6 }, () => 'accepted'));
    for await (const { attempts, uncertainAttempts } of at.state.ledger.deliveries(at.run.id))
      expect([attempts, uncertainAttempts]).toEqual([1, 0]);
  });

  test('keeps later attempts for the next day', async () => {
    const at = await timedRun({
      now: `${WEDNESDAY}T18:58Z`,
      schedule: { ...CRON, window: OFFICE },
      answer: (to, attempt) => (to === 'zoe@example.com' && attempt === 1 ? LATER : OK),
    });
    expect(await at.sendAll()).toEqual([`ana ${WEDNESDAY}T18:58`, `zoe ${WEDNESDAY}T18:58`, 'zoe 2026-11-26T07:00']);
    expect(at.resting).toEqual(['window 2026-11-26T07:00']);
  });

  test('over a weekend: whoever was put off and expires meanwhile is given up then; who was not begun goes on Monday', async () => {
    const at = await timedRun({
      now: '2026-11-27T18:58:30Z',
      schedule: { ...CRON, window: OFFICE },
      campaign: { expiresAfter: 'PT24H' },
      list: people(2),
      everyMs: 2 * MINUTE,
      answer: () => LATER,
    });
    const sending = at.send();
    const expired = Date.parse('2026-11-28T18:58:30Z');
    await at.passUntil(() => at.clock.now() >= expired + MINUTE);
    expect(await at.state.ledger.totals(at.run.id)).toMatchObject({ expired: 1, pending: 1 });
    await at.passUntil(() => at.ended.report !== null);
    await sending;
    expect(at.attempts.map(({ to, at: moment }) => `${to} ${moment}`)).toEqual([
      'p1@example.com 2026-11-27T18:58',
      'p2@example.com 2026-11-30T07:00',
    ]);
    expect(await at.state.ledger.totals(at.run.id)).toMatchObject({ expired: 2 });
  });

  test('a run that only waits for people who expire before it opens ends when they do', async () => {
    const at = await timedRun({
      now: '2026-11-27T18:59Z',
      schedule: { ...CRON, window: OFFICE },
      campaign: { expiresAfter: 'PT24H' },
      answer: () => LATER,
    });
    await at.sendAll();
    expect(new Date(at.clock.now()).toISOString().slice(0, 15)).toBe('2026-11-28T18:5');
    expect(await at.state.ledger.totals(at.run.id)).toMatchObject({ expired: 2 });
  });

  test('what was put off has its whole time from the opening on that the run had to wait for', async () => {
    const at = await timedRun({
      now: `${WEDNESDAY}T19:00Z`,
      schedule: { ...CRON, window: OFFICE },
      campaign: { expiresAfter: 'PT2H' },
      answer: (to, attempt) => (to === 'zoe@example.com' && attempt < 3 ? LATER : OK),
    });
    expect(await at.sendAll()).toHaveLength(4);
    expect(await at.state.ledger.totals(at.run.id)).toMatchObject({ accepted: 2 });
  });
});

describe('a clock that is set', () => {
  test('over the end of the window lets no other mail begin', async () => {
    const at = await timedRun({
      now: `${WEDNESDAY}T12:00Z`,
      schedule: { ...CRON, window: OFFICE },
      list: people(3),
      everyMs: MINUTE,
      replyMs: 3 * MINUTE,
    });
    const sending = at.send();
    await at.passUntil(() => at.attempts.length === 1);
    at.clock.set(10 * HOUR);
    await at.passUntil(() => at.ended.report !== null);
    await sending;
    expect(at.attempts.map((each) => each.at.slice(0, 13))).toEqual([
      `${WEDNESDAY}T12`,
      '2026-11-26T07',
      '2026-11-26T07',
    ]);
  });

  test('over the opening is seen within half a minute, and one that is set back waits again', async () => {
    const at = await timedRun({ now: `${WEDNESDAY}T04:00Z`, schedule: { ...CRON, window: OFFICE } });
    const sending = at.send();
    await at.passUntil(() => at.resting.length === 1);
    at.clock.set(-HOUR);
    await at.clock.pass(2 * MINUTE);
    at.clock.set(5 * HOUR);
    const before = at.clock.monotonic();
    await at.passUntil(() => at.ended.report !== null);
    await sending;
    expect(at.attempts.map((each) => each.at)).toEqual([`${WEDNESDAY}T08:02`, `${WEDNESDAY}T08:02`]);
    expect(at.clock.monotonic() - before).toBeLessThanOrEqual(2 * MINUTE);
  });
});

describe('the slot of a run', () => {
  const at9 = `${WEDNESDAY}T08:00:00Z`;

  test('that is still to come is waited for, and dates its mails', async () => {
    const at = await timedRun({ now: `${WEDNESDAY}T06:30Z`, schedule: CRON, slot: at9 });
    expect(await at.sendAll()).toEqual([`ana ${WEDNESDAY}T08:00`, `zoe ${WEDNESDAY}T08:00`]);
    expect(at.resting).toEqual([`slot ${WEDNESDAY}T08:00`]);
    expect(at.dates['ana@example.com']).toBe('Wed, 25 Nov 2026 08:00:00 +0000');
  });

  test('in a campaign without schedule is a name, and nothing is waited for', async () => {
    const at = await timedRun({ now: `${WEDNESDAY}T06:30Z`, schedule: undefined, slot: at9 });
    expect(await at.sendAll()).toEqual([`ana ${WEDNESDAY}T06:30`, `zoe ${WEDNESDAY}T06:30`]);
  });

  test('outside of the window waits for the window as well', async () => {
    const window = { from: '12:00', to: '14:00' };
    const at = await timedRun({ now: `${WEDNESDAY}T06:30Z`, schedule: { ...CRON, window }, slot: at9 });
    expect(await at.sendAll()).toEqual([`ana ${WEDNESDAY}T11:00`, `zoe ${WEDNESDAY}T11:00`]);
    expect(at.resting).toEqual([`window ${WEDNESDAY}T11:00`]);
  });

  const late: readonly [missed: string | undefined, now: string, window: object | undefined, isSent: boolean][] = [
    [undefined, 'T19:00Z', undefined, true],
    ['send', 'T19:00Z', undefined, true],
    ['skip', 'T08:05Z', undefined, true],
    ['skip', 'T08:06Z', undefined, false],
    ['PT2H', 'T10:00Z', undefined, true],
    ['PT2H', 'T10:01Z', undefined, false],
    // It would have gone at 11:00 anyway.
    ['skip', 'T10:59Z', { from: '12:00', to: '14:00' }, true],
    ['skip', 'T11:06Z', { from: '12:00', to: '14:00' }, false],
    // Three hours late, but the next window is 19 hours later than the start.
    ['PT6H', 'T13:00Z', { from: '08:00', to: '12:00' }, false],
    ['P1D', 'T13:00Z', { from: '08:00', to: '12:00' }, true],
  ];
  for (const [missed, now, window, isSent] of late) {
    test(`that was to be at 08:00, at ${now} under ${missed}${window ? ` with ${JSON.stringify(window)}` : ''}: ${isSent}`, async () => {
      const schedule = { ...CRON, window, missed };
      const starting = timedRun({ now: `${WEDNESDAY}${now}`, schedule, slot: at9 });
      if (isSent) expect((await starting).started.kind).toBe('new');
      else await expect(starting).rejects.toBeInstanceOf(MissedStartError);
    });
  }

  test('goes on however late it is, once its run has begun', async () => {
    const [state, folder] = [opened(temporaryFolder()), await scheduled({ ...CRON, missed: 'skip' })];
    const slot = Date.parse(at9);
    const { run } = await start(state, folder, { slot, now: slot });
    const again = await start(state, folder, { slot, now: slot + 30 * HOUR });
    expect(again).toMatchObject({ kind: 'resumed', run: { id: run.id } });
  });

  test('that was missed leaves nothing in the state', async () => {
    const [state, folder] = [opened(temporaryFolder()), await scheduled({ ...CRON, missed: 'skip' })];
    const slot = Date.parse(at9);
    await expect(start(state, folder, { slot, now: slot + HOUR })).rejects.toThrow('that start was missed');
    expect(await state.ledger.runs()).toEqual([]);
    expect(await state.objects.list('')).toEqual([]);
  });
});

test('whatever the window, nobody is begun outside of it, lost, or sent to twice', { timeout: 120_000 }, async () => {
  const quarters = fc.integer({ min: 0, max: 95 }).map((quarter) => quarter * 15);
  await fc.assert(
    fc.asyncProperty(
      fc.tuple(quarters, quarters).filter(([from, to]) => from !== to),
      fc.integer({ min: 0, max: 7 * 24 * 60 }),
      fc.integer({ min: 1, max: 90 }),
      fc.integer({ min: 0, max: 45 }),
      fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 2, maxLength: 6 }),
      async ([from, to], minute, every, reply, deferrals) => {
        const hour = (minutes: number) => new Date(minutes * MINUTE).toISOString().slice(11, 16);
        const at = await timedRun({
          now: new Date(Date.parse('2026-10-22T00:00Z') + minute * MINUTE).toISOString(),
          schedule: { ...CRON, window: { from: hour(from), to: hour(to) } },
          campaign: { expiresAfter: 'P9D' },
          list: people(deferrals.length),
          everyMs: every * MINUTE,
          replyMs: reply * MINUTE,
          connections: 2,
          answer: (name, attempt) => (attempt <= (deferrals[Number(/\d+/.exec(name)?.[0]) - 1] ?? 0) ? LATER : OK),
        });
        await at.sendAll();
        const format = new Intl.DateTimeFormat('en-GB', { timeZone: CRON.timezone, timeStyle: 'short' });
        for (const attempt of at.attempts) {
          const [hours = 0, minutes = 0] = format
            .format(Date.parse(`${attempt.at}Z`))
            .split(':')
            .map(Number);
          const now = hours * 60 + minutes;
          expect(from < to ? now >= from && now < to : now >= from || now < to, attempt.at).toBe(true);
        }
        expect(at.settled.filter((outcome) => outcome === 'accepted')).toHaveLength(deferrals.length);
        expect(await at.state.ledger.totals(at.run.id)).toMatchObject({ accepted: deferrals.length });
      },
    ),
    { numRuns: 6 },
  );
});
