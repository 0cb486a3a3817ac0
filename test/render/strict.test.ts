/** Every way in which a template can use a variable, and every way in which a row can lack it. */
import { describe, expect, test } from 'vitest';
import { compile, htmlOf, outcome, type Texts } from './compile.ts';

const partials = {
  shown: '[{{label}}]',
  asked: '[{{#if label}}{{label}}{{/if}}]',
  person: '({{name}})',
  list: '{{#each items}}{{.}}{{/each}}',
};
const layouts = { frame: '{{title}}({{> @partial-block}})' };

/** Uses of `v` that must not be rendered without it. */
const uses: readonly (readonly [use: string, template: string, present: unknown, output: string])[] = [
  ['output', 'a{{v}}z', 'x', 'axz'],
  ['output by this', 'a{{this.v}}z', 'x', 'axz'],
  ['output by @root', 'a{{@root.v}}z', 'x', 'axz'],
  ['output with white space control', 'a {{~v~}} z', 'x', 'axz'],
  ['helper argument', '{{encode v}}', 'x y', 'x%20y'],
  ['argument of a helper in a helper', '{{encode (encode v)}}', ' ', '%2520'],
  ['argument of a helper in a condition', '{{#if (encode v)}}yes{{/if}}', 'x', 'yes'],
  ['argument of a helper in each', '{{#each (default v v)}}{{this}}{{/each}}', ['a'], 'a'],
  ['last resort of a default', '{{default other v}}', 'x', 'x'],
  ['last resort of two defaults', '{{default (default other another) v}}', 'x', 'x'],
  ['argument of a helper as last resort', '{{default other (encode v)}}', 'x', 'x'],
  ['list of each', '{{#each v}}{{this}},{{/each}}', ['a', 'b'], 'a,b,'],
  ['list of each with else', '{{#each v}}{{this}}{{else}}none{{/each}}', [], 'none'],
  ['list of each after else', '{{#if other}}{{else each v}}{{this}}{{/if}}', ['a'], 'a'],
  ['inside its own condition', '{{#unless v}}{{v}}{{else}}{{v}}{{/unless}}', 'x', 'x'],
  ['inside another condition', '{{#if one}}{{v}}{{/if}}', 'x', 'x'],
  ['inside else', '{{#if other}}{{else}}{{v}}{{/if}}', 'x', 'x'],
  ['inside else if', '{{#if other}}{{else if one}}{{v}}{{/if}}', 'x', 'x'],
  ['from inside with', '{{#with object}}{{../v}}{{/with}}', 'x', 'x'],
  ['from inside each', '{{#each list}}{{../v}}{{/each}}', 'x', 'x'],
  ['block parameter of with', '{{#with @root as |row|}}{{row.v}}{{/with}}', 'x', 'x'],
  ['named argument of a partial', '{{> shown label=v}}', 'x', '[x]'],
  ['named argument that the partial asks for', '{{> asked label=v}}', 'x', '[x]'],
  ['helper in a named argument of a partial', '{{> shown label=(encode v)}}', 'x', '[x]'],
  ['context of a partial', '{{> person v}}', { name: 'x' }, '(x)'],
  ['named argument of a layout', '{{#> frame title=v}}c{{/frame}}', 'x', 'x(c)'],
  ['inside the content of a layout', '{{#> frame title="t"}}{{v}}{{/frame}}', 'x', 't(x)'],
];

const absences: readonly (readonly [name: string, row: Record<string, unknown>, problem: string])[] = [
  ['missing', {}, 'is missing'],
  ['undefined', { v: undefined }, 'is missing'],
  ['null', { v: null }, 'is null'],
  ['empty', { v: '' }, 'is empty'],
  ['not a number', { v: Number.NaN }, 'is null'],
  ['a function', { v: () => 'x' }, 'is missing'],
];

describe.each(uses)('a variable as %s', (_use, html, present, output) => {
  const set = compile({ html, partials, layouts });
  const row = { one: 1, object: { a: 1 }, list: ['i'] };

  test('is rendered when present', () => {
    expect(outcome(() => set.html({ ...row, v: present }))).toBe(output);
  });

  test.each(absences)('is the row’s problem when %s', (_name, absent, problem) => {
    expect(outcome(() => set.html({ ...row, ...absent }))).toMatch(new RegExp(`^! body.html.hbs:1 .*v ${problem}$`));
  });
});

