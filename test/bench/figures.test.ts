/** What the benchmark says of its measurements: medians, spread, ratios, and which targets are reached. */
import { describe, expect, it } from 'vitest';
import { readOptions } from '../../bench/options.ts';
import { figure, isReached, spread, tableText } from '../../bench/report.ts';
import { inTurns, ratios, spreadOf } from '../../bench/statistics.ts';

describe('spreadOf', () => {
  it.each([
    [[3], { median: 3, least: 3, most: 3 }],
    [[9, 1, 5], { median: 5, least: 1, most: 9 }],
    [[10, 2, 4, 8], { median: 6, least: 2, most: 10 }],
  ])('of %j is %j', (values, wanted) => expect(spreadOf(values)).toEqual(wanted));
});

describe('ratios', () => {
  it('are taken round by round', () => expect(ratios([10, 30], [5, 10])).toEqual([2, 3]));
});

describe('inTurns', () => {
  it('lets subjects alternate and keeps the values of each together', async () => {
    const order: string[] = [];
    const subject = (name: string) => async () => order.push(name);
    const measured = await inTurns(
      new Map([
        ['a', subject('a')],
        ['b', subject('b')],
      ]),
      2,
      () => {},
    );
    expect(order).toEqual(['a', 'b', 'a', 'b']);
    expect([...measured]).toEqual([
      ['a', [1, 3]],
      ['b', [2, 4]],
    ]);
  });
});

describe('figure', () => {
  it.each([
    [1234567.8, '1,234,568'],
    [999.6, '1000'],
    [12.345, '12.3'],
    [0.04567, '0.0457'],
    [Number.NaN, '–'],
  ])('shows %d as %s', (value, wanted) => expect(figure(value)).toBe(wanted));

  it('stands with its spread where there is one', () => {
    expect(spread([1, 2, 4])).toBe('2 (1–4)');
    expect(spread([2])).toBe('2');
    expect(spread([Number.NaN, Number.NaN])).toBe('–');
  });
});

describe('a target', () => {
  it.each([
    ['at least', 25, [20, 26, 40], true],
    ['at least', 25, [20, 24, 40], false],
    ['at most', 0.6, [0.5, 0.6, 0.9], true],
    ['at most', 0.6, [0.5, 0.61, 0.9], false],
  ] as const)('%s %d is judged by the median of %j: %s', (bound, wanted, reached, isIt) => {
    expect(isReached({ what: '', bound, wanted, unit: '×', reached })).toBe(isIt);
  });
});

describe('tableText', () => {
  it('is a table of Markdown', () => {
    const text = tableText({ caption: 'Two', columns: ['a', 'b'], rows: [['1', 'x|y']] });
    expect(text).toBe('Two:\n\n| a | b |\n| --- | --- |\n| 1 | x\\|y |');
  });
});

describe('readOptions', () => {
  const known = ['engine', 'load'];

  it('measures everything and writes it down where no case is named', () => {
    expect(readOptions([], known)).toMatchObject({ cases: [], isWritten: true });
    expect(readOptions(['engine', '--mails', '7'], known)).toMatchObject({
      cases: ['engine'],
      mails: 7,
      isWritten: false,
    });
    expect(readOptions(['all', '--rounds', '2'], known)).toMatchObject({ cases: [], rounds: 2, isWritten: true });
    expect(readOptions(['load', '--write'], known)).toMatchObject({ cases: ['load'], isWritten: true });
  });

  it.each([[['other']], [['--mails', '0']], [['--rounds', '1.5']], [['--kills', 'x']], [['--other']]])(
    'refuses %j',
    (words) => expect(() => readOptions(words, known)).toThrow(),
  );
});
