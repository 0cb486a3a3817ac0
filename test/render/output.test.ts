/** What comes out: escaping, single lines, layouts, limits. */

import fc from 'fast-check';
import Handlebars from 'handlebars';
import { describe, expect, test } from 'vitest';
import { compile, htmlOf, outcome, templateProblem } from './compile.ts';

describe('escaping', () => {
  const hostile = `<script>"'\`=&`;

  test('HTML escapes each value, also in partials, layouts and helpers', () => {
    const texts = {
      html: '{{#> frame title=v}}{{v}}{{> part w=v}}{{default v "x"}}{{/frame}}',
      partials: { part: '{{w}}' },
      layouts: { frame: '{{title}}{{> @partial-block}}' },
    };
    const escaped = '&lt;script&gt;&quot;&#x27;&#x60;&#x3D;&amp;';
    expect(htmlOf(texts, { v: hostile })).toBe(escaped.repeat(4));
  });

  test('subject, text and names do not', () => {
    const texts = {
      subject: '{{v}}{{> part w=v}}',
      text: '{{v}}{{> part w=v}}',
      named: { file: '{{v}}' },
      partials: { part: '{{w}}' },
    };
    const set = compile(texts);
    expect(set.subject({ v: hostile })).toBe(hostile + hostile);
    expect(set.text({ v: hostile })).toBe(hostile + hostile);
    expect(set.named('file', { v: hostile })).toBe(hostile);
  });

  test('what a row brings is never a template', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('{', '}', '{{', '}}', '#', '>', 'v', '&', '<', ' ', '@', '/') }),
        (v) => {
          fc.pre(v !== '');
          expect(
            compile({ text: '{{v}}{{encode v}}{{#if v}}{{> p x=v}}{{/if}}', partials: { p: '{{x}}' } }).text({ v }),
          ).toBe(v + encodeURIComponent(v) + v);
          expect(htmlOf('{{v}}', { v })).toBe(Handlebars.escapeExpression(v));
        },
      ),
    );
  });
});

describe('one line', () => {
  const controls = [
    '\r',
    '\n',
    '\r\nBcc: e@z',
    '\t',
    '\0',
    '\v',
    '\f',
    '\u001b[2J',
    '\u007f',
    '\u0085',
    '\u2028',
    '\u2029',
  ];

  test.each(controls)('a subject with %j from a column is the row’s problem', (control) => {
    const set = compile({ subject: 'Hello {{name}}' });
    expect(outcome(() => set.subject({ name: `Ann${control}` }))).toMatch(/^! subject.hbs:1 name has U\+[0-9A-F]{4}$/);
  });

  test.each([
    ['{{default a "x"}}', { a: 'b\nc' }, '! named/file.hbs:1 a has U+000A'],
    ['{{default a b}}', { b: 'b\nc' }, '! named/file.hbs:1 a has U+000A'],
    ['{{> part c=a}}', { a: 'b\nc' }, '! _partials/part.hbs:1 c has U+000A'],
    ['{{#each a}}{{@key}}{{/each}}', { a: { 'b\n': 1 } }, '! named/file.hbs:1 @key has U+000A'],
    ['{{encode a}}', { a: 'b\nc' }, 'b%0Ac'],
    ['{{#if a}}yes{{/if}}', { a: 'b\nc' }, 'yes'],
  ])('%s names the variable', (template, row, expected) => {
    const set = compile({ named: { file: template }, partials: { part: '{{c}}' } });
    expect(outcome(() => set.named('file', row))).toBe(expected);
  });

  test('text and HTML keep their lines', () => {
    const set = compile({ text: 'a\r\n{{v}}\n', html: 'a\r\n{{v}}\n' });
    expect([set.text({ v: 'b\nc' }), set.html({ v: 'b\nc' })]).toEqual(['a\r\nb\nc\n', 'a\r\nb\nc\n']);
  });

  test.each(['Hi\n', 'Hi\r\n', 'Hi', '\ufeffHi\n'])(
    'the line end of the subject’s file %j is not the subject’s',
    (subject) => {
      expect(compile({ subject }).subject({})).toBe('Hi');
    },
  );
});

