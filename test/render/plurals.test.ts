/** Words that follow a number, in the forms of the language that the text is in. */
import { describe, expect, test } from 'vitest';
import { compileTemplates, TemplateError } from '#render';
import { compile, htmlOf, outcome, templateProblem } from './compile.ts';

const BOTTLES = '{{plural n one="# bottle" other="# bottles"}}';
const POLISH = '{{plural n language="pl" one="# kot" few="# koty" many="# kotów" other="# kota"}}';

const table: readonly (readonly [template: string, row: Readonly<Record<string, unknown>>, text: string])[] = [
  [BOTTLES, { n: 1 }, '1 bottle'],
  [BOTTLES, { n: '1' }, '1 bottle'],
  [BOTTLES, { n: 0 }, '0 bottles'],
  [BOTTLES, { n: 2 }, '2 bottles'],
  [BOTTLES, { n: '1.5' }, '1.5 bottles'],
  [BOTTLES, { n: 1234567 }, '1,234,567 bottles'],
  // The text is in English, whatever else its reader reads.
  [BOTTLES, { n: 1, locale: 'ja-JP' }, '1 bottle'],
  [BOTTLES, { n: 0, locale: 'fr' }, '0 bottles'],
  [BOTTLES, { n: 1234.5, locale: 'de-DE' }, '1,234.5 bottles'],
  [BOTTLES, { n: 123456, locale: 'en-IN' }, '1,23,456 bottles'],
  [BOTTLES, { n: 1, locale: 'no locale' }, '1 bottle'],
  ['{{plural n zero="none" one="one" other="#"}}', { n: 0 }, 'none'],
  ['{{plural n zero="none" one="one" other="#"}}', { n: 10 }, '10'],
  ['{{plural n one="no. ##1" other="no. ###"}}', { n: 1 }, 'no. #1'],
  ['{{plural n one="no. ##1" other="no. ###"}}', { n: 5 }, 'no. #5'],
  ['{{plural n one="$&" other="$&"}}', { n: 5 }, '$&'],
  [POLISH, { n: 1 }, '1 kot'],
  [POLISH, { n: 3 }, '3 koty'],
  [POLISH, { n: 5 }, '5 kotów'],
  [POLISH, { n: 22 }, '22 koty'],
  [POLISH, { n: '0,5' }, '! body.txt.hbs:1 n is "0'],
  [POLISH, { n: 0.5 }, '0,5 kota'],
  ['{{plural n language="ja" other="#本"}}', { n: 1 }, '1本'],
  ['{{plural n language="pt" one="# copo" other="# copos"}}', { n: 0 }, '0 copo'],
  ['{{plural n language="pt" one="# copo" other="# copos"}}', { n: 0, locale: 'pt-PT' }, '0 copos'],
  ['{{plural n language="PT-pt" one="# copo" other="# copos"}}', { n: 0 }, '0 copos'],
  ['{{plural n language="es" one="#" many="# de" other="# x"}}', { n: 1000000 }, '1.000.000 de'],
  ['{{plural (default n 2) one="# day" other="# days"}}', {}, '2 days'],
  ['{{default (plural n one="# day" other="# days") "no day"}}', {}, 'no day'],
  ['{{#if (plural n one="" other="x")}}many{{else}}one{{/if}}', { n: 1 }, 'one'],
  ['{{#each items}}{{plural this one="#" other="#s"}} {{/each}}', { items: [1, 2] }, '1 2s '],
  [BOTTLES, {}, '! body.txt.hbs:1 n is missing'],
  [BOTTLES, { n: '' }, '! body.txt.hbs:1 n is empty'],
  [BOTTLES, { n: 'many' }, '! body.txt.hbs:1 n is "many"'],
  [BOTTLES, { n: true }, '! body.txt.hbs:1 n is "true"'],
];
test.each(table)('%s with %j is %j', (template, row, text) => {
  const set = compile({ text: template });
  expect(outcome(() => set.text(row))).toBe(text);
});

test('every row brings the number', () => {
  expect(compile({ text: BOTTLES }).required.map(({ variable }) => variable)).toEqual(['n']);
});

test('HTML escapes what the forms say', () => {
  expect(htmlOf('<p>{{plural n one="# <b>" other="# & more"}}</p>', { n: 2 })).toBe('<p>2 &amp; more</p>');
});

describe('the language of a text is that of its file', () => {
  const files = (text: string, marked: string) => ({
    subject: { name: 'subject.hbs', text: 'Subject' },
    text: {
      name: 'body.txt.hbs',
      text,
      languages: new Map([['pl', { name: 'body.pl.txt.hbs', text: marked }]]),
    },
    partials: new Map([['cats', { name: 'cats.hbs', text: POLISH }]]),
    layouts: new Map(),
  });

  test('its forms are wanted there, and nowhere else', () => {
    const set = compileTemplates(files(BOTTLES, POLISH.replace('language="pl" ', '')));
    expect([set.text({ n: 3, locale: 'pl-PL' }), set.text({ n: 3, locale: 'fr' })]).toEqual(['3 koty', '3 bottles']);
    expect(() => compileTemplates(files(BOTTLES, BOTTLES))).toThrow(TemplateError);
    expect(() => compileTemplates(files(BOTTLES, BOTTLES))).toThrow('body.pl.txt.hbs:1:1: found no form "few"');
  });

  test('a partial says its own', () => {
    const set = compileTemplates(files('{{> cats}}', 'PL {{> cats}}'));
    expect([set.text({ n: 3, locale: 'pl-PL' }), set.text({ n: 3 })]).toEqual(['PL 3 koty', '3 koty']);
  });
});

test.each([
  ['{{plural n one="#"}}', '1:1 found no form "other", which "en" has, all are wanted'],
  ['{{plural n other="#"}}', '1:1 found no form "one", which "en" has, all are wanted'],
  ['{{plural n}}', '1:1 found no form "one", which "en" has, all are wanted'],
  [
    '{{plural n one="#" few="#" other="#"}}',
    '1:1 found the form "few", which "en" has not, another language="…" is wanted',
  ],
  ['{{plural n One="#" other="#"}}', '1:1 found "One", language or one of zero, one, two, few, many, other is wanted'],
  ['a\n {{plural n language="pl" one="#" other="#"}}', '2:2 found no form "few", which "pl" has, all are wanted'],
  ['{{plural n language="pl_PL" other="#"}}', '1:1 found the language "pl_PL", one whose forms are known is wanted'],
  ['{{plural n language="qqq" other="#"}}', '1:1 found the language "qqq", one whose forms are known is wanted'],
  ['{{plural n one=a other="#"}}', '1:12 found no text as "one", a text is wanted'],
  ['{{plural n one=1 other="#"}}', '1:12 found no text as "one", a text is wanted'],
  ['{{plural n one="#" other="#" one="x"}}', '1:30 found "one" twice, once is wanted'],
  ['{{plural n "bottle" one="#" other="#"}}', '1:1 found 2 arguments of "plural", 1 are wanted'],
  ['{{plural one="#" other="#"}}', '1:1 found 0 arguments of "plural", 1 are wanted'],
  ['{{number n one="#"}}', '1:1 found a named argument of "number", none is wanted'],
  ['{{plural}}', '1:1 found the helper "plural" without arguments, they are wanted (or {{this.plural}} for a column)'],
  [
    '{{#plural n}}{{/plural}}',
    '1:1 found the unknown block "plural", one of {{#if …}}, {{#unless …}}, {{#with …}}, {{#each …}} is wanted',
  ],
])('%s is refused', (text, problem) => {
  expect(templateProblem({ text })).toBe(`body.txt.hbs:${problem}`);
});
