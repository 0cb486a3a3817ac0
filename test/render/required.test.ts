/** The variables that every row must bring, and where they are used first. */
import { describe, expect, test } from 'vitest';
import { type TemplateSet, unmet } from '#render';
import { compile, outcome, type Texts } from './compile.ts';

const inShort = (set: TemplateSet) =>
  set.required.map(({ template, line, variable }) => `${template}:${line} ${variable}`);

const table: readonly (readonly [name: string, texts: Texts, required: readonly string[]])[] = [
  [
    'each variable once, where it is used first',
    { subject: '{{a}}', html: '{{b}}\n{{a}}{{c}}', text: '{{c}}\n{{d}}' },
    ['subject.hbs:1 a', 'body.html.hbs:1 b', 'body.html.hbs:2 c', 'body.txt.hbs:2 d'],
  ],
  ['named strings', { named: { file: '{{a}}' } }, ['named/file.hbs:1 a']],
  ['helper arguments', { text: '{{encode a}}{{encode (encode b)}}' }, ['body.txt.hbs:1 a', 'body.txt.hbs:1 b']],
  [
    'paths and @root',
    { text: '{{a.b}}{{@root.c}}{{this.d}}' },
    ['body.txt.hbs:1 a.b', 'body.txt.hbs:1 c', 'body.txt.hbs:1 d'],
  ],
  ['nothing with a default', { text: '{{default a "x"}}{{default a b}}{{encode (default c "x")}}' }, []],
  ['nothing that is a condition', { text: '{{#if a}}{{/if}}{{#unless b}}{{/unless}}{{#with c}}{{/with}}' }, []],
  ['what helpers in conditions need', { text: '{{#if (encode a)}}{{/if}}' }, ['body.txt.hbs:1 a']],
  [
    'nothing inside of blocks',
    { text: '{{#if a}}{{a}}{{b}}{{else if c}}{{d}}{{else}}{{e}}{{/if}}{{#with f}}{{g}}{{/with}}' },
    [],
  ],
  [
    'lists, but not what their items have',
    { text: '{{#each a}}{{b}}{{../c}}{{else}}{{d}}{{/each}}' },
    ['body.txt.hbs:1 a'],
  ],
  [
    'partials',
    { text: '{{> p}}\n{{a}}', partials: { p: '\n{{b}}{{a}}' } },
    ['_partials/p.hbs:2 b', '_partials/p.hbs:2 a'],
  ],
  [
    'partials’ arguments instead of their names',
    { text: '{{> p b=a c="x" d=(encode e)}}', partials: { p: '{{b}}{{c}}{{d}}{{f}}' } },
    ['body.txt.hbs:1 a', 'body.txt.hbs:1 e', '_partials/p.hbs:1 f'],
  ],
  [
    'partials’ contexts',
    { text: '{{> p a}}', partials: { p: '{{b}}{{> q c}}{{@root.e}}', q: '{{d}}' } },
    [
      'body.txt.hbs:1 a',
      '_partials/p.hbs:1 a.b',
      '_partials/p.hbs:1 a.c',
      '_partials/q.hbs:1 a.c.d',
      '_partials/p.hbs:1 e',
    ],
  ],
  ['nothing of a context that depends', { text: '{{> p (default a b)}}', partials: { p: '{{c}}' } }, []],
  [
    'names handed down',
    { text: '{{> p b="x"}}', partials: { p: '{{> q}}{{> q a}}', q: '{{b}}' } },
    ['_partials/p.hbs:1 a', '_partials/q.hbs:1 a.b'],
  ],
  ['nothing of partials in conditions', { text: '{{#if a}}{{> p}}{{/if}}', partials: { p: '{{b}}' } }, []],
  [
    'layouts and their contents',
    { text: '{{#> l t=a}}\n{{b}}{{t}}{{/l}}', layouts: { l: '{{t}}{{c}}{{> @partial-block}}' } },
    ['body.txt.hbs:1 a', '_layouts/l.hbs:1 c', 'body.txt.hbs:2 b'],
  ],
  [
    'layouts in layouts',
    {
      text: '{{#> l}}{{a}}{{/l}}',
      layouts: { l: '{{#> m}}{{b}}{{> @partial-block}}{{/m}}', m: '{{> @partial-block}}{{c}}' },
    },
    ['_layouts/l.hbs:1 b', 'body.txt.hbs:1 a', '_layouts/m.hbs:1 c'],
  ],
  [
    'nothing of contents placed in a condition',
    { text: '{{#> l}}{{a}}{{/l}}', layouts: { l: '{{#if b}}{{> @partial-block}}{{/if}}' } },
    [],
  ],
  [
    'nothing of @index and the like',
    { text: '{{> p}}', partials: { p: '{{#each a}}{{@index}}{{/each}}' } },
    ['_partials/p.hbs:1 a'],
  ],
];

test.each(table)('%s', (_name, texts, required) => {
  expect(inShort(compile(texts))).toEqual(required);
});

describe('a row', () => {
  const set = compile({ text: '{{a}}{{b.c}}{{[odd.name]}}' });
  const full = { a: 0, b: { c: false }, 'odd.name': 'x' };

  test.each([
    [full, []],
    [{ ...full, a: '' }, ['a']],
    [{ ...full, a: null }, ['a']],
    [{ ...full, b: 'text' }, ['b.c']],
    [{ ...full, b: null }, ['b.c']],
    [{ ...full, b: {} }, ['b.c']],
    [Object.create(full), ['a', 'b.c', 'odd.name']],
    [{}, ['a', 'b.c', 'odd.name']],
  ])('%j lacks %j', (row, lacking) => {
    expect(unmet(set.required, row).map(({ variable }) => variable)).toEqual(lacking);
    expect(outcome(() => set.text(row)).startsWith('!')).toBe(lacking.length > 0);
  });
});