/** Where all variables are there, the output is Handlebars' own, white space included. */
const likeHandlebars = [
  'a {{name}} b {{person.name}} {{this.name}} {{@root.name}} {{[odd name]}}',
  '{{#each items}}\n  <li>{{@index}} {{@first}} {{@last}} {{title}}</li>\n{{else}}\n  none\n{{/each}}\n',
  '{{#each items as |item index|}}{{index}}:{{item.title}} {{/each}}',
  '{{#each person as |value key|}}{{key}}={{value}} {{@key}} {{/each}}',
  '{{#each items}}{{../name}} {{#with ../person}}{{name}} {{../title}} {{../../name}}{{/with}}{{/each}}',
  '{{#with person}}{{name}} {{@root.name}} {{#if age}}{{age}} {{../name}}{{/if}}{{else}}nobody{{/with}}',
  '{{#with person as |p|}}{{p.name}}{{#if p.age}} {{../name}}{{/if}}{{/with}}',
  '{{#if zero}}a{{else if name}}b{{else}}c{{/if}} {{#unless zero}}d{{/unless}} {{#if zero includeZero=true}}e{{/if}}',
  'x\n  {{~name~}}  \ny {{!-- a comment --}} {{! another }}\n{{!-- alone --}}\nz \\{{name}} \\\\{{name}}',
  '{{#if name}}\n  kept\n{{/if}}\n  {{> line}}\n  {{> line who=name}}\nend',
  '{{> line person}} {{> two}} {{> two who="lit"}} {{> two person who=name}}',
  '{{#> frame title=name}}\n  content {{name}} {{title}}\n{{/frame}}\n',
  '{{#> frame title="a"}}{{#> frame title="b"}}{{title}}{{/frame}}{{/frame}}',
  '{{#> outer}}content {{name}}{{/outer}}',
  '{{no}} {{zero}} {{negative}} {{half}}',
];
const handlebarsPartials = { line: 'line {{default who name}}\nmore\n', two: '{{> line}}{{> line who="inner"}}' };
const handlebarsLayouts = {
  frame: '[{{title}}]\n{{> @partial-block}}\n[/{{title}}]\n',
  outer: '[{{#> frame title="inner"}}({{> @partial-block}}){{/frame}}]',
};
const person = { name: 'Zoë & <co>', age: 7 };
const row = {
  name: 'Ann',
  title: 'Dr',
  person,
  items: [{ title: 'one' }, { title: 'two' }],
  zero: 0,
  no: false,
  negative: -1,
  half: 0.5,
  'odd name': 'odd',
};

test.each(likeHandlebars)('as Handlebars renders it: %j', (template) => {
  const set = compile({ html: template, text: template, partials: handlebarsPartials, layouts: handlebarsLayouts });
  expect(set.html(row)).toBe(plainHandlebars(template, false));
  expect(set.text(row)).toBe(plainHandlebars(template, true));
});

function plainHandlebars(template: string, noEscape: boolean): string {
  const plain = Handlebars.create();
  plain.registerHelper('default', (value: unknown, fallback: unknown) => value ?? fallback);
  plain.registerPartial({ ...handlebarsPartials, ...handlebarsLayouts });
  return plain.compile(template, { noEscape })(row);
}

/** Handlebars itself takes the wrong context in most of these. */
const values = { v: 'V', a: ['x'], b: ['x'], c: [['x']], d: [0], e: [{ n: 1 }, { n: 2 }] };

describe('../ leads to what stands around, also where', () => {
  test.each([
    [
      'an item equals the item around it',
      '{{#each a}}{{#each ../b}}{{this}}{{..}}{{../../v}} {{/each}}{{/each}}',
      'xxV ',
    ],
    ['a list holds one text', '{{#each c}}{{#each this}}{{this}}{{../length}}{{../../v}}{{/each}}{{/each}}', 'x1V'],
    ['the context is the row again', '{{#with @root}}{{../v}}{{v}}{{/with}}', 'VV'],
    ['an item is 0', '{{#each d}}{{#each ../a}}{{..}}{{../../v}}{{/each}}{{/each}}', '0V'],
    ['a block parameter has taken the name', '{{#each a as |v|}}{{v}}{{../v}}{{/each}}', 'xV'],
    ['a partial begins', '{{#each a}}{{> p}}{{/each}}', 'x'],
    ['a partial walks', '{{#with @root}}{{> q}}{{/with}}', 'Vx'],
    ['a layout’s content walks', '{{#> l w="W"}}{{#each a}}{{../w}}{{../v}}{{/each}}{{/l}}', '(WV)'],
    [
      'a list is walked inside itself',
      '{{#each e}}{{#each ../e}}{{n}}{{../n}}{{../../v}} {{/each}}{{/each}}',
      '11V 21V 12V 22V ',
    ],
    [
      'a layout’s content walks the list around it',
      '{{#each e}}{{#> l}}{{#each @root.e}}{{n}}{{../n}} {{/each}}{{/l}}{{/each}}',
      '(11 21 )(12 22 )',
    ],
  ])('%s', (_name, html, expected) => {
    const partials = { p: '{{this}}', q: '{{#each a}}{{../v}}{{this}}{{/each}}' };
    const layouts = { l: '({{> @partial-block}})' };
    expect(htmlOf({ html, partials, layouts }, values)).toBe(expected);
  });
});

