/** The pace that a relay asks for, in virtual time. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AdaptivePace, type PaceState } from '#mailing';
import { asksForLess } from '../../functions/mailing/retry.ts';
import { RunScene, replyOf } from './run-scene.ts';
import { VirtualClock } from './virtual-clock.ts';

const TOO_FAST = replyOf('450 4.7.28 sending rate exceeded');
const CLOSING = replyOf('421 4.7.0 try again later');
const never = new AbortController().signal;

describe('asksForLess', () => {
  test.each<[string, ReturnType<typeof asksForLess>]>([
    ['421 4.7.0 try again later', 'both'],
    ['450 4.7.28 slow down', 'rate'],
    ['451 you are being throttled', 'rate'],
    ['421 4.7.0 too many connections from your host', 'connections'],
    ['421 4.7.0 too many errors', null],
    ['421 4.4.2 timeout exceeded', null],
    ['421 4.3.2 shutting down', null],
    ['451 4.7.1 greylisted', null],
    ['550 5.1.1 no such person', null],
  ])('%s', (line, asked) => {
    expect(asksForLess(replyOf(line))).toBe(asked);
  });
});

/** Begins mails as fast as the pace lets it, for so long. */
async function begin(pace: AdaptivePace, clock: VirtualClock, ms: number): Promise<number[]> {
  const moments: number[] = [];
  const stop = new AbortController();
  void (async () => {
    while (!stop.signal.aborted) {
      await pace.turn(stop.signal);
      if (stop.signal.aborted || !pace.isLimited) return;
      pace.begin();
      moments.push(clock.monotonic());
    }
  })();
  await clock.pass(ms);
  stop.abort();
  return moments;
}

describe('AdaptivePace', () => {
  const opened = (caps: { messagesPerSecond?: number; connections: number }) => {
    const clock = new VirtualClock();
    const states: PaceState[] = [];
    return { clock, states, pace: new AdaptivePace(clock, caps, (state) => states.push(state)) };
  };

  test('a burst of replies is one, and a mail that was begun since counts anew', async () => {
    const { clock, states, pace } = opened({ messagesPerSecond: 8, connections: 4 });
    await begin(pace, clock, 10_000);
    for (let reply = 0; reply < 50; reply += 1) pace.heard(CLOSING, 0);
    expect(states).toHaveLength(1);
    expect(states[0]).toMatchObject({ isFull: false, connections: 2 });
    expect(states[0]?.messagesPerSecond).toBeCloseTo(4, 0);
    pace.heard(CLOSING, pace.epoch);
    expect(states).toHaveLength(2);
    expect(pace.connections).toBe(1);
  });

  test('without a rate of its own it begins at the rate that was measured, and ends without one', async () => {
    const { clock, pace } = opened({ connections: 1 });
    for (let mail = 0; mail < 100; mail += 1) {
      pace.begin();
      await clock.pass(100);
    }
    pace.heard(TOO_FAST, 0);
    expect((await begin(pace, clock, 11_000)).length).toBeGreaterThanOrEqual(50);
    expect(pace.isLimited).toBe(true);
    await begin(pace, clock, 400_000);
    expect(pace.isFull).toBe(true);
    expect(pace.isLimited).toBe(false);
  });

  test('never goes above its cap in any second, and is at its cap again after it has recovered', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 20 }),
        fc.array(fc.integer({ min: 100, max: 90_000 }), { maxLength: 5 }),
        async (cap, replies) => {
          const { clock, pace } = opened({ messagesPerSecond: cap, connections: 3 });
          const moments: number[] = [];
          for (const ms of replies) {
            moments.push(...(await begin(pace, clock, ms)));
            pace.heard(CLOSING, pace.epoch);
          }
          for (let minute = 0; minute < 14; minute += 1) moments.push(...(await begin(pace, clock, 61_000)));
          let first = 0;
          for (const [last, at] of moments.entries()) {
            while (at - (moments[first] ?? 0) >= 1000) first += 1;
            expect(last - first + 1).toBeLessThanOrEqual(Math.ceil(cap * 1.1) + 1);
          }
          expect(pace.isFull).toBe(true);
          expect(pace.connections).toBe(3);
          expect((await begin(pace, clock, 30_000)).length).toBeGreaterThanOrEqual(30 * cap - 1);
        },
      ),
      { numRuns: 15 },
    );
  });

  test('lets everybody go when the signal is aborted', async () => {
    const { clock, pace } = opened({ messagesPerSecond: 0.01, connections: 1 });
    await pace.turn(never);
    const stop = new AbortController();
    const waiting = pace.turn(stop.signal);
    stop.abort();
    await waiting;
    expect(clock.timers).toBe(0);
  });
});

test('a run goes slower when the relay asks for it, tells so, and everybody is sent to once', async () => {
  const scene = await RunScene.open({
    people: 60,
    mailMs: 10,
    fate: ({ to, attempt }) => (to === 'p20@example.com' && attempt === 1 ? TOO_FAST : replyOf('250 ok')),
  });
  const states: PaceState[] = [];
  await scene.send({ connections: 2, onPace: (state) => states.push(state) });
  expect(states[0]).toMatchObject({ isFull: false, because: '450 4.7.28 sending rate exceeded' });
  expect(await scene.totals()).toMatchObject({ accepted: 60 });
  expect(new Set(scene.accepted).size).toBe(60);
});
