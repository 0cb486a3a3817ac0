/** The line that moves, and the plain ones, over a run of several rounds; time is the test's. */
import { describe, expect, test } from 'vitest';
import type { Outcome, UncertainPolicy } from '#mailing';
import type { Shell } from '../../functions/cli/command.ts';
import { slowWords } from '../../functions/cli/pace-words.ts';
import { Progress } from '../../functions/cli/progress.ts';

interface Watched {
  readonly shown: string[];
  /** Settles `count` recipients, `ms` after the last. */
  settle(outcome: Outcome, ms: number, count?: number): string;
  readonly progress: Progress;
}

function watched(total: number, { isTerminal = true, policy = 'hold' as UncertainPolicy } = {}): Watched {
  const shown: string[] = [];
  let now = 1000;
  const shell: Shell = {
    env: {},
    cwd: '/',
    isTerminal,
    signal: new AbortController().signal,
    out: () => {},
    note: (line) => shown.push(line),
    over: (line) => shown.push(line),
  };
  const progress = new Progress(shell, total, () => now, policy);
  return {
    shown,
    progress,
    settle: (outcome, ms, count) => {
      now += ms;
      progress.settled(outcome, count);
      return shown.at(-1) ?? '';
    },
  };
}

/** How many signs of the bar are full, and how many there are. */
const barOf = (line: string) => {
  const [, bar = ''] = /^\[([#·]*)\]/.exec(line) ?? [];
  return [bar.replaceAll('·', '').length, bar.length];
};

describe('the progress of a run', () => {
  test('never passes its total, however often somebody is deferred', () => {
    const { shown, settle } = watched(4);
    settle('accepted', 200);
    for (let round = 0; round < 5; round += 1) for (let each = 0; each < 3; each += 1) settle('deferred', 200_000);
    expect(shown.at(-1)).toContain('1 of 4 · accepted 1 · deferred 15 times');
    for (const outcome of ['accepted', 'refused', 'accepted'] as const) settle(outcome, 200);
    expect(shown.at(-1)).toContain('] 4 of 4 · accepted 3 · refused 1 · deferred 15 times');
    for (const line of shown) {
      const [done, total] = /(\d+) of (\d+)/.exec(line)?.slice(1).map(Number) ?? [];
      expect(done).toBeLessThanOrEqual(total ?? 0);
      expect(barOf(line)[0]).toBeLessThanOrEqual(barOf(line)[1] ?? 0);
    }
    expect(barOf(shown.at(-1) ?? '')).toEqual([28, 28]);
  });

  test('says behind the rate why it is not more', () => {
    const { progress, settle } = watched(100);
    const because = '421 4.7.0 try again later';
    progress.slowed(slowWords({ isFull: false, messagesPerSecond: 4.5, connections: 2, because }));
    expect(settle('accepted', 1000, 4)).toMatch(
      / · 4\/s \(slowed by the relay to 4\.5\/s over 2 connections\) · 24 s left$/,
    );
    progress.slowed(slowWords({ isFull: true, messagesPerSecond: undefined, connections: 4, because }));
    expect(settle('accepted', 1000, 8)).toMatch(/ · 6\/s · 15 s left$/);
  });

  test('is at its end only when all are final, and a bar that is not full says so', () => {
    const { settle } = watched(2);
    settle('accepted', 200);
    const line = settle('deferred', 200);
    expect(barOf(line)).toEqual([14, 28]);
    expect(line).toContain('1 of 2 · accepted 1 · deferred once');
    expect(line).not.toContain('left');
  });

  test.each([
    ['hold', '1 of 1 · uncertain 1'],
    ['skip', '1 of 1 · uncertain 1'],
    ['resend', '0 of 1 · uncertain once'],
  ] as const)('under %s an uncertain one is told as %j', (policy, words) => {
    expect(watched(1, { policy }).settle('uncertain', 200)).toContain(words);
  });

  test('tells the rate of late, and not of the hours that it rested', () => {
    const { settle } = watched(2000);
    for (let each = 0; each < 100; each += 1) settle('deferred', 100);
    expect(settle('deferred', 100)).toContain(' · 10/s · ');
    settle('accepted', 7_200_000);
    for (let each = 0; each < 50; each += 1) settle('accepted', 200);
    expect(settle('accepted', 200)).toContain(' · 5/s · ');
  });

  test('counts what several processes have settled at once', () => {
    const { settle } = watched(1000);
    expect(settle('accepted', 1000, 400)).toContain('400 of 1,000 · accepted 400 · 400/s · 2 s left');
  });

  test('without a terminal it is a line for each tenth that is done, and every five seconds', () => {
    const { shown, settle } = watched(100, { isTerminal: false });
    for (let each = 0; each < 100; each += 1) settle('accepted', 10);
    expect(shown).toHaveLength(10);
    for (let each = 0; each < 4; each += 1) settle('deferred', 2000);
    expect(shown.slice(10)).toEqual([expect.stringContaining('100 of 100 · accepted 100 · deferred 3 times')]);
  });
});
