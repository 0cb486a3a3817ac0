import { describe, expect, test } from 'vitest';
import { exitCodeOf, nextAttemptAt, noTotals, OUTCOMES } from '#mailing';

const MINUTE = 60_000;

describe('nextAttemptAt', () => {
  test.each([
    [1, 5],
    [2, 15],
    [3, 30],
    [4, 60],
    [5, 120],
    [50, 120],
  ])('after attempt %i waits %i minutes', (attempt, minutes) => {
    expect(nextAttemptAt(attempt, 1000)).toBe(1000 + minutes * MINUTE);
  });
});

describe('exitCodeOf', () => {
  test('is 0 for nobody', () => {
    expect(exitCodeOf(noTotals())).toBe(0);
  });
  test.each(OUTCOMES)('of a run with one %s', (outcome) => {
    const expected = outcome === 'accepted' || outcome === 'suppressed' ? 0 : 2;
    expect(exitCodeOf({ ...noTotals(), accepted: 5, [outcome]: 1 })).toBe(expected);
  });
});
