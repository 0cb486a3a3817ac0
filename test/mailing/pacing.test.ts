import { describe, expect, test } from 'vitest';
import { Pacer } from '#mailing';
import { pause } from '#smtp';
import { VirtualClock } from './virtual-clock.ts';

const never = new AbortController().signal;

/** Takes turns one after the other, and notes when each came. */
function taker(pacer: Pacer, clock: VirtualClock, moments: number[]): { turns(count: number): void } {
  return {
    turns(count) {
      void (async () => {
        for (let turn = 0; turn < count; turn += 1) {
          await pacer.turn(never);
          moments.push(clock.monotonic());
        }
      })();
    },
  };
}

/** The most turns in any second. */
function mostInASecond(moments: readonly number[]): number {
  return Math.max(...moments.map((from) => moments.filter((at) => at >= from && at < from + 1000).length));
}

describe('Pacer', () => {
  for (const [rate, connections] of [
    [1, 1],
    [3, 1],
    [50, 4],
    [7.5, 16],
    [0.1, 2],
  ] as const) {
    test(`gives ${rate} turns a second exactly, to ${connections} at once`, async () => {
      const clock = new VirtualClock();
      const pacer = new Pacer(clock, rate);
      const moments: number[] = [];
      for (let count = 0; count < connections; count += 1) taker(pacer, clock, moments).turns(1000);
      const turns = 100;
      await clock.pass(((turns - 1) * 1000) / rate + 1e-6);
      expect(moments).toHaveLength(turns);
      for (const [index, at] of moments.entries()) expect(at).toBeCloseTo((index * 1000) / rate, 6);
    });
  }

  test('makes good a short stall, so that the rate is held over all', async () => {
    const clock = new VirtualClock();
    const pacer = new Pacer(clock, 100);
    const moments: number[] = [];
    for (let mail = 0; mail < 200; mail += 1) {
      taker(pacer, clock, moments).turns(1);
      // A mail takes 5 ms, and every tenth one 60 ms.
      await clock.pass(mail % 10 === 9 ? 60 : 10);
    }
    expect(clock.monotonic()).toBe(3000);
    expect(mostInASecond(moments)).toBeLessThanOrEqual(110);
  });

  test('does not make good a long pause by a burst', async () => {
    const clock = new VirtualClock();
    const pacer = new Pacer(clock, 50);
    const moments: number[] = [];
    await clock.pass(60_000);
    for (let count = 0; count < 20; count += 1) taker(pacer, clock, moments).turns(100);
    await clock.pass(0);
    expect(moments.length).toBeLessThanOrEqual(6);
    await clock.pass(10_000);
    expect(mostInASecond(moments)).toBeLessThanOrEqual(50 + 6);
  });

  test('has no limit where none is given', async () => {
    const clock = new VirtualClock();
    const moments: number[] = [];
    taker(new Pacer(clock, undefined), clock, moments).turns(1000);
    await clock.pass(0);
    expect(moments).toHaveLength(1000);
    expect(clock.timers).toBe(0);
  });

  test('lets everybody go when the signal is aborted, and leaves no timer', async () => {
    const clock = new VirtualClock();
    const abort = new AbortController();
    const pacer = new Pacer(clock, 0.001);
    const waiting = Array.from({ length: 5 }, () => pacer.turn(abort.signal));
    await clock.pass(10);
    expect(clock.timers).toBe(4);
    abort.abort();
    await Promise.all(waiting);
    await pacer.turn(abort.signal);
    expect(clock.timers).toBe(0);
    expect(clock.monotonic()).toBe(10);
  });
});

describe('pause', () => {
  test('ends when its time has come, and not before', async () => {
    const clock = new VirtualClock();
    let ended = false;
    void pause(clock, 100, never).then(() => {
      ended = true;
    });
    await clock.pass(99);
    expect(ended).toBe(false);
    await clock.pass(1);
    expect(ended).toBe(true);
  });

  test('sets no timer for a signal that is aborted already', async () => {
    const clock = new VirtualClock();
    await pause(clock, 100, AbortSignal.abort());
    expect(clock.timers).toBe(0);
  });
});
