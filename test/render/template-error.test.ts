/** Templates that cannot be used, each with the place and with what is wanted instead. */
import { describe, expect, test } from 'vitest';
import { compileTemplates } from '#render';
import { type Texts, templateProblem } from './compile.ts';

const html: readonly (readonly [template: string, problem: string])[] = [
  [
    '{{#if a}}\nx {{/unless}}',
    '1:4 found {{/unless}} where {{/if}} closes the block, the name that opened it is wanted',
  ],
  ['a\n {{#if b}}c', '2:12 found the end of the file, the closing {{/…}} of an open block is wanted'],
  ['a\n{{/if}}', '2:1 found a closing "{{/…}}", an opening {{#…}} before it is wanted'],
  ['a\n\n  {{name', '3:5 found a character that cannot stand there, a whole {{…}} is wanted'],
  ['{{a b\nc=}}', '2:3 found "}}", a whole {{…}} is wanted'],
  [
    '{{foo bar}}',
    '1:1 found the unknown helper "foo", one of default, url, encode, date, number, money, plural is wanted',
  ],
  [
    'x {{url (foo bar)}}',
    '1:9 found the unknown helper "foo", one of default, url, encode, date, number, money, plural is wanted',
  ],
  [
    '{{#if (lookup a "b")}}{{/if}}',
    '1:7 found the unknown helper "lookup", one of default, url, encode, date, number, money, plural is wanted',
  ],
  [
    '{{log "x"}}',
    '1:1 found the unknown helper "log", one of default, url, encode, date, number, money, plural is wanted',
  ],
  [
    '{{a.b c}}',
    '1:1 found the unknown helper "a.b", one of default, url, encode, date, number, money, plural is wanted',
  ],
  ['{{"a" b}}', '1:1 found the unknown helper "a", one of default, url, encode, date, number, money, plural is wanted'],
  ['{{a b=c}}', '1:1 found the unknown helper "a", one of default, url, encode, date, number, money, plural is wanted'],
  [
    '{{helperMissing a}}',
    '1:1 found the unknown helper "helperMissing", one of default, url, encode, date, number, money, plural is wanted',
  ],
  [
    '{{[#print] a 0}}',
    '1:1 found the unknown helper "#print", one of default, url, encode, date, number, money, plural is wanted',
  ],
  ['{{if a}}', '1:1 found the unknown helper "if", one of default, url, encode, date, number, money, plural is wanted'],
  [
    '{{default}}',
    '1:1 found the helper "default" without arguments, they are wanted (or {{this.default}} for a column)',
  ],
  ['{{default a}}', '1:1 found 1 arguments of "default", 2 are wanted'],
  ['{{url a b}}', '1:1 found 2 arguments of "url", 1 are wanted'],
  ['{{url a b=1}}', '1:1 found a named argument of "url", none is wanted'],
  ['{{default null "a"}}', '1:11 found null, a value is wanted'],
  ['{{url undefined}}', '1:7 found undefined, a value is wanted'],
  [
    '{{{a}}}',
    '1:1 found raw output, {{…}} is wanted: it escapes what the row brings (or {{!-- allow: raw --}} in this file)',
  ],
  [
    'b{{&a}}',
    '1:2 found raw output, {{…}} is wanted: it escapes what the row brings (or {{!-- allow: raw --}} in this file)',
  ],
  [
    '{{{url a}}}',
    '1:1 found raw output, {{…}} is wanted: it escapes what the row brings (or {{!-- allow: raw --}} in this file)',
  ],
  ['{{#*inline "a"}}{{/inline}}', '1:1 found a decorator or an inline partial, a file under _partials is wanted'],
  ['{{* a}}', '1:1 found a decorator or an inline partial, a file under _partials is wanted'],
  ['{{#a}}{{/a}}', '1:1 found the section "a", one of {{#if …}}, {{#unless …}}, {{#with …}}, {{#each …}} is wanted'],
  ['{{^a}}{{/a}}', '1:1 found the section "a", one of {{#if …}}, {{#unless …}}, {{#with …}}, {{#each …}} is wanted'],
  [
    '{{#a b}}{{/a}}',
    '1:1 found the unknown block "a", one of {{#if …}}, {{#unless …}}, {{#with …}}, {{#each …}} is wanted',
  ],
  [
    '{{{{raw}}}}{{{{/raw}}}}',
    '1:1 found the section "raw", one of {{#if …}}, {{#unless …}}, {{#with …}}, {{#each …}} is wanted',
  ],
  ['{{#if}}{{/if}}', '1:1 found 0 arguments of "if", one is wanted'],
  ['{{#each a b}}{{/each}}', '1:1 found 2 arguments of "each", one is wanted'],
  ['{{#each a b=c}}{{/each}}', '1:11 found "b", which "each" does not take, no named argument is wanted'],
  ['{{#if a includeZero=b}}{{/if}}', '1:9 found "includeZero", which "if" does not take, no named argument is wanted'],
  ['{{#each "abc"}}{{/each}}', '1:9 found a literal, a list is wanted'],
  ['{{#each a as |url|}}{{/each}}', '1:1 found the block parameter "url", a name that is no helper\'s is wanted'],
  ['{{#each a as |b c d|}}{{/each}}', '1:1 found 3 block parameters, two at most are wanted'],
  ['{{"a b"}}', '1:1 found a literal, a variable is wanted (a column with an odd name: {{[a name]}})'],
  ['{{7}}', '1:1 found a literal, a variable is wanted (a column with an odd name: {{[a name]}})'],
  ['{{../a}}', '1:3 found "../a" outside of with and each, @root is wanted'],
  ['{{#if a}}{{../a}}{{/if}}', '1:12 found "../a" outside of with and each, @root is wanted'],
  ['{{#each a}}{{../../b}}{{/each}}', '1:14 found "../../b" outside of with and each, @root is wanted'],
  ['{{@level}}', '1:3 found "@level", one of @root, @index, @key, @first, @last is wanted'],
  ['{{__proto__}}', '1:3 found the name "__proto__", a column\'s name is wanted'],
  ['{{a.constructor.b}}', '1:3 found the name "constructor", a column\'s name is wanted'],
  ['{{#if a.[__proto__]}}{{/if}}', '1:7 found the name "__proto__", a column\'s name is wanted'],
  ['{{> footer}}', '1:1 found the unknown partial "footer", one of foot, frames is wanted'],
  ['{{> (default a b)}}', '1:1 found a computed partial name, the name itself is wanted'],
  ['{{> foot a b}}', '1:1 found 2 contexts of a partial, one at most is wanted'],
  ['{{> foot a=null}}', '1:12 found null, a value is wanted'],
  ['{{> foot __proto__=a}}', '1:10 found the name "__proto__", another is wanted'],
  ['{{> frame}}', '1:1 found the layout "frame" called as a partial, {{#> frame}}…{{/frame}} is wanted'],
  ['{{#> foot}}{{/foot}}', '1:1 found the partial "foot" called as a layout, {{> foot}} is wanted'],
  ['{{#> other}}{{/other}}', '1:1 found the unknown layout "other", one of empty, frame is wanted'],
  ['{{> @partial-block}}', '1:1 found {{> @partial-block}} outside of a layout, it is wanted in layouts only'],
];

