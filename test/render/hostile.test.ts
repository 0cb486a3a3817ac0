/** Templates and data that have broken out of Handlebars before. Each is refused, or renders nothing but itself. */
import { describe, expect, test } from 'vitest';
import { RenderError, TemplateError } from '#render';
import { compile, htmlOf } from './compile.ts';

const forbidden = ['__proto__', 'constructor', 'prototype', 'toHTML'];
const inherited = [
  'toString',
  'valueOf',
  'hasOwnProperty',
  '__defineGetter__',
  '__defineSetter__',
  '__lookupGetter__',
  '__lookupSetter__',
  'isPrototypeOf',
  'propertyIsEnumerable',
  'toLocaleString',
];
const ofTexts = ['constructor', 'split', 'sub', 'replace', 'concat', 'matchAll', '__proto__'];

const payloads = [
  '{{#with "s" as |string|}}{{#with "e"}}{{#with split as |conslist|}}{{this.pop}}{{this.push (lookup string.sub "constructor")}}{{this.pop}}{{#with string.split as |codelist|}}{{this.pop}}{{this.push "return 1"}}{{this.pop}}{{#each conslist}}{{#with (string.sub.apply 0 codelist)}}{{this}}{{/with}}{{/each}}{{/with}}{{/with}}{{/with}}{{/with}}',
  '{{#with (__lookupGetter__ "__proto__")}}{{this}}{{/with}}',
  '{{constructor.constructor "return process" }}',
  '{{constructor.name}}',
  '{{lookup this "constructor"}}',
  '{{#each (lookup this "__proto__")}}{{this}}{{/each}}',
  '{{#each this}}{{constructor}}{{/each}}',
  '{{helperMissing}}',
  '{{#helperMissing}}{{/helperMissing}}',
  '{{blockHelperMissing "abc" "abc"}}',
  '{{#blockHelperMissing .}}{{/blockHelperMissing}}',
  '{{#with (blockHelperMissing this)}}{{/with}}',
  '{{{constructor}}}',
  '{{> (lookup . "partial")}}',
  '{{> (constructor)}}',
  '{{> @partial-block}}',
  '{{#> undefinedPartial}}{{> @partial-block}}{{/undefinedPartial}}',
  '{{#*inline "x"}}{{/inline}}{{> x}}',
  '{{*decorator}}',
  '{{#*decorator}}{{/decorator}}',
  '{{log "x"}}',
  '{{@root.constructor}}',
  '{{@root.__proto__}}',
  '{{@_parent}}',
  '{{@account}}',
  '{{@account.steps}}',
  '{{@partial-block}}',
  '{{@root.[__proto__].polluted}}',
  '{{#with @root}}{{[constructor]}}{{/with}}',
  '{{this.[constructor].[constructor]}}',
  '{{#if (constructor)}}{{/if}}',
  '{{(constructor)}}',
  '{{((url) a)}}',
  '{{[#print] v}}',
  '{{#[#context]}}{{/[#context]}}',
  '{{url [#account]}}{{[#0]}}',
  '{{#each v as |#0|}}{{/each}}',
  '{{#each v as |[#print]|}}{{v}}{{/each}}',
  ...forbidden.flatMap((name) => [
    `{{${name}}}`,
    `{{v.${name}}}`,
    `{{#if ${name}}}{{/if}}`,
    `{{default ${name} "x"}}`,
    `{{url ${name}}}`,
  ]),
  ...inherited.flatMap((name) => [
    `{{${name}}}`,
    `{{v.${name}}}`,
    `{{list.${name}}}`,
    `{{#with ${name}}}{{this}}{{else}}!{{/with}}{{no}}`,
  ]),
  ...ofTexts.map((name) => `{{v.${name}}}`),
];

test.each(payloads)('%s', (template) => {
  let error: unknown;
  try {
    compile({ html: template }).html({ v: 'text', list: ['a'], object: { a: 1 } });
  } catch (caught) {
    error = caught;
  }
  expect(error instanceof TemplateError || error instanceof RenderError).toBe(true);
  expect(Object.keys(Object.prototype)).toEqual([]);
});

describe('data', () => {
  test('with a toHTML function or key is escaped or refused', () => {
    expect(htmlOf('{{v}}', { v: { toHTML: () => '<script>' } })).toBe('! body.html.hbs:1 v is an object');
    expect(htmlOf('{{#each v}}{{@key}}{{/each}}', { v: { toHTML: 'x', a: 1 } })).toBe('a');
  });

  test.each(forbidden)('with the key %s is as if it were not there', (name) => {
    const row = JSON.parse(`{"v":{"${name}":{"polluted":"yes"},"a":"b"},"${name}":{"polluted":"yes"}}`);
    expect(htmlOf('{{#each v}}{{@key}}={{this}}{{/each}}{{#if polluted}}!{{/if}}{{#if v.polluted}}!{{/if}}', row)).toBe(
      'a=b',
    );
  });

  test.each([
    ['a Map', new Map([['a', 1]])],
    ['a Date', new Date(0)],
    [
      'an instance',
      new (class Row {
        a = 1;
      })(),
    ],
    [
      'a Proxy’s getter',
      Object.create({
        get a() {
          return 'inherited';
        },
      }),
    ],
    ['a symbol', Symbol('a')],
    ['a bigint', 1n],
    ['an iterator', { [Symbol.iterator]: () => [1][Symbol.iterator]() }],
  ])('that JSON does not have is not there: %s', (_name, v) => {
    expect(htmlOf('{{#if v}}{{#each v}}there{{/each}}{{/if}}', { v })).toBe('');
  });

  test('is not changed', () => {
    const row = Object.freeze({ v: Object.freeze(['a']), w: Object.freeze({ b: 'c' }) });
    expect(htmlOf({ html: '{{#each v}}{{> p x=this}}{{/each}}{{> p w x="y"}}', partials: { p: '{{x}}' } }, row)).toBe(
      'ay',
    );
  });

  test('named as a helper is a variable', () => {
    expect(
      htmlOf('{{this.url}} {{this.if}} {{encode this.default}} {{required}} {{log}} {{lookup}}', {
        url: 'a',
        if: 'b',
        default: 'c',
        required: 'd',
        log: 'e',
        lookup: 'f',
      }),
    ).toBe('a b c d e f');
  });
});
