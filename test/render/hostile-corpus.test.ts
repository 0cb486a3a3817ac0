/**
 * What has broken template engines: trees in place of texts, decorators, partials made in passing, ways behind the data
 * and past the escaping. Each is refused before a row is rendered, or renders nothing; none runs, none is written raw.
 *
 * A `probe` stands for the code of an attacker: no payload may call it, whatever becomes of the payload.
 */
import { afterEach, describe, expect, test } from 'vitest';
import { compileTemplates, RenderError, TemplateError, type Variables } from '#render';
import { compile } from './compile.ts';

let calls = 0;
const probe = () => {
  calls += 1;
  return '<script>';
};
Object.assign(globalThis, { cartero_probe: probe });

afterEach(() => {
  const called = calls;
  calls = 0;
  expect(called, 'calls of the probe').toBe(0);
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});

/** `refused`, the row's problem, or what is rendered. */
function fate(render: () => string): string {
  try {
    return render();
  } catch (error) {
    if (error instanceof TemplateError) return 'refused';
    if (error instanceof RenderError) return 'a problem of its row';
    throw error;
  }
}

const number = (value: unknown) => ({ type: 'NumberLiteral', value, original: 1, loc: loc() });
const path = (...parts: unknown[]) => ({
  type: 'PathExpression',
  data: false,
  depth: 0,
  parts,
  original: 'x',
  loc: loc(),
});
const loc = () => ({ source: 'x', start: { line: 1, column: 0 }, end: { line: 1, column: 1 } });
const program = (...body: unknown[]) => ({ type: 'Program', body, strip: {}, loc: loc() });
const printed = (of: unknown, params: unknown[] = []) => ({
  type: 'MustacheStatement',
  escaped: true,
  path: of,
  params,
  strip: { open: false, close: false },
  loc: loc(),
});

describe('a syntax tree in place of a text is refused', () => {
  const code = '{},cartero_probe(),{}';
  const trees: readonly (readonly [name: string, tree: unknown])[] = [
    ['a number that is code', program(printed(path('url'), [number(code)]))],
    ['a number printed', program(printed(number(code)))],
    ['a boolean that is code', program(printed({ ...number(code), type: 'BooleanLiteral' }))],
    ['a name that is code', program(printed(path(`x"),${code}//`)))],
    ['a depth that is code', program(printed({ ...path('x'), depth: code }))],
    ['block parameters that are code', { ...program(), blockParams: [code] }],
    ['a text node', program({ type: 'ContentStatement', value: '<script>', original: '<script>', loc: loc() })],
    ['a decorator', program({ ...printed(path('inline')), type: 'Decorator' })],
    ['a type of someone’s own', { type: 'cartero_probe', body: [] }],
    ['a list', ['{{v}}']],
    ['a String', new String('{{v}}')],
    ['what turns into a text', { toString: () => '{{v}}', length: 1, replace: probe, split: probe }],
    ['a buffer', Buffer.from('{{v}}')],
    ['a function', probe],
    ['a compiled template', Object.assign(probe.bind(null), { main: probe, compiler: [8, '>= 4.3.0'], useData: true })],
  ];
  test.each(trees)('%s', (_name, tree) => {
    const subject = { name: 'subject.hbs', text: 'x' };
    const given = { name: 'given.hbs', text: tree as string };
    const [none, one] = [new Map(), new Map([['given', given]])];
    const html = (text: string) => ({ name: 'body.html.hbs', text });
    const ways = [
      () => compileTemplates({ subject: given, partials: none, layouts: none }),
      () => compileTemplates({ subject, html: given, partials: none, layouts: none }),
      () => compileTemplates({ subject, html: html('{{> given}}'), partials: one, layouts: none }),
      () => compileTemplates({ subject, html: html('{{#> given}}{{/given}}'), partials: none, layouts: one }),
    ];
    for (const way of ways) expect(way).toThrow(TemplateError);
  });
});