const spared: readonly (readonly [
  name: string,
  texts: Texts | string,
  row: Record<string, unknown>,
  output: string,
])[] = [
  ['default for missing', '{{default v "friend"}}', {}, 'friend'],
  ['default for null', '{{default v "friend"}}', { v: null }, 'friend'],
  ['default for empty', '{{default v "friend"}}', { v: '' }, 'friend'],
  ['default for 0', '{{default v 7}}', { v: 0 }, '0'],
  ['default for false', '{{default v true}}', { v: false }, 'false'],
  ['empty default', 'a{{default v ""}}z', {}, 'az'],
  ['default from another variable', '{{default v w}}', { w: 'x' }, 'x'],
  ['default that is not needed', '{{default v w}}', { v: 'x' }, 'x'],
  ['default around a helper', '{{default (encode v) "none"}}', {}, 'none'],
  ['default inside a helper', '{{encode (default v "a b")}}', {}, 'a%20b'],
  ['default for a list', '{{#each (default v list)}}{{this}}{{/each}}', { list: ['a'] }, 'a'],
  ['default for a nested path', '{{default a.b.c "x"}}', {}, 'x'],
  ['default in a partial’s argument', { html: '{{> shown label=(default v "x")}}', partials }, {}, '[x]'],
  ['0', '{{v}}', { v: 0 }, '0'],
  ['false', '{{v}}', { v: false }, 'false'],
  ['0 in a helper', '{{encode v}}', { v: 0 }, '0'],
  ['space', '[{{v}}]', { v: ' ' }, '[ ]'],
  ['condition of if', '{{#if v}}yes{{else}}no{{/if}}', {}, 'no'],
  ['condition of if on a path', '{{#if a.b}}yes{{else}}no{{/if}}', {}, 'no'],
  ['condition of unless', '{{#unless v}}no{{/unless}}', { v: '' }, 'no'],
  ['condition of with', '{{#with v}}{{a}}{{else}}no{{/with}}', { v: null }, 'no'],
  ['condition of else if', '{{#if v}}a{{else if w}}b{{else}}c{{/if}}', {}, 'c'],
  ['condition of else with', '{{#if v}}a{{else with w}}b{{else}}c{{/if}}', {}, 'c'],
  ['zero included', '{{#if v includeZero=true}}yes{{/if}}', { v: 0 }, 'yes'],
  ['branch not taken', '{{#if v}}{{v}}{{w}}{{/if}}', {}, ''],
  ['partial not called', { html: '{{#if v}}{{> shown}}{{/if}}', partials }, {}, ''],
  [
    'each of an object',
    '{{#each v as |value key|}}{{key}}={{value}} {{@index}}{{@first}}{{@last}};{{/each}}',
    { v: { a: 1, b: 0 } },
    'a=1 0truefalse;b=0 1falsetrue;',
  ],
  ['each of no items', '{{#each v}}x{{/each}}', { v: [] }, ''],
];

test.each(spared)('%s is no problem', (_name, texts, row, output) => {
  expect(htmlOf(texts, row)).toBe(output);
});

const problems: readonly (readonly [
  name: string,
  texts: Texts | string,
  row: Record<string, unknown>,
  problem: string,
])[] = [
  ['nested path of a missing object', '\n{{person.name}}', {}, '! body.html.hbs:2 person.name is missing'],
  ['nested path of a text', '{{person.name}}', { person: 'x' }, '! body.html.hbs:1 person.name is missing'],
  ['nested empty', '{{person.name}}', { person: { name: '' } }, '! body.html.hbs:1 person.name is empty'],
  [
    'block parameter',
    '{{#each v as |item|}}{{item.name}}{{/each}}',
    { v: [{}] },
    '! body.html.hbs:1 item.name is missing',
  ],
  ['block parameter itself', '{{#each v as |item|}}{{item}}{{/each}}', { v: [''] }, '! body.html.hbs:1 item is empty'],
  ['this in each', '{{#each v}}{{this}}{{/each}}', { v: ['a', null] }, '! body.html.hbs:1 this is null'],
  ['field in each', '{{#each v}}{{name}}{{/each}}', { v: [{ name: 'a' }, {}] }, '! body.html.hbs:1 name is missing'],
  ['field in with', '{{#with v}}{{name}}{{/with}}', { v: { a: 1 } }, '! body.html.hbs:1 name is missing'],
  ['@index outside of each', '{{@index}}', {}, '! body.html.hbs:1 @index is missing'],
  ['in a partial', { html: '{{> person}}', partials }, {}, '! _partials/person.hbs:1 name is missing'],
  [
    'in a partial’s context',
    { html: '{{> person v}}', partials },
    { v: { a: 1 }, name: 'x' },
    '! _partials/person.hbs:1 name is missing',
  ],
  ['in a layout', { html: '\n{{#> frame}}c{{/frame}}', layouts }, {}, '! _layouts/frame.hbs:1 title is missing'],
  [
    'in a layout’s content',
    { html: '{{#> frame title="t"}}\n{{v}}{{/frame}}', layouts },
    {},
    '! body.html.hbs:2 v is missing',
  ],
  ['an object printed', '{{v}}', { v: { a: 1 } }, '! body.html.hbs:1 v is an object'],
  ['a list printed', '{{v}}', { v: ['a'] }, '! body.html.hbs:1 v is a list'],
  ['the row printed', '{{this}}', { v: 1 }, '! body.html.hbs:1 this is an object'],
  ['an object as helper argument', '{{encode v}}', { v: {} }, '! body.html.hbs:1 v is an object'],
  ['an object by way of a default', '{{default v "x"}}', { v: {} }, '! body.html.hbs:1 v is an object'],
  [
    'an object by way of a default in a helper',
    '{{encode (default v "x")}}',
    { v: {} },
    '! body.html.hbs:1 v is an object',
  ],
  ['a text walked through', '{{#each v}}{{/each}}', { v: 'abc' }, '! body.html.hbs:1 v is a string'],
  ['half a surrogate pair', '{{v}}', { v: '\ud800' }, '! body.html.hbs:1 v has half a surrogate pair'],
  ['half a surrogate pair in a URL', '{{encode v}}', { v: '\udc00' }, '! body.html.hbs:1 v has half a surrogate pair'],
];

test.each(problems)('%s is the row’s problem', (_name, texts, row, problem) => {
  expect(htmlOf(texts, row)).toBe(problem);
});

test('a RenderError says what to change', () => {
  const set = compile({ text: 'Hello\n{{name}}' });
  expect(() => set.text({})).toThrow(
    expect.objectContaining({
      name: 'RenderError',
      code: 'ERR_RENDER',
      message: 'Cannot render body.txt.hbs:2: variable "name" is missing, a value or a default is wanted',
      template: 'body.txt.hbs',
      line: 2,
      variable: 'name',
    }),
  );
});
