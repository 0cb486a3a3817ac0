import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDuration } from '../../functions/mailing/duration.ts';

const SECOND = 1000;
const HOUR = 3600 * SECOND;
const DAY = 24 * HOUR;

describe('parseDuration', () => {
  const durations: readonly [string, number][] = [
    ['PT48H', 48 * HOUR],
    ['P2D', 2 * DAY],
    ['P2DT30M', 2 * DAY + 0.5 * HOUR],
    ['PT1H1M1S', 3661 * SECOND],
    ['PT90M', 1.5 * HOUR],
    ['PT0S', 0],
    ['P0D', 0],
    ['P9999DT99999H999999M9999999S', 9999 * DAY + 99999 * HOUR + 999999 * 60 * SECOND + 9999999 * SECOND],
  ];
  for (const [text, ms] of durations) test(`reads ${text}`, () => expect(parseDuration(text)).toBe(ms));

  const none = [
    '',
    'P',
    'PT',
    'P1DT',
    'T1H',
    '48H',
    'PT48',
    'pt48h',
    'P1M',
    'P1Y',
    'P1W',
    'PT1.5H',
    'PT-1H',
    '-PT1H',
    'PT1S1M',
    'PT1H1H',
    ' PT1H',
    'PT1H\n',
    'PT1H ',
    'P10000D',
    'PT٣H',
  ];
  for (const text of none) {
    test(`refuses ${JSON.stringify(text)}`, () => {
      expect(() => parseDuration(text)).toThrow(RangeError);
      expect(() => parseDuration(text)).toThrow(JSON.stringify(text));
    });
  }

  test('is the sum of its parts', () => {
    const part = (max: number) => fc.option(fc.nat({ max }), { nil: null });
    fc.assert(
      fc.property(part(9999), part(99999), part(999999), part(9999999), (days, hours, minutes, seconds) => {
        const time = [
          [hours, 'H'],
          [minutes, 'M'],
          [seconds, 'S'],
        ]
          .filter(([count]) => count !== null)
          .map((each) => each.join(''))
          .join('');
        fc.pre(days !== null || time !== '');
        const text = `P${days === null ? '' : `${days}D`}${time === '' ? '' : `T${time}`}`;
        expect(parseDuration(text)).toBe(
          (days ?? 0) * DAY + (hours ?? 0) * HOUR + (minutes ?? 0) * 60 * SECOND + (seconds ?? 0) * SECOND,
        );
      }),
    );
  });
});
