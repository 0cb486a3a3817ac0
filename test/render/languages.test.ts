/** One text in several languages: which of them a row reads. */
import { expect, test } from 'vitest';
import { compileTemplates, fallbackTags, languageTag, RenderError } from '#render';

const written = (name: string, texts: Readonly<Record<string, string>>, unmarked: string) => ({
  name: `${name}.hbs`,
  text: unmarked,
  languages: new Map(Object.entries(texts).map(([tag, text]) => [tag, { name: `${name}.${tag}.hbs`, text }])),
});

const set = compileTemplates({
  subject: written('subject', { pt: 'Olá' }, 'Hello'),
  html: written('html', { es: '<p>es {{city}}</p>', pt: '<p>pt</p>', 'pt-BR': '<p>pt-BR</p>', he: 'he' }, '<p>en</p>'),
  text: written('text', { 'zh-Hant': 'zh-Hant', 'en-GB': 'en-GB {{town}}' }, 'else {{name}}'),
  amp: written('amp', { es: 'es' }, 'else'),
  calendar: written('calendar', { es: 'es {{name}}' }, 'else'),
  partials: new Map(),
  layouts: new Map(),
});

const rows: readonly (readonly [locale: unknown, read: string])[] = [
  ['pt-BR', '<p>pt-BR</p>'],
  ['PT-br', '<p>pt-BR</p>'],
  ['pt', '<p>pt</p>'],
  ['pt-PT', '<p>pt</p>'],
  ['pt-BR-x-rio', '<p>pt-BR</p>'],
  ['es-419', '<p>es Vigo</p>'],
  ['es-u-nu-latn', '<p>es Vigo</p>'],
  ['iw', 'he'],
  ['en-GB', '<p>en</p>'],
  ['fr', '<p>en</p>'],
  ['ptx', '<p>en</p>'],
  ['pt_BR', '<p>en</p>'],
  ['spanish', '<p>en</p>'],
  [' es', '<p>en</p>'],
  ['', '<p>en</p>'],
  [null, '<p>en</p>'],
  [undefined, '<p>en</p>'],
  [7, '<p>en</p>'],
  [['es'], '<p>en</p>'],
  ['toString', '<p>en</p>'],
];
test.each(rows)('a row with the locale %j reads %j', (locale, read) => {
  const row = { city: 'Vigo', locale };
  expect(set.html(row)).toBe(read);
  expect(set.html(row)).toBe(read);
});

test('a row without a locale of its own reads what is for everybody else', () => {
  expect(set.html({})).toBe('<p>en</p>');
  expect(set.html(Object.create({ locale: 'es' }))).toBe('<p>en</p>');
});

test('each part falls back by itself', () => {
  const parts = (locale: string) => {
    const row = { locale, city: 'Vigo', name: 'Ana', town: 'Bath' };
    return [set.subject(row), set.text(row), set.amp(row), set.calendar(row)];
  };
  expect(parts('pt-BR')).toEqual(['Olá', 'else Ana', 'else', 'else']);
  expect(parts('es-MX')).toEqual(['Hello', 'else Ana', 'es', 'es Ana']);
  expect(parts('zh-Hant-TW')).toEqual(['Hello', 'zh-Hant', 'else', 'else']);
  expect(parts('zh-TW')).toEqual(['Hello', 'else Ana', 'else', 'else']);
});

test('every row brings what any language uses', () => {
  expect(set.required.map(({ template, variable }) => `${template} ${variable}`)).toEqual([
    'html.es.hbs city',
    'text.hbs name',
    'text.en-GB.hbs town',
  ]);
});

test('what a row lacks is told of the file that it reads', () => {
  const render = (locale: string) => () => set.text({ locale });
  expect(render('en-GB')).toThrow(RenderError);
  expect(render('en-GB')).toThrow('text.en-GB.hbs:1: variable "town" is missing');
  expect(render('en-US')).toThrow('text.hbs:1: variable "name" is missing');
});

test('a subject of any language is one line, and its file may end with a line end', () => {
  const subject = (text: string) =>
    compileTemplates({ subject: written('subject', { es: text }, 'a'), partials: new Map(), layouts: new Map() });
  expect(subject('Hola\n').subject({ locale: 'es' })).toBe('Hola');
  expect(() => subject('Hola,\nadiós')).toThrow('Cannot compile subject.es.hbs:1:6: found U+000A');
});

test('locales that are many and wrong leave nothing behind', () => {
  for (let index = 0; index < 3000; index += 1) expect(set.html({ locale: `x${index}` })).toBe('<p>en</p>');
  expect(set.html({ locale: 'pt' })).toBe('<p>pt</p>');
});

test.each([
  ['es', 'es'],
  ['ES', 'es'],
  ['pt-br', 'pt-BR'],
  ['ZH-hant-tw', 'zh-Hant-TW'],
  ['iw', 'he'],
  ['es-419', 'es-419'],
  ['es_MX', null],
  ['spanish', null],
  ['x-private', null],
  ['e', null],
  ['es-', null],
  ['', null],
  ['en-a', null],
  ['es.html', null],
])('as a language tag %j is %j', (text, tag) => {
  expect(languageTag(text)).toBe(tag);
});

test.each([
  ['es', ['es']],
  ['zh-Hant-TW', ['zh-Hant-TW', 'zh-Hant', 'zh']],
  ['en-a-bbb-x-a-ccc', ['en-a-bbb-x-a-ccc', 'en-a-bbb', 'en']],
])('%s falls back to %j', (tag, tags) => {
  expect(fallbackTags(tag)).toEqual(tags);
});
