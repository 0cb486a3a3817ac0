/** A file that says its language in a comment at its head, where its name does not. */
import { describe, expect, test } from 'vitest';
import { compileTemplates, TemplateError } from '#render';
import { compile, outcome, templateProblem } from './compile.ts';

const KOTY = '{{plural n one="# kot" few="# koty" many="# kotów" other="# kota"}}';
const MONEY = '{{money n "EUR"}} {{number n}} {{date day "long"}}';

const rows: readonly (readonly [text: string, row: Readonly<Record<string, unknown>>, output: string])[] = [
  [`{{!-- language: pl --}}\n${KOTY}`, { n: 3 }, '3 koty'],
  [`\n  {{! a word }}\n{{!language: PL}}\n${KOTY}`, { n: 3 }, '3 koty'],
  [`{{!-- language: pl --}}${KOTY}`, { n: 3, locale: 'es' }, '3 koty'],
  [`{{!-- language: de --}}${MONEY}`, { n: 1234.5, day: '2026-12-01' }, '1.234,50\u00a0€ 1.234,5 1. Dezember 2026'],
  [
    `{{!-- language: de --}}${MONEY}`,
    { n: 1234.5, day: '2026-12-01', locale: '' },
    '1.234,50\u00a0€ 1.234,5 1. Dezember 2026',
  ],
  [
    `{{!-- language: de --}}${MONEY}`,
    { n: 1234.5, day: '2026-12-01', locale: 'en-US' },
    '€1,234.50 1,234.5 December 1, 2026',
  ],
  [MONEY, { n: 1234.5, day: '2026-12-01' }, '€1,234.50 1,234.5 December 1, 2026'],
  ['{{!-- language: de --}}{{default (number n) "x"}}', {}, 'x'],
  ['{{!-- language: de --}}{{number 1234.5}}', {}, '1.234,5'],
];
test.each(rows)('%j with %j is %j', (text, row, output) => {
  const set = compile({ text });
  expect(outcome(() => set.text(row)).trim()).toBe(output);
});

test('is its own: a partial says another one', () => {
  const set = compile({
    text: '{{!-- language: de --}}{{number n}} {{> cats}}',
    partials: { cats: `{{!-- language: pl --}}${KOTY}` },
  });
  expect(set.text({ n: 1234.5 })).toBe('1.234,5 1234,5 kota');
});

describe('what is said amiss is told with its place', () => {
  const files: readonly (readonly [text: string, problem: RegExp])[] = [
    ['{{!-- language: klingon --}}x', /^body\.txt\.hbs:1:1 found language: "klingon", a tag/],
    ['{{!-- language: --}}x', /^body\.txt\.hbs:1:1 found language: "", a tag/],
    ['x\n{{!-- language: es --}}', /^body\.txt\.hbs:2:1 found language: "es" behind other things/],
    ['{{!-- language: es --}}{{!-- language: de --}}', /^body\.txt\.hbs:1:24 found language: "de" behind another one/],
    ['{{!-- language: pl --}}{{plural n one="#" other="#"}}', /found no form "few", which "pl" has/],
  ];
  test.each(files)('%j', (text, problem) => {
    expect(templateProblem({ text })).toMatch(problem);
  });

  test('another language than that of the name', () => {
    const languages = new Map([['es', { name: 'subject.es.hbs', text: '{{!-- language: pt --}}Olá' }]]);
    const sources = {
      subject: { name: 'subject.hbs', text: 'Hello', languages },
      partials: new Map(),
      layouts: new Map(),
    };
    expect(() => compileTemplates(sources)).toThrow(TemplateError);
    expect(() => compileTemplates(sources)).toThrow(/in a file that is named for "es"/);
  });
});