test.each(html)('HTML %j', (template, problem) => {
  const partials = { foot: 'x', frames: 'x' };
  const layouts = { frame: '{{> @partial-block}}', empty: 'x' };
  expect(templateProblem({ html: template, partials, layouts })).toBe(`body.html.hbs:${problem}`);
});

const deep = (levels: number) => '{{#if a}}'.repeat(levels) + '{{/if}}'.repeat(levels);
const chain = (length: number) =>
  Object.fromEntries(
    Array.from({ length }, (_, index) => [`p${index}`, index + 1 < length ? `{{> p${index + 1}}}` : 'end']),
  );
const fan = (length: number) =>
  Object.fromEntries(
    Array.from({ length }, (_, index) => [`p${index}`, `{{> p${index + 1}}}`.repeat(index + 1 < length ? 10 : 0)]),
  );
const nested = (levels: number) => `{{url ${'(url '.repeat(levels - 1)}a${')'.repeat(levels - 1)}}}`;

const others: readonly (readonly [name: string, texts: Texts, problem: string])[] = [
  [
    'an error in a partial',
    { text: '{{> a}}', partials: { a: '\n{{b c}}' } },
    '_partials/a.hbs:2:1 found the unknown helper "b", one of default, url, encode, date, number, money, plural is wanted',
  ],
  [
    'a parse error in a layout',
    { text: '{{#> a}}{{/a}}', layouts: { a: '{{#if' } },
    '_layouts/a.hbs:1:4 found a character that cannot stand there, a whole {{…}} is wanted',
  ],
  [
    'raw output in a partial of an HTML body',
    { html: '{{> a}}', partials: { a: '{{{b}}}' } },
    '_partials/a.hbs:1:1 found raw output, {{…}} is wanted: it escapes what the row brings (or {{!-- allow: raw --}} in this file)',
  ],
  ['raw output in text, where all is raw', { text: '{{{b}}}{{&b}}' }, 'compiles'],
  ['an error in a partial that nobody calls', { text: 'x', partials: { a: '{{#if' } }, 'compiles'],
  [
    'a partial that calls itself',
    { text: '{{> a}}', partials: { a: '\n {{> a}}' } },
    '_partials/a.hbs:2:2 found a circle of partials (_partials/a.hbs → _partials/a.hbs), partials that end are wanted',
  ],
  [
    'a circle of three',
    { text: '{{> a}}', partials: { a: '{{> b}}', b: '{{#if x}}{{> c}}{{/if}}', c: '{{> a}}' } },
    '_partials/c.hbs:1:1 found a circle of partials (_partials/a.hbs → _partials/b.hbs → _partials/c.hbs → _partials/a.hbs), partials that end are wanted',
  ],
  [
    'a layout in itself',
    { text: '{{#> a}}{{/a}}', layouts: { a: '{{> @partial-block}}{{#> a}}{{/a}}' } },
    '_layouts/a.hbs:1:21 found a circle of partials (_layouts/a.hbs → _layouts/a.hbs), partials that end are wanted',
  ],
  [
    'a layout’s content that uses the layout again',
    { text: '{{#> a}}{{#> a}}x{{/a}}{{/a}}', layouts: { a: '{{> @partial-block}}' } },
    'compiles',
  ],
  [
    'a layout without its content',
    { text: '{{#> a}}x{{/a}}', layouts: { a: 'frame' } },
    '_layouts/a.hbs:1:1 found no {{> @partial-block}}, a layout is wanted to place its content',
  ],
  [
    'content placed with arguments',
    { text: '{{#> a}}x{{/a}}', layouts: { a: '{{> @partial-block b=1}}' } },
    '_layouts/a.hbs:1:1 found more than the name, {{> @partial-block}} is wanted',
  ],
  [
    'content placed in a partial',
    { text: '{{> a}}', partials: { a: '{{> @partial-block}}' } },
    '_partials/a.hbs:1:1 found {{> @partial-block}} outside of a layout, it is wanted in layouts only',
  ],
  ['no partials at all', { text: '{{> a}}' }, 'body.txt.hbs:1:1 found the unknown partial "a", but there are none'],
  ['16 blocks within each other', { text: deep(16) }, 'compiles'],
  [
    '17 blocks within each other',
    { text: deep(17) },
    'body.txt.hbs:1:145 found more than 16 levels within each other, fewer are wanted',
  ],
  [
    '100 blocks within each other',
    { text: deep(100) },
    'body.txt.hbs:1:145 found more than 16 levels within each other, fewer are wanted',
  ],
  ['5,000 blocks within each other', { text: deep(5000) }, 'found more than 16 levels within each other'],
  ['5,001 blocks', { text: '{{#if a}}{{/if}}'.repeat(5001) }, 'found 10002 "{{", at most 10000 are wanted'],
  ['16 helpers within each other', { text: nested(16) }, 'compiles'],
  [
    '17 helpers within each other',
    { text: nested(17) },
    'body.txt.hbs:1:82 found more than 16 levels within each other, fewer are wanted',
  ],
  ['16 partials within each other', { text: '{{> p0}}', partials: chain(16) }, 'compiles'],
  [
    '17 partials within each other',
    { text: '{{> p0}}', partials: chain(17) },
    '_partials/p15.hbs:1:1 found more than 16 levels within each other, fewer are wanted',
  ],
  [
    'partials that multiply',
    { text: '{{> p0}}', partials: fan(12) },
    '_partials/p10.hbs:1:28 found more than 10000 partials within partials, fewer are wanted',
  ],
  [
    'a source of more than 1 MiB',
    { text: 'x'.repeat((1 << 20) + 1) },
    'body.txt.hbs:1:1 found 1048577 characters, at most 1048576 are wanted',
  ],
  [
    'a line break in a subject',
    { subject: 'a\nb' },
    'subject.hbs:1:2 found U+000A, one line is wanted ({{~ and ~}} take line breaks away)',
  ],
  [
    'two line ends behind a subject',
    { subject: 'ab\n\n' },
    'subject.hbs:1:3 found U+000A, one line is wanted ({{~ and ~}} take line breaks away)',
  ],
  [
    'a tab in a subject',
    { subject: 'a{{b}}c\td' },
    'subject.hbs:1:8 found U+0009, one line is wanted ({{~ and ~}} take line breaks away)',
  ],
  [
    'a line separator in a subject',
    { subject: 'a\u2028b' },
    'subject.hbs:1:2 found U+2028, one line is wanted ({{~ and ~}} take line breaks away)',
  ],
  [
    'a line break in a partial of a subject',
    { subject: '{{> a}}', partials: { a: 'x\n' } },
    '_partials/a.hbs:1:2 found U+000A, one line is wanted ({{~ and ~}} take line breaks away)',
  ],
  [
    'a line break in a named string',
    { named: { file: 'a\n' } },
    'named/file.hbs:1:2 found U+000A, one line is wanted ({{~ and ~}} take line breaks away)',
  ],
  ['line breaks that a subject takes away', { subject: '{{~#if a~}}\n A\n{{~else~}}\n B\n{{~/if~}}\r\n' }, 'compiles'],
];

