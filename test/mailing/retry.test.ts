import { describe, expect, test } from 'vitest';
import { nextAttemptAt } from '#mailing';
import { outcomeOf } from '../../functions/mailing/retry.ts';

const MINUTE = 60_000;
const deferral = (attempt: number, more = {}) => ({ run: 'run-1', recipient: 'ana@example.com', attempt, ...more });
const replyOf = (code: number, enhancedStatus: string | null, text: string) => ({
  code,
  enhancedStatus,
  lines: [text],
});

describe('nextAttemptAt', () => {
  const waits: readonly [string, number, string | null, string, readonly number[]][] = [
    ['greylisted', 450, '4.7.1', 'greylisted, come back later', [5, 15, 30, 60, 120, 120]],
    ['in trouble', 451, null, 'try again later', [5, 15, 30, 60, 120, 120]],
    ['closing', 421, '4.3.2', 'shutting down', [5, 15, 30, 60, 120, 120]],
    ['too many recipients', 452, '4.5.3', 'too many recipients', [1, 5, 15, 30, 60, 120]],
    ['a full mailbox', 452, '4.2.2', 'mailbox full', [30, 60, 120, 240, 240]],
    ['a full mailbox in words', 452, null, 'The mailbox of this user is full', [30, 60, 120, 240, 240]],
    ['a full mailbox by quota', 451, null, 'user is over quota', [30, 60, 120, 240, 240]],
    ['a rate', 421, '4.7.28', 'unusual rate of mail', [15, 30, 60, 120, 120]],
    ['a rate in words', 454, null, 'Throttling failure: Maximum sending rate exceeded.', [15, 30, 60, 120, 120]],
    ['a quota of a day', 454, null, 'Throttling failure: Daily message quota exceeded.', [60, 120, 240, 240]],
    ['a limit of a day', 550, '5.4.5', 'Daily user sending limit exceeded', [60, 120, 240, 240]],
  ];
  test.each(waits)('after %s (%i %s %s) waits %j minutes, and up to a fifth more', (_, code, status, text, minutes) => {
    const reply = replyOf(code, status, text);
    for (const [index, wanted] of minutes.entries()) {
      const wait = (nextAttemptAt(deferral(index + 1, { reply }), 1000) - 1000) / MINUTE;
      expect(wait).toBeGreaterThanOrEqual(wanted);
      expect(wait).toBeLessThanOrEqual(wanted * 1.2);
    }
  });

  test('without a reply waits as usual, the 50th time as the fifth', () => {
    const wait = (nextAttemptAt(deferral(50), 0) / MINUTE) | 0;
    expect(wait).toBeGreaterThanOrEqual(120);
    expect(wait).toBeLessThanOrEqual(144);
  });

  test('is a function of run, recipient and attempt, and spreads those who were deferred together', () => {
    expect(nextAttemptAt(deferral(1), 0)).toBe(nextAttemptAt(deferral(1), 0));
    const waits = Array.from({ length: 100 }, (_, index) =>
      nextAttemptAt(deferral(1, { recipient: `p${index}@x` }), 0),
    );
    expect(new Set(waits).size).toBeGreaterThan(95);
    expect(nextAttemptAt(deferral(1, { run: 'run-2' }), 0)).not.toBe(nextAttemptAt(deferral(1), 0));
  });
});

describe('outcomeOf', () => {
  test('a quota of the sender burns no recipient, whatever code it comes with', () => {
    expect(outcomeOf('refused', replyOf(550, '5.4.5', 'Daily user sending limit exceeded'))).toBe('deferred');
    expect(outcomeOf('refused', replyOf(550, '5.1.1', 'no such user'))).toBe('refused');
    expect(outcomeOf('refused', replyOf(552, '5.2.2', 'mailbox full'))).toBe('refused');
    expect(outcomeOf('deferred', replyOf(451, null, 'later'))).toBe('deferred');
  });
});
