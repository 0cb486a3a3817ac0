/**
 * Pace and breaker over sockets, against a relay that speaks as Postfix and others do when it is too much for them: what it
 * received, on which connection, and when. A minute of the run's clock is half a second here.
 */
import { expect, test, vi } from 'vitest';
import { systemClock } from '#local';
import { type Clock, MailComposer, type RoundOptions, readContent, sendToEnd } from '#mailing';
import { openSession } from '#smtp';
import { temporaryFolder, writeCampaign } from '../cli/cartero.ts';
import { type Moment, type ScriptedRelay, startRelay } from './scripted-relay.ts';
import { opened, start } from './starting.ts';

vi.setConfig({ testTimeout: 60_000 });

const HURRY = 120;
const MINUTE = 60_000;

/** Real time, that passes HURRY times as quickly. */
function hurriedClock(): Clock {
  const real = systemClock();
  const [began, wall] = [real.monotonic(), real.now()];
  const monotonic = () => (real.monotonic() - began) * HURRY;
  return { monotonic, now: () => wall + Math.floor(monotonic()), after: (ms, fn) => real.after(ms / HURRY, fn) };
}

async function sceneWith(people: number, clock: Clock) {
  const rows = Array.from({ length: people }, (_, index) => `p${index}@example.com,P\n`);
  const folder = await writeCampaign(temporaryFolder(), 'letters', { 'list.csv': `email,name\n${rows.join('')}` });
  const state = opened(temporaryFolder());
  const { run, loaded } = await start(state, folder);
  const readFile = (content: string) => readContent(state.objects, content);
  const composer = await MailComposer.open(loaded, { date: run.createdAt, readFile });
  return {
    totals: () => state.ledger.totals(run.id),
    send: (relay: ScriptedRelay, options: Partial<RoundOptions>) =>
      sendToEnd(
        run,
        composer,
        { ...state, clock },
        {
          connections: 4,
          once: false,
          signal: new AbortController().signal,
          owner: state.owner,
          ...options,
          openSession: (record, signal) =>
            openSession(
              { host: '127.0.0.1', port: relay.port, security: 'none', clientName: 'client.test' },
              { time: systemClock(), record, signal },
            ),
        },
      ),
  };
}

/** What came, and when by the run's clock. */
interface Heard extends Moment {
  readonly atMs: number;
}

test('a relay that shuts down is tried by one mail after each rest, by nothing in between, and has all mails in the end', async () => {
  const clock = hurriedClock();
  const scene = await sceneWith(60, clock);
  const heard: Heard[] = [];
  let [mails, backAt] = [0, Number.POSITIVE_INFINITY];
  const relay = await startRelay((moment) => {
    heard.push({ ...moment, atMs: clock.monotonic() });
    if (moment.at === '.') mails += 1;
    if (mails < 20) return null;
    if (backAt === Number.POSITIVE_INFINITY) backAt = clock.monotonic() + 5 * MINUTE;
    if (clock.monotonic() > backAt || moment.at === '.') return null;
    return moment.at === 'QUIT' ? null : '421 4.3.2 mx.test Service shutting down and closing transmission channel';
  });
  const rests: { from: number; to: number }[] = [];
  let mended: { accepted: number; connections: number } | null = null;
  let before = { accepted: 0, connections: 0 };
  await scene.send(relay, {
    onBroken: (_, nextAt) => {
      const from = clock.monotonic();
      rests.push({ from, to: from + (nextAt - clock.now()) });
      before = { accepted: relay.accepted.length, connections: relay.received.length };
    },
    onMended: () => {
      mended = { accepted: relay.accepted.length, connections: relay.received.length };
    },
  });
  expect(rests.length).toBeGreaterThanOrEqual(2);
  for (const [index, { from, to }] of rests.entries()) {
    expect(to - from).toBeGreaterThanOrEqual(([1, 2, 4][index] ?? 8) * MINUTE - 1);
    // The clock is read before and after the same moment, and by two sides.
    const between = heard.filter(({ atMs, at }) => at === 'greeting' && atMs > from + 3000 && atMs < to - 3000);
    expect(between, `connections in rest ${index}`).toEqual([]);
  }
  const refused = heard.filter(({ at, atMs }) => at === 'greeting' && atMs < backAt && atMs > (rests[0]?.from ?? 0));
  expect(refused.length).toBeGreaterThan(0);
  for (const { connection } of refused) expect(relay.received[connection - 1]).toMatch(/^(QUIT\r\n)?$/);
  expect(mended).toEqual({ accepted: before.accepted + 1, connections: before.connections + 1 });
  expect(relay.accepted).toHaveLength(60);
  expect(new Set(relay.accepted).size).toBe(60);
  expect(await scene.totals()).toMatchObject({ accepted: 60, uncertain: 0, deferred: 0 });
});

test('a relay that asks for less by 421 and 451 gets half as many mails a second, over half the connections', async () => {
  const clock = hurriedClock();
  const scene = await sceneWith(400, clock);
  const begun: Heard[] = [];
  let mails = 0;
  const relay = await startRelay((moment) => {
    if (moment.at === 'MAIL') begun.push({ ...moment, atMs: clock.monotonic() });
    if (moment.at !== 'RCPT') return null;
    mails += 1;
    if (mails === 50) return '421 4.7.0 mx.test: your messages come too quickly, try again later';
    return mails === 200 ? '451 4.7.28 mx.test: sending rate limit exceeded' : null;
  });
  const changes: { atMs: number; rate: number; connections: number }[] = [];
  await scene.send(relay, {
    messagesPerSecond: 4,
    onPace: ({ isFull, messagesPerSecond = Number.POSITIVE_INFINITY, connections }) => {
      changes.push({ atMs: clock.monotonic(), rate: isFull ? 4 : messagesPerSecond, connections });
    },
  });
  expect(changes[0]).toMatchObject({ connections: 2 });
  expect(changes[0]?.rate).toBeLessThanOrEqual(2);
  expect(changes.filter(({ rate }, index) => rate < (changes[index - 1]?.rate ?? 4)).length).toBe(2);
  for (const [index, { atMs, rate, connections }] of changes.entries()) {
    const until = changes[index + 1]?.atMs ?? Number.POSITIVE_INFINITY;
    // What was begun before is still under way for a moment.
    const since = begun.filter((each) => each.atMs > atMs + 5000 && each.atMs < until);
    const last = since.at(-1)?.atMs ?? atMs + 5000;
    expect(since.length, `${rate}/s`).toBeLessThanOrEqual((rate * (last - atMs - 5000)) / 1000 + rate + 6);
    if (index === 0) expect(new Set(since.map(({ connection }) => connection)).size).toBeLessThanOrEqual(connections);
  }
  expect(new Set(relay.accepted).size).toBe(relay.accepted.length);
  expect(await scene.totals()).toMatchObject({ accepted: 400 });
});