/** Templates, and what becomes of each with a row that has `v`, `list` and `object`. */
const templates: readonly (readonly [template: string, fate: string])[] = [
  // Decorators and partials made in passing: they would be made before any row is looked at.
  ['{{*inline}}', 'refused'],
  ['{{* cartero_probe}}', 'refused'],
  ['{{*constructor}}', 'refused'],
  ['{{* __proto__ v=1}}', 'refused'],
  ['{{#*inline "given"}}{{{v}}}{{/inline}}{{> given}}', 'refused'],
  ['{{#*inline "__proto__"}}{{/inline}}', 'refused'],
  ['{{#*inline "given"}}x{{/inline}}', 'refused'],
  ['{{#> frame}}{{#*inline "given"}}x{{/inline}}{{/frame}}', 'refused'],
  ['{{#if v}}{{*inline}}{{/if}}', 'refused'],
  ['{{#> frame}}{{* cartero_probe}}{{/frame}}', 'refused'],

  // The content of a layout, asked for where there is none, or as data.
  ['{{> @partial-block}}', 'refused'],
  ['{{#> @partial-block}}{{/@partial-block}}', 'refused'],
  ['{{#> frame}}{{> @partial-block}}{{/frame}}', 'refused'],
  ['{{@partial-block}}', 'refused'],
  ['{{#with @partial-block}}{{this}}{{/with}}', 'refused'],
  ['{{> given x=@partial-block}}', 'refused'],
  ['{{#each @root}}{{@partial-block}}{{/each}}', 'refused'],
  ['{{> given @partial-block}}', 'refused'],

  // Partials by computed, inherited and absent names.
  ['{{> (encode v)}}', 'refused'],
  ['{{> (default v "given")}}', 'refused'],
  ['{{> constructor}}', 'refused'],
  ['{{> __proto__}}', 'refused'],
  ['{{> toString}}', 'refused'],
  ['{{> [partial given]}}', 'refused'],
  ['{{> "../../etc/passwd"}}', 'refused'],
  ['{{> given __proto__=v}}', 'refused'],
  ['{{> given constructor=v}}', 'refused'],
  ['{{> given toHTML=v}}', 'refused'],

  // Behind the data.
  ['{{lookup this "constructor"}}', 'refused'],
  ['{{#with (lookup this "__proto__")}}{{/with}}', 'refused'],
  ['{{lookup (lookup this "list") "constructor"}}', 'refused'],
  ['{{constructor}}', 'refused'],
  ['{{v.constructor}}', 'refused'],
  ['{{list.constructor.constructor}}', 'refused'],
  ['{{object.[__proto__].[polluted]}}', 'refused'],
  ['{{@root.[constructor]}}', 'refused'],
  ['{{#with constructor as |c|}}{{c}}{{/with}}', 'refused'],
  ['{{#each object as |__proto__|}}{{__proto__}}{{/each}}', 'refused'],
  ['{{__defineGetter__ "v" v}}', 'refused'],
  ['{{#with __defineGetter__}}{{this}}{{/with}}', ''],
  ['{{#if __lookupGetter__}}there{{/if}}', ''],
  ['{{#each object}}{{#if ../__defineSetter__}}there{{/if}}{{/each}}', ''],
  ['{{object.__defineGetter__}}', 'a problem of its row'],
  ['{{list.map}}', 'a problem of its row'],
  ['{{v.length}}{{v.at}}', 'a problem of its row'],
  ['{{default v.sub "nothing"}}', 'nothing'],
  ['{{default list.join "nothing"}}', 'nothing'],
  ['{{#with list.join}}there{{/with}}', ''],

  // Helpers that Handlebars brings, and its own insides.
  ['{{helperMissing v}}', 'refused'],
  ['{{#blockHelperMissing v}}{{/blockHelperMissing}}', 'refused'],
  ['{{log v level="error"}}', 'refused'],
  ['{{container}}{{helpers}}', 'a problem of its row'],
  ['{{@_parent.root}}', 'refused'],
  ['{{@account.steps}}', 'refused'],
  ['{{[#value] v 0}}', 'refused'],
  ['{{#[#context]}}{{/[#context]}}', 'refused'],

  // Past the escaping.
  ['{{{v}}}', 'refused'],
  ['{{&v}}', 'refused'],
  ['{{~{v}~}}', 'refused'],
  ['{{{{raw}}}}{{v}}{{{{/raw}}}}', 'refused'],
  ['{{{url v}}}', 'refused'],
  ['{{v.toHTML}}', 'refused'],
];

