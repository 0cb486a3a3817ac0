/** The text that is made of HTML where none is written. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileTemplates, loadPlainText, RenderError, type TemplateSet } from '#render';
import { textMaker } from '../../functions/render/made-text.ts';

const toText = await loadPlainText();

const subject = { name: 'subject.hbs', text: 'Subject' };
const shared = {
  partials: new Map([['button', { name: 'button.hbs', text: '<a href="{{url link}}"><b>{{label}}</b></a>' }]]),
  layouts: new Map([
    [
      'page',
      {
        name: 'page.hbs',
        text: '<html><head><title>{{title}}</title><style>p { margin: 0 }</style></head><body>{{> @partial-block}}<hr></body></html>',
      },
    ],
  ]),
};

function compile(html: string, count = { made: 0 }): TemplateSet {
  const counting = (text: string) => {
    count.made += 1;
    return toText(text);
  };
  return compileTemplates({ subject, html: { name: 'body.html.hbs', text: html }, toText: counting, ...shared });
}

const reading: readonly (readonly [what: string, html: string, text: string])[] = [
  ['paragraphs', '<p>One</p><p>Two<br>lines</p>', 'One\n\nTwo\nlines\n'],
  ['white space as one space', '<div> a\n  b </div>\n\n<div>c</div>', 'a b\nc\n'],
  ['headings as they are', '<h1>Big</h1><p>small</p>', 'Big\n\nsmall\n'],
  ['lists', '<ul><li>one</li><li>two</li></ul><ol><li>a<li>b</ol>', '- one\n- two\n\n 1. a\n 2. b\n'],
  ['links behind their words', '<a href="https://example.com/?a=1&amp;b">go</a>', 'go <https://example.com/?a=1&b>\n'],
  ['links that are their words once', '<a href="https://a.example">https://a.example</a>', 'https://a.example\n'],
  ['addresses', '<a href="mailto:a@example.com">write</a>', 'write <a@example.com>\n'],
  ['places in the mail as words alone', '<a href="#top">up</a>', 'up\n'],
  ['images by their words', '<p><img src="cid:a" alt="Logo"><img src="cid:b" alt=""><img src="c"></p>', 'Logo\n'],
  [
    'rows on lines, cells beside each other',
    '<table><tr><td>a</td><td>b</td></tr><tr><th>c</th></tr></table>',
    'a b\nc\n',
  ],
  ['entities', '<p>&lt;b&gt; &amp;amp; &euro;&nbsp;1</p>', '<b> &amp; €\u00a01\n'],
  [
    'what is hidden not at all',
    '<title>t</title><style>s</style><p hidden>h</p><div style="x:y;DISPLAY: none">p</div>b',
    'b\n',
  ],
  ['comments not at all', '<!-- a --><!--[if mso]><p>b</p><![endif]-->c', 'c\n'],
  ['images without words as nothing', '<p><img src="cid:a"></p> &#32;', ''],
  ['nothing as nothing', '', ''],
  ['paragraphs of any length unwrapped', `<p>${'word '.repeat(100)}</p>`, `${'word '.repeat(100).trim()}\n`],
];
test.each(reading)('reads %s', (_what, html, text) => {
  expect(toText(html)).toBe(text);
  expect(compile(html).text({})).toBe(text);
});

const PAGE = `{{#> page title=name}}
<h1>Hello <i>{{name}}</i>{{#if city}} in {{city}}{{else}}, wherever you are{{/if}}</h1>
<ul>{{#each items}}<li>{{@index}}: {{what}}{{#if note}} ({{note}}){{/if}}</li>{{else}}<li>nothing</li>{{/each}}</ul>
{{#unless quiet}}<p>Look: {{> button link=link label=(default label "here")}}</p>{{/unless}}
<p><a href="{{url link}}">{{link}}</a> {{default suffix ""}}!</p>
<pre>{{name}} x
  {{name}}</pre>
<table><tr><td>{{money total "EUR"}}</td><td {{#if city}}style="display:none"{{/if}}>{{name}}</td></tr></table>
{{/page}}`;
const FULL = { name: 'Ana', link: 'https://example.com/?a=1&b=2', total: 7 };
const rows: readonly Readonly<Record<string, unknown>>[] = [
  FULL,
  { ...FULL, city: 'Vigo' },
  { ...FULL, city: 'Ana', label: 'Ana' },
  { ...FULL, label: 'https://example.com/?a=1&b=2' },
  { ...FULL, quiet: true, suffix: 'x' },
  { ...FULL, items: [] },
  { ...FULL, items: [{ what: 'a', note: 'b' }, { what: 'c' }] },
  { ...FULL, items: Array.from({ length: 12 }, (_, what) => ({ what })) },
  { ...FULL, name: '<b>A & "B"</b> &amp; \u{1f600}' },
  { ...FULL, name: '\ufdd07\ufdd1', city: '$1 $&' },
  { ...FULL, name: 'a  b\n c', city: ' ' },
  { ...FULL, name: ' a\u200b b\u00a0\u00a0' },
];
describe('values in their places give what the whole HTML gives', () => {
  const set = compile(PAGE);
  test.each(rows)('%j', (row) => {
    const variables = { items: [], ...row };
    expect(set.text(variables)).toBe(toText(set.html(variables)));
  });
});

describe('where an attribute is more than a text', () => {
  test.each([
    ['<a href="{{url a}}">write</a>', { a: 'mailto:ana@example.com' }, 'write <ana@example.com>\n'],
    ['<a href="{{url a}}">{{a}}</a>', { a: 'mailto:ana@example.com' }, 'mailto:ana@example.com <ana@example.com>\n'],
    ['<a href="https://example.com/{{encode a}}">{{a}}</a>', { a: '#' }, '# <https://example.com/%23>\n'],
    ['<ol start="{{a}}"><li>x</ol>', { a: 3 }, ' 3. x\n'],
    ['<ol class="{{a}}" type="{{b}}"><li>x</ol>', { a: 'c', b: 'a' }, ' a. x\n'],
    ['<p>a</p>{{!-- allow: style --}}<p style="color: red; display:{{a}}">b</p>', { a: 'none' }, 'a\n'],
    ['{{!-- allow: style --}}<p style="color:{{a}}">b</p>', { a: 'red' }, 'b\n'],
    ['<img src="https://example.com/{{encode a}}" alt="{{a}}">', { a: 'A "B"' }, 'A "B"\n'],
  ])('%s of %j reads as its own HTML', (html, row, text) => {
    const set = compile(html);
    expect(set.text(row)).toBe(text);
    expect(toText(set.html(row))).toBe(text);
  });
});

test('and so do any values', () => {
  const set = compile(PAGE);
  const value = fc
    .array(
      fc.constantFrom(
        'a',
        'Zoë',
        ' ',
        '  ',
        '\n',
        '&',
        '<b>',
        '"',
        '\u00a0',
        '\u3000',
        'mailto:',
        '#',
        '\ufdd00\ufdd1',
        '*',
        '[',
        '-- ',
      ),
    )
    .map((pieces) => pieces.join(''))
    .filter((text) => text !== '');
  const row = fc.record(
    { name: value, city: value, label: value, items: fc.array(fc.record({ what: value, note: fc.option(value) })) },
    { requiredKeys: ['name', 'items'] },
  );
  const property = fc.property(row, (fields) => {
    const variables = { ...FULL, ...fields };
    expect(set.text(variables)).toBe(toText(set.html(variables)));
  });
  fc.assert(property, { numRuns: 200 });
});

test('rows that take the same branches share one text, however their values differ', () => {
  const count = { made: 0 };
  const set = compile('<p>Hello {{name}}{{#if city}} in {{city}}{{/if}}</p>', count);
  const texts = ['Ana', 'Bo & Co', '<Cy>'].map((name) => set.text({ name }));
  expect(texts).toEqual(['Hello Ana\n', 'Hello Bo & Co\n', 'Hello <Cy>\n']);
  expect(count.made).toBe(1);
  expect([set.text({ name: 'Ana', city: 'Vigo' }), set.text({ name: 'Ana', city: 'Bath' })]).toEqual([
    'Hello Ana in Vigo\n',
    'Hello Ana in Bath\n',
  ]);
  expect(count.made).toBe(2);
});

test('texts that are not shared are not kept for ever', () => {
  const made: string[] = [];
  const make = textMaker((html) => {
    made.push(html);
    return html.slice(0, 1);
  });
  const htmls = ['a', 'b', 'c'].map((letter) => letter.repeat(3 << 19));
  for (const html of [...htmls, ...htmls.slice(2), ...htmls.slice(0, 1)]) {
    expect(make({ html, values: [], whole: () => html })).toBe(html.slice(0, 1));
  }
  expect(made.map((html) => html.slice(0, 1))).toEqual(['a', 'b', 'c', 'a']);
});

test('a row that the HTML does not fit has the same problem', () => {
  const set = compile('\n<p>{{name}}</p>');
  expect(() => set.text({})).toThrow(RenderError);
  expect(() => set.text({})).toThrow('body.html.hbs:2: variable "name" is missing');
});

test('a text is not longer than other outputs', () => {
  const set = compile('{{#each a}}<hr>{{/each}}');
  expect(() => set.text({ a: Array.from({ length: 50_000 }, () => 1) })).toThrow(
    'makes the output larger than 1048576',
  );
});

test('a text that cannot be made is its row’s problem', () => {
  const set = compile('<i>'.repeat(50_000));
  expect(() => set.text({})).toThrow(/^Cannot render body\.html\.hbs: failed \(/);
});

test('each language has its own', () => {
  const set = compileTemplates({
    subject,
    html: {
      name: 'a',
      text: '<p>Hello {{x}}</p>',
      languages: new Map([['es', { name: 'b', text: '<p>Hola {{x}}</p>' }]]),
    },
    toText,
    ...shared,
  });
  expect([set.text({ x: 1 }), set.text({ x: 1, locale: 'es-MX' })]).toEqual(['Hello 1\n', 'Hola 1\n']);
  expect([set.hasText, set.isTextMade, set.sourceOf('text', {})]).toEqual([true, true, null]);
});

test('HTML that a row brings, where the template lets it through, is read as HTML', () => {
  const set = compile('{{!-- allow: raw --}}<p>{{{x}}} {{x}}</p>');
  expect(set.text({ x: '<b>a</b>&amp;' })).toBe('a& <b>a</b>&amp;\n');
});

test('a text that is written is taken as it is', () => {
  const text = { name: 'body.txt.hbs', text: 'written {{x}}' };
  const html = { name: 'body.html.hbs', text: '<p>Hello</p>' };
  const set = compileTemplates({ subject, html, text, toText, ...shared });
  expect([set.text({ x: 1 }), set.isTextMade]).toEqual(['written 1', false]);
  expect(compileTemplates({ subject, html, ...shared }).hasText).toBe(false);
});
