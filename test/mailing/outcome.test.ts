import { describe, expect, test } from 'vitest';
import { exitCodeOf, noTotals, OUTCOMES } from '#mailing';

describe('exitCodeOf', () => {
  test('is 0 for nobody', () => {
    expect(exitCodeOf(noTotals())).toBe(0);
  });
  test.each(OUTCOMES)('of a run with one %s', (outcome) => {
    const expected = outcome === 'accepted' || outcome === 'suppressed' ? 0 : 2;
    expect(exitCodeOf({ ...noTotals(), accepted: 5, [outcome]: 1 })).toBe(expected);
  });
});