describe('a template of one who should not write any:', () => {
  const row = { v: 'text', list: ['a'], object: { a: 1 } };
  const partials = { given: 'given' };
  const layouts = { frame: '{{> @partial-block}}' };
  test.each(templates)('%s', (html, expected) => {
    expect(fate(() => compile({ html, partials, layouts }).html(row))).toBe(expected);
  });
});

class Tagged {
  readonly [Symbol.toStringTag] = 'Map';
  readonly size = 1;
  get = probe;
  has = probe;
  entries = probe;
  [Symbol.iterator] = probe;
}

const inheriting = (prototype: object) => Object.assign(Object.create(prototype), { own: 'own' });

/** Values of rows, and what `{{v}}` and a walk through it make of them. */
const values: readonly (readonly [name: string, v: unknown, printed: string, walked: string])[] = [
  ['an object that knows its HTML', { toHTML: probe }, 'a problem of its row', ''],
  ['the same by a text', { toHTML: '<script>' }, 'a problem of its row', ''],
  ['an HTML that is inherited', inheriting({ toHTML: probe }), 'a problem of its row', 'a problem of its row'],
  [
    'an HTML that is computed',
    Object.defineProperty({}, 'toHTML', { get: probe, enumerable: true }),
    'a problem of its row',
    '',
  ],
  ['a list that knows its HTML', Object.assign(['<b>'], { toHTML: probe }), 'a problem of its row', '&lt;b&gt; '],
  ['what says how it is printed', { toString: probe, valueOf: probe }, 'a problem of its row', 'a problem of its row'],
  ['what says how it is converted', { [Symbol.toPrimitive]: probe }, 'a problem of its row', ''],
  ['what says how it is saved', { toJSON: probe, a: 1 }, 'a problem of its row', 'a problem of its row'],
  ['a Map', new Map([['a', '<script>']]), 'a problem of its row', 'a problem of its row'],
  ['what calls itself a Map', new Tagged(), 'a problem of its row', 'a problem of its row'],
  [
    'a plain object that calls itself a Map',
    { [Symbol.toStringTag]: 'Map', get: probe, has: probe },
    'a problem of its row',
    'a problem of its row',
  ],
  ['a Set', new Set(['<script>']), 'a problem of its row', 'a problem of its row'],
  ['what can be iterated', { [Symbol.iterator]: probe }, 'a problem of its row', ''],
  ['a function', probe, 'a problem of its row', 'a problem of its row'],
  ['a String', new String('<script>'), 'a problem of its row', 'a problem of its row'],
  ['an error', new Error('<script>'), 'a problem of its row', 'a problem of its row'],
  ['a promise', Promise.resolve('<script>'), 'a problem of its row', 'a problem of its row'],
  ['a prototype of its own', JSON.parse('{"__proto__":{"toHTML":"<script>"},"a":"b"}'), 'a problem of its row', 'b '],
  [
    'a constructor of its own',
    JSON.parse('{"constructor":{"prototype":{"polluted":1}},"a":"b"}'),
    'a problem of its row',
    'b ',
  ],
  ['HTML as text', '<script>', '&lt;script&gt;', 'a problem of its row'],
  ['a template as text', '{{{constructor}}}', '{{{constructor}}}', 'a problem of its row'],
];

describe('a row’s value is JSON, or is not there:', () => {
  const set = compile({ html: '{{v}}' });
  const walk = compile({ html: '{{#each v}}{{this}} {{/each}}' });
  test.each(values)('%s', (_name, v, printed, walked) => {
    const row: Variables = { v };
    expect([fate(() => set.html(row)), fate(() => walk.html(row))]).toEqual([printed, walked]);
  });

  test('and so is the row', () => {
    const polluting = JSON.parse('{"__proto__":{"v":"<script>"},"w":"w"}');
    expect(fate(() => set.html(polluting))).toBe('a problem of its row');
    expect(fate(() => set.html(Object.create({ v: 'inherited' })))).toBe('a problem of its row');
    expect(fate(() => set.html(new Map([['v', 'x']]) as unknown as Variables))).toBe('a problem of its row');
  });
});
