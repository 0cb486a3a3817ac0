/** Dates, numbers and money by the row's locale and time zone. */
import { describe, expect, test } from 'vitest';
import { compile, outcome } from './compile.ts';

type Row = Readonly<Record<string, unknown>>;
const textOf = (text: string, row: Row) => {
  const set = compile({ text });
  return outcome(() => set.text(row)).replace(/[\u00a0\u202f]/g, ' ');
};

describe('the recipient’s own way of writing', () => {
  test.each<[string, Row, string]>([
    ['{{date d "long"}}', { d: '2026-12-01' }, 'December 1, 2026'],
    ['{{date d "long"}}', { d: '2026-12-01', locale: '' }, 'December 1, 2026'],
    ['{{date d "long"}}', { d: '2026-12-01', locale: 'es' }, '1 de diciembre de 2026'],
    ['{{date d "short"}}', { d: '2026-12-01', locale: 'de' }, '01.12.26'],
    ['{{date d "long"}}', { d: '2026-12-01', timezone: 'America/Mexico_City' }, 'December 1, 2026'],
    ['{{date d "long"}}', { d: '2026-12-01T02:00:00Z', timezone: 'America/Mexico_City' }, 'November 30, 2026'],
    ['{{date d "long"}}', { d: '2026-11-30T23:00-05:00' }, 'December 1, 2026'],
    ['{{date d "long"}}', { d: '2028-02-29' }, 'February 29, 2028'],
    ['{{number n}}', { n: '1234567.5', locale: 'de' }, '1.234.567,5'],
    ['{{number n}}', { n: 0, locale: 'es' }, '0'],
    ['{{money n "EUR"}}', { n: '49.9', locale: 'de' }, '49,90 €'],
    ['{{money n c}}', { n: 1200, c: 'JPY', locale: 'en' }, '¥1,200'],
    ['{{#each l}}{{number this}} {{/each}}', { l: [1000.5], locale: 'de' }, '1.000,5 '],
    ['{{default (date d "long") "soon"}}', {}, 'soon'],
  ])('%s of %o is %s', (template, row, wanted) => {
    expect(textOf(template, row)).toBe(wanted);
  });
});

describe('what cannot be written is its row’s problem', () => {
  test.each<[string, Row, string]>([
    ['{{date d "long"}}', {}, 'd is missing'],
    ['{{date d "long"}}', { d: null }, 'd is null'],
    ['{{number d}}', { d: '' }, 'd is empty'],
    ['{{date d s}}', { d: '2026-12-01' }, 's is missing'],
    ['{{money d c}}', { d: 1, c: '' }, 'c is empty'],
    ['{{date d "wide"}}', { d: '2026-12-01' }, 'd has the date style "wide"'],
    ['{{date d "long"}}', { d: '2026-02-29' }, 'd is "2026-02-29"'],
    ['{{date d "long"}}', { d: '2026-02-30T10:00Z' }, 'd is "2026-02-30T10:00Z"'],
    ['{{date d "long"}}', { d: '01/12/2026' }, 'd is "01/12/2026"'],
    ['{{date d "long"}}', { d: '2026-12-01T10:00' }, 'd is "2026-12-01T10:00"'],
    ['{{date d "long"}}', { d: '2026-12-01T10:00Z', timezone: 'Mars/Base' }, 'd meets the time zone "Mars/Base"'],
    ['{{number n}}', { n: '1', locale: 'es_MX' }, 'n meets the locale "es_MX"'],
    ['{{number n}}', { n: '1', locale: 'xx' }, 'n meets the locale "xx"'],
    ['{{number n}}', { n: '1.000,5' }, 'n is "1.000'],
    ['{{number n}}', { n: true }, 'n is "true"'],
    ['{{money n "EURO"}}', { n: 1 }, 'n has the currency "EURO"'],
  ])('%s of %o: %s', (template, row, problem) => {
    expect(textOf(template, row)).toBe(`! body.txt.hbs:1 ${problem}`);
  });
});