test.each(others)('%s', (_name, texts, problem) => {
  expect(templateProblem(texts)).toContain(problem);
});

describe('a source that is no text', () => {
  const tree = { type: 'Program', body: [{ type: 'NumberLiteral', value: 'process.exit(1)' }] };

  test.each([[tree], [null], [7], [['x']]])('%j is refused', (text) => {
    const subject = { name: 'subject.hbs', text: 'x' };
    const body = { name: 'body.txt.hbs', text: text as unknown as string };
    const compileIt = () => compileTemplates({ subject, text: body, partials: new Map(), layouts: new Map() });
    expect(compileIt).toThrow('a text is wanted');
  });
});

test('control characters in a file’s name are shown escaped', () => {
  const subject = { name: 'a\u001b[2Jb', text: '{{' };
  const compileIt = () => compileTemplates({ subject, partials: new Map(), layouts: new Map() });
  expect(compileIt).toThrow(
    expect.objectContaining({ code: 'ERR_TEMPLATE', message: expect.stringContaining('"a\\u001b[2Jb":1:3') }),
  );
});

test.each([
  '{{a b c}}'.replace('b', '[\u001b[2J]') + '{{',
  '<a hr\\{{\u0000\\{{\\{{ef{{email\\}Z',
  '{{#if a}}{{/[\u0085]}}',
])('control characters that %j brings along are shown escaped', (text) => {
  const subject = { name: 'subject.hbs', text: 'Hello' };
  const body = { name: 'body.txt.hbs', text };
  const compile = () => compileTemplates({ subject, text: body, partials: new Map(), layouts: new Map() });
  expect(compile).toThrow(
    expect.objectContaining({
      code: 'ERR_TEMPLATE',
      message: expect.not.stringMatching(/\p{Cc}/u),
      problem: expect.not.stringMatching(/\p{Cc}/u),
    }),
  );
});
