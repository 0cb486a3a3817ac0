import { describe, expect, test } from 'vitest';
import type { DeliveryRecord } from '#mailing';
import { likeness, MAX_REASONS, ReasonTally } from '../../functions/mailing/reasons.ts';
import { RateTally } from '../../functions/mailing/run-progress.ts';

const record = (more: Partial<DeliveryRecord>): DeliveryRecord => ({
  batch: 1,
  row: 1,
  recipient: 'ana@example.com',
  outcome: 'refused',
  reply: null,
  enhancedStatus: null,
  queueId: null,
  attempts: 1,
  uncertainAttempts: 0,
  messageId: 'm@example.com',
  problem: null,
  at: 1,
  nextAt: null,
  ...more,
});

describe('likeness', () => {
  test.each<[string, string, string, string | null]>([
    ['550 5.1.1 <ana@example.com>: no such user', '550 5.1.1 <…>: no such user', 'ana@example.com', null],
    [
      '550 5.1.1 <a.b@example.com> unknown / 5.1.1 see a.b',
      '550 5.1.1 <…> unknown / 5.1.1 see …',
      'a.b@example.com',
      null,
    ],
    ['250 2.0.0 Ok: queued as 4XyZ1b2c3d', '250 2.0.0 Ok: queued as …', 'a@example.com', '4XyZ1b2c3d'],
    ['250 2.0.0 Ok: queued as ABCDEF', '250 2.0.0 Ok: queued as …', 'a@example.com', 'ABCDEF'],
    [
      '451 4.7.1 greylisted, try again in 287 seconds',
      '451 4.7.1 greylisted, try again in … seconds',
      'a@example.com',
      null,
    ],
    ['550 user unknown', '550 user unknown', 'user@example.com', null],
    ['550 User "ana" unknown', '550 User "…" unknown', 'ana@example.com', null],
    ['421 12:31:09 host 10.0.0.7 [::1] busy', '421 … host … […] busy', 'a@example.com', null],
    ['550', '550', '550@example.com', null],
    ['', '', '', null],
  ])('%j is %j', (text, reason, recipient, queueId) => {
    expect(likeness(text, recipient, queueId)).toBe(reason);
  });
});

describe('ReasonTally', () => {
  test('groups by outcome and likeness, the most frequent first, with an example', () => {
    const tally = new ReasonTally();
    for (const name of ['ben', 'cleo', 'dora'])
      tally.add(record({ recipient: `${name}@example.com`, reply: `550 5.1.1 <${name}@example.com> unknown` }));
    tally.add(record({ outcome: 'invalid', problem: '"name" is missing' }));
    tally.add(record({ outcome: 'pending' }));
    expect(tally.reasons()).toEqual([
      {
        outcome: 'refused',
        reason: '550 5.1.1 <…> unknown',
        count: 3,
        example: { recipient: 'ben@example.com', text: '550 5.1.1 <ben@example.com> unknown' },
      },
      { outcome: 'invalid', reason: '"name" is missing', count: 1, example: expect.anything() as unknown },
    ]);
  });

  test('a relay that says something else each time fills no memory', () => {
    const tally = new ReasonTally();
    const word = (index: number) => [...String(index)].map((digit) => 'abcdefghij'[Number(digit)]).join('');
    for (let index = 0; index < 3 * MAX_REASONS; index += 1) tally.add(record({ reply: `550 ${word(index)}` }));
    const [first, ...rest] = tally.reasons();
    expect(first).toMatchObject({ outcome: 'refused', reason: null, count: 2 * MAX_REASONS });
    expect(rest).toHaveLength(MAX_REASONS);
  });
});

describe('RateTally', () => {
  const NOW = Date.UTC(2026, 11, 1, 9);
  const tallied = (moments: readonly number[]) => {
    const tally = new RateTally(NOW);
    for (const at of moments) tally.add({ outcome: 'accepted', at });
    return tally;
  };

  test('the last minute is of the last minute, or since the run went on', () => {
    const minutes = Array.from({ length: 1200 }, (_, index) => NOW - 119_900 + index * 100);
    expect(tallied(minutes).lastMinute()).toBeCloseTo(10, 1);
    expect(tallied([NOW - 4000, NOW - 3000, NOW - 2000, NOW - 1000]).lastMinute()).toBe(1);
    expect(tallied([NOW - 600_000]).lastMinute()).toBe(0);
    expect(tallied([NOW + 600_000]).lastMinute()).toBe(0);
  });

  test('a rest of hours does not count, a slow pace does, and what nobody tried is none', () => {
    const burst = (from: number) => Array.from({ length: 100 }, (_, index) => from + index * 100);
    expect(tallied([...burst(NOW - 7_200_000), ...burst(NOW - 10_000)]).overall()).toBe(10);
    expect(tallied(Array.from({ length: 61 }, (_, index) => NOW - index * 10_000)).overall()).toBeCloseTo(0.1, 1);
    expect(tallied([]).overall()).toBeNull();
    const tally = new RateTally(NOW);
    tally.add({ outcome: 'cancelled', at: NOW });
    tally.add({ outcome: 'pending', at: null });
    expect(tally.overall()).toBeNull();
  });
});
