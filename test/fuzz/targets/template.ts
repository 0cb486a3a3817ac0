/** Templates: compiled or refused with their place; what compiles renders, its HTML as a text too, or is the row's problem. */
import { compileTemplates, loadPlainText, RenderError, TemplateError } from '#render';
import { attempt, endingOf, expect, type Target, textOf } from '../target.ts';

const ROW = {
  email: 'ana@example.com',
  name: 'Ana & "Zoë"',
  items: [{ n: 1 }, { n: 2 }],
  deep: { a: { b: '<x>' } },
  zero: 0,
  no: false,
  empty: '',
};
const PARTIALS = new Map([['signature', { name: 'partials/signature.hbs', text: 'Yours, {{default sender "us"}}\n' }]]);
const toText = await loadPlainText();
const LAYOUTS = new Map([['page', { name: 'layouts/page.hbs', text: '<body>{{> @partial-block}}</body>\n' }]]);

export const template: Target = {
  name: 'template',
  seeds: [
    'Hello {{name}}, {{default nick "friend"}}\n',
    '{{#if name}}{{name}}{{else if no}}no{{else}}nobody{{/if}}{{#unless zero}}0{{/unless}}',
    '{{#each items}}{{@index}}: {{this.n}} {{../name}}{{else}}none{{/each}}',
    '{{#each items as |item at|}}{{item.n}}{{at}}{{/each}}{{#with deep.a}}{{b}}{{/with}}',
    '{{#> page}}<p>{{> signature}}</p>{{/page}}',
    '{{!-- {{x}} --}}{{~name~}}\\{{raw}}{{{name}}}{{&name}}',
    '{{lookup this "constructor"}}{{log 1}}{{#each}}{{/each}}',
    '<a href="https://example.com/{{encode email}}">{{name}}</a>',
    '<ul>{{#each items}}<li>{{plural n one="# bottle" other="# bottles"}}{{/each}}</ul>',
    '<p>{{deep.a.b}}<table><tr><td>{{zero}}<img alt="{{name}}"></table><ol start="{{zero}}"><li>{{no}}',
    '<a href="{{url (default page "https://example.com")}}" title=\'{{name}}\'><!--[if mso]>{{name}}<![endif]--></a>',
    '{{!-- allow: style, raw --}}<style>p{color:{{name}} }</style>{{{name}}}',
  ],
  words: [
    '{{',
    '}}',
    '{{{',
    '}}}',
    '{{#if name}}',
    '{{/if}}',
    '{{else}}',
    '{{#each items}}',
    '{{/each}}',
    '{{> signature}}',
    '{{~',
    '~}}',
    '../',
    '@root',
    '@key',
    'this',
    '.',
    '[',
    ']',
    '"',
    "'",
    ' as |x|',
    '(',
    ')',
    '{{!--',
    '--}}',
    '__proto__',
    'constructor',
    '{{#with deep}}',
    '{{/with}}',
    '{{#*inline "x"}}',
    '<p>',
    '<li>',
    '<a href="',
    '<ol ',
    'style="',
    'hidden',
    '{{plural zero one="#" other="##"}}',
    '{{* dec}}',
    '{{#> page}}',
    '{{/page}}',
    '\\{{',
    '=',
    '<script>',
    '<a href="',
    '<style>p{color:red}',
    '</style>',
    '<p class="',
    '<!--',
    '-->',
    '{{url name}}',
    '{{!-- allow: unquoted --}}',
    '\r\n',
    '\0',
  ],
  maxOctets: 1024,
  run(input) {
    const text = textOf(input);
    const source = { name: 'news/body', text };
    const sources = {
      subject: { name: 'news/subject.hbs', text: 'Hello' },
      html: source,
      text: source,
      partials: PARTIALS,
      layouts: LAYOUTS,
    };
    const { value, refused } = attempt(() => compileTemplates(sources), TemplateError);
    if (text.includes('<style')) {
      const apart = attempt(() => compileTemplates({ ...sources, inlineCss: false }), TemplateError);
      expect((apart.value === null) === (value === null), 'style sheets on elements decide nothing else');
    }
    if (value === null) return endingOf(refused);
    const html = attempt(() => value.html(ROW), RenderError);
    const plain = attempt(() => value.text(ROW), RenderError);
    for (const output of [html.value, plain.value]) expect(output === null || output.length < 2 << 20, 'its output');
    const kinds = [html, plain].map((each) => (each.refused === null ? 'rendered' : endingOf(each.refused)));
    const { text: _none, ...withoutText } = sources;
    const made = attempt(() => compileTemplates({ ...withoutText, toText }).text(ROW), RenderError);
    expect(made.value === (html.value === null ? null : toText(html.value)), 'the text that its HTML makes');
    return `${kinds.join(' ')} ${Math.min(value.required.length, 3)}`;
  },
};