describe('limits', () => {
  const list = Array.from({ length: 3000 }, (_, index) => index);

  test.each([
    [
      'lists in lists',
      '{{#each a}}{{#each @root.a}}{{this}}{{/each}}{{/each}}',
      { a: list },
      'found more than 100000 list items and partials',
    ],
    [
      'empty items in lists in lists',
      '{{#each a}}{{#each @root.a}}{{/each}}{{/each}}',
      { a: list },
      'found more than 100000 list items and partials',
    ],
    [
      'a large value often',
      '{{#each a}}{{@root.b}}{{/each}}',
      { a: list, b: 'x'.repeat(1000) },
      'b makes the output larger than 1048576 octets',
    ],
    ['one octet too many', '{{b}}', { b: 'x'.repeat((1 << 20) + 1) }, 'makes the output larger than 1048576 octets'],
    [
      'characters of three octets',
      '{{b}}',
      { b: '☃'.repeat((1 << 20) / 3 + 1) },
      'makes the output larger than 1048576 octets',
    ],
    [
      'much text of the template’s own',
      `{{#each a}}${'y'.repeat(1000)}{{/each}}`,
      { a: list },
      'makes the output larger than 1048576 octets',
    ],
    [
      'data in data',
      '{{b}}',
      { b: Array.from({ length: 20 }).reduce<unknown>((inner) => [inner], 'x') },
      'b is data of more than 16 levels within each other',
    ],
  ])('%s is the row’s problem', (_name, text, variables, problem) => {
    const set = compile({ text });
    expect(outcome(() => set.text(variables))).toContain(problem);
  });

  test('1 MiB is rendered', () => {
    const set = compile({ text: '{{b}}' });
    expect(set.text({ b: 'x'.repeat(1 << 20) })).toHaveLength(1 << 20);
  });

  test('partials that multiply are refused in a condition as well', () => {
    const partials = Object.fromEntries(
      Array.from({ length: 12 }, (_, index) => [`p${index}`, index < 11 ? `{{> p${index + 1}}}`.repeat(10) : 'x']),
    );
    expect(templateProblem({ text: '{{#if a}}{{> p0}}{{/if}}', partials })).toContain(
      'found more than 10000 partials within partials, fewer are wanted',
    );
  });

  test('data that contains itself is the row’s problem', () => {
    const circle: Record<string, unknown> = { b: 'x' };
    circle.c = circle;
    expect(outcome(() => compile({ text: '{{b}}' }).text(circle))).toContain('more than 16 levels');
  });

  test('one row’s problem is not the next row’s', () => {
    const set = compile({ text: '{{#each a}}{{#each @root.a}}{{this}}{{/each}}{{/each}}' });
    expect(outcome(() => set.text({ a: list }))).toMatch(/^!/);
    expect(outcome(() => set.text({ a: [1, 2] }))).toBe('1212');
  });
});

test('AMP is escaped as HTML is', () => {
  expect(compile({ amp: '<p>{{a}}</p>' }).amp({ a: '<b>' })).toBe('<p>&lt;b&gt;</p>');
});

describe('a value in an event', () => {
  const SUMMARY = { calendar: 'SUMMARY:{{a}}\n' };
  test.each([
    ['Café', 'Café'],
    ['one, two; three', 'one\\, two\\; three'],
    ['a\\n', 'a\\\\n'],
    ['x\r\nATTENDEE:mailto:e@example.net', 'x\\nATTENDEE:mailto:e@example.net'],
    ['x\nEND:VEVENT\r', 'x\\nEND:VEVENT\\n'],
    ['x\u2028y', 'x\\ny'],
    ['<b> & "c"', '<b> & "c"'],
  ])('%j stays on its line and one value', (a, printed) => {
    expect(compile(SUMMARY).calendar({ a })).toBe(`SUMMARY:${printed}\n`);
  });

  test('is strict, also in a partial', () => {
    const set = compile({ calendar: '{{> line}}', partials: { line: 'SUMMARY:{{a}}' } });
    expect(set.calendar({ a: 'b,c' })).toBe('SUMMARY:b\\,c');
    expect(outcome(() => set.calendar({}))).toMatch(/^! .*a is missing/);
    expect(set.required).toMatchObject([{ variable: 'a' }]);
  });
});

test('bodies and names that are not there are said to be missing', () => {
  const set = compile({});
  expect([set.hasHtml, set.hasAmp, set.hasText, set.hasCalendar]).toEqual([false, false, false, false]);
  expect(() => set.html({})).toThrow('Cannot render: there is no HTML body');
  expect(() => set.text({})).toThrow('Cannot render: there is no text body');
  expect(() => set.amp({})).toThrow('Cannot render: there is no AMP body');
  expect(() => set.calendar({})).toThrow('Cannot render: there is no event');
  expect(() => set.named('a', {})).toThrow('Cannot render: there is no string named "a"');
});
