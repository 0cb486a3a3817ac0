/** Style sheets on the elements: what is added to which, and that nothing else changes. */
import fc from 'fast-check';
import juice from 'juice';
import { describe, expect, test } from 'vitest';
import { compileTemplates, type Source, type TemplateSet, type Variables } from '#render';
import { openSample } from '../templates/sample-campaign.ts';

interface Texts {
  readonly html: string;
  readonly partials?: Readonly<Record<string, string>>;
  readonly layouts?: Readonly<Record<string, string>>;
}

function compileIt({ html, partials = {}, layouts = {} }: Texts, inlines: boolean): TemplateSet {
  const sources = (folder: string, texts: Readonly<Record<string, string>>): Map<string, Source> =>
    new Map(Object.entries(texts).map(([name, text]) => [name, { name: `${folder}/${name}.hbs`, text }]));
  return compileTemplates({
    subject: { name: 'subject.hbs', text: 'x' },
    html: { name: 'body.html.hbs', text: html },
    amp: { name: 'body.amp.html.hbs', text: html },
    partials: sources('_partials', partials),
    layouts: sources('_layouts', layouts),
    inlineCss: inlines,
  });
}

/** The HTML, but for the style sheets. */
function inlined(texts: Texts | string, variables: Variables = {}): string {
  const given = typeof texts === 'string' ? { html: texts } : texts;
  const [before, after] = [false, true].map((inlines) => compileIt(given, inlines).html(variables));
  expect(withoutStyles(after ?? '')).toBe(withoutStyles(before ?? ''));
  return (after ?? '').replace(/<style\b[^>]*>.*?<\/style>/gs, '');
}

/** What a style attribute adds is all that may differ. */
function withoutStyles(html: string): string {
  return html.replace(/ style=("[^"]*"|'[^']*')/g, '');
}

const css = (text: string) => `<style>${text}</style>`;

describe('an element gets', () => {
  test.each<[what: string, template: string, html: string]>([
    [
      'what its name has',
      `${css('p{color:red;margin:0 auto}')}<p>x</p>`,
      '<p style="color: red; margin: 0 auto;">x</p>',
    ],
    [
      'what its class has',
      `${css('.a{color:red}')}<p class="b a">x</p><p>y</p>`,
      '<p style="color: red;" class="b a">x</p><p>y</p>',
    ],
    ['what its id has', `${css('#a{color:red}')}<p id=a>x</p>`, '<p style="color: red;" id=a>x</p>'],
    [
      'the stronger of two',
      `${css('.a{color:red} p{color:blue}')}<p class=a>x</p>`,
      '<p style="color: red;" class=a>x</p>',
    ],
    ['the later of two', `${css('p{color:red} p{color:blue}')}<p>x</p>`, '<p style="color: blue;">x</p>'],
    [
      'both of two sheets',
      `${css('p{color:red}')}${css('p{margin:0}')}<p>x</p>`,
      '<p style="color: red; margin: 0;">x</p>',
    ],
    [
      'its own behind it',
      `${css('p{margin:0;color:red}')}<p style="margin-top:1px">x</p>`,
      '<p style="margin: 0; color: red; margin-top:1px">x</p>',
    ],
    [
      'nothing twice',
      `${css('p{margin:0;color:red}')}<p style='color:blue'>x</p>`,
      "<p style='margin: 0; color:blue'>x</p>",
    ],
    ['empty elements', `${css('img{border:0}')}<img src="cid:a"/><br>`, '<img style="border: 0;" src="cid:a"/><br>'],
    ['comments in a sheet', `${css('/* p{color:blue} */p{/* x */color:red}')}<p>x</p>`, '<p style="color: red;">x</p>'],
    [
      'no class in another case',
      `${css('p{margin:0;color:blue}.A{color:red}')}<p class=a>x</p>`,
      '<p style="margin: 0;" class=a>x</p>',
    ],
    [
      'nothing of other media',
      `<style media="print">p{color:red}</style>${css('p{color:blue;margin:0}')}<p>x</p>`,
      '<p style="margin: 0;">x</p>',
    ],
    ['nothing of what is no CSS', `<style type="text/x">p{color:red}</style><p>x</p>`, '<p>x</p>'],
    ['names in capitals', `${css('P{COLOR:red}')}<P>x</P>`, '<P style="color: red;">x</P>'],
  ])('%s', (_what, template, html) => {
    expect(inlined(template)).toBe(html);
  });
});

describe('a style sheet keeps', () => {
  test.each<[what: string, rules: string, html: string]>([
    ['all its text', 'p{color:red}@media print{p{color:blue!important}}', '<p style="color: red;">x</p>'],
    ['what is important', 'p{color:red!important;margin:0}', '<p style="margin: 0;">x</p>'],
    [
      'what a narrow screen changes',
      'p{width:9px;color:red}@media (max-width:9px){p{width:auto}}',
      '<p style="color: red;">x</p>',
    ],
    ['what the pointer changes', 'p{color:red;margin:0}p:hover{color:blue}', '<p style="margin: 0;">x</p>'],
    ['what place changes', 'p{color:red;margin:0}div > p{color:blue}', '<p style="margin: 0;">x</p>'],
    [
      'what shorthands change',
      'p{font-size:9px;line-height:1;margin:0}* p{font:8px serif}',
      '<p style="margin: 0;">x</p>',
    ],
    ['what attributes change', 'p{color:red}p[lang]{color:blue}', '<p>x</p>'],
    ['not what changes others', 'p{color:red}a:hover{color:blue}#outlook a{padding:0}', '<p style="color: red;">x</p>'],
    ['all where it loads another', '@import url(x.css);p{color:red}', '<p>x</p>'],
    ['all where it is no CSS', 'p{color:red}}{', '<p>x</p>'],
    ['nested rules', 'p{color:red}div{& p{color:blue}}', '<p>x</p>'],
    ['variables of CSS', ':root{--a:red}p{color:var(--a);margin:0}', '<p style="margin: 0;">x</p>'],
    ['what only some read', 'p{margin:0}b{*zoom:1;margin:1px}', '<p style="margin: 0;">x</p>'],
    ['the like on the element', 'p{margin:0}p{*margin:1px}', '<p>x</p>'],
    ['all rules with a selector that some do not know', 'p{margin:0}p,p::-moz-x{margin:1px}', '<p>x</p>'],
    ['not for a selector that all know', 'p,a:hover,#o b,i[lang]{margin:0}', '<p style="margin: 0;">x</p>'],
    ['all where a quote or parenthesis is open', 'p{margin:0}b{color:rgb(1;margin:1px}', '<p>x</p>'],
    ['all where a character is written by its number', 'p{margin:0}\\70 {margin:1px}', '<p>x</p>'],
    ['all that resets all', 'p{margin:0;all:unset}b{all:unset}', '<p>x</p>'],
    ['other names of the same', 'p{border-radius:1px}*:hover{-webkit-border-radius:2px}', '<p>x</p>'],
    ['what cannot be quoted', `p{font-family:"A'B"}`, '<p>x</p>'],
    [
      'animations and fonts',
      '@keyframes a{from{color:red}}@font-face{font-family:X}p{color:blue}',
      '<p style="color: blue;">x</p>',
    ],
  ])('%s', (_what, rules, html) => {
    const texts = { html: `${css(rules)}<p>x</p>` };
    expect(inlined(texts)).toBe(html);
    expect(compileIt(texts, true).html({})).toContain(css(rules));
    expect(compileIt(texts, true).amp({})).toBe(texts.html);
  });
});

describe('variables, blocks and partials', () => {
  const red = css('.a,p,b,a{color:red}');
  test.each<[what: string, texts: Texts | string, row: Variables, html: string]>([
    [
      'in texts and attributes stay',
      `${red}<p title="{{v}}">{{v}}</p>`,
      { v: '"' },
      '<p style="color: red;" title="&quot;">&quot;</p>',
    ],
    [
      'in links stay',
      `${red}<a href="{{url v}}">x</a>`,
      { v: 'https://a.example/?a&b' },
      '<a style="color: red;" href="https://a.example/?a&amp;b">x</a>',
    ],
    [
      'in a style attribute stay',
      `{{!-- allow: style --}}${red}<p style="width:{{v}}px">x</p>`,
      { v: 9 },
      '<p style="color: red; width:9px">x</p>',
    ],
    [
      'as a class: nothing is certain',
      `${red}<i class="{{v}}">x</i><p class="b{{v}}">y</p>`,
      { v: 'a' },
      '<i class="a">x</i><p class="ba">y</p>',
    ],
    ['as an id', `${red}<p id="{{v}}">x</p>`, { v: 'a' }, '<p id="a">x</p>'],
    [
      'a class on a condition',
      `${red}<p {{#if v}}class="a"{{/if}}>x</p><p>y</p>`,
      { v: 1 },
      '<p class="a">x</p><p style="color: red;">y</p>',
    ],
    ['blocks', `${red}{{#if v}}<p>x</p>{{else}}<b>y</b>{{/if}}`, {}, '<b style="color: red;">y</b>'],
    [
      'lists',
      `${red}{{#each v}}<p>{{.}}</p>{{/each}}`,
      { v: [1, 2] },
      '<p style="color: red;">1</p><p style="color: red;">2</p>',
    ],
    ['partials', { html: `${red}{{> q}}`, partials: { q: '<p>x</p>' } }, {}, '<p style="color: red;">x</p>'],
    [
      'layouts',
      { html: '{{#> l}}<p>{{v}}</p>{{/l}}', layouts: { l: `${red}<b>{{> @partial-block}}</b>` } },
      { v: 'x' },
      '<b style="color: red;"><p style="color: red;">x</p></b>',
    ],
    [
      'layouts by branch',
      { html: '{{#if v}}{{#> l}}<p>x</p>{{/l}}{{else}}<p>y</p>{{/if}}', layouts: { l: `${red}{{> @partial-block}}` } },
      {},
      '<p>y</p>',
    ],
    [
      'one layout in two branches',
      {
        html: '{{#if v}}{{#> l}}<p>x</p>{{/l}}{{else}}{{#> l}}<b>y</b>{{/l}}{{/if}}',
        layouts: { l: `${red}{{> @partial-block}}` },
      },
      {},
      '<b style="color: red;">y</b>',
    ],
    [
      'a partial in two mails of one',
      {
        html: `{{#if v}}${css('p{color:red}')}{{> q}}{{else}}${css('p{color:blue}')}{{> q}}{{/if}}`,
        partials: { q: '<p>x</p>' },
      },
      {},
      '<p>x</p>',
    ],
    ['a style sheet on a condition', `{{#if v}}${red}{{/if}}<p>x</p>`, { v: 1 }, '<p>x</p>'],
    [
      'one more on a condition',
      `${red}{{#if v}}${css('p{color:blue}')}{{/if}}<p>x</p><b>y</b>`,
      {},
      '<p>x</p><b style="color: red;">y</b>',
    ],
    ['a rule on a condition', '<style>p{color:red}{{#if v}}p{color:blue}{{/if}}</style><p>x</p>', {}, '<p>x</p>'],
    ['a tag on a condition', `${red}{{#if v}}<p title="{{/if}}<b>x</b>`, {}, '<b>x</b>'],
    ['a block in an attribute', `${red}<p title="{{#if v}}<b>{{/if}}">x</p>`, { v: 1 }, '<p title="<b>">x</p>'],
    ['a tag within a list', `${red}{{#each v}}<p{{/each}}>x</p>`, { v: [1] }, '<p>x</p>'],
    ['what is written and no template', `${red}<p>\\{{v}}</p>`, {}, '<p style="color: red;">{{v}}</p>'],
  ])('%s', (_what, texts, row, html) => {
    expect(inlined(texts, row)).toBe(html);
  });

  test('a variable in a style sheet: nothing is certain', () => {
    expect(inlined('{{!-- allow: style --}}<style>p{color:{{v}};}</style><p>x</p>', { v: 'red' })).toBe('<p>x</p>');
  });

  test.each([
    ['a comment', '<!-- <p>x</p> -->'],
    ['what Outlook alone reads', '<!--[if mso]><p>x</p><![endif]-->'],
    ['a script', '<script>"<p>"</script>'],
    ['a text area', '<textarea><p></textarea>'],
    ['a title', '<title><p></title>'],
    ['an attribute', '<i title="<p>">x</i>'],
    ['a drawing', '<svg><a>x</a></svg>'],
    ['what is no tag', '< p> <p <'],
  ])('%s stays as it is', (_what, html) => {
    expect(inlined(`${red}${html}`)).toBe(html);
  });

  test.each([
    ['{{> q}}', 'found a circle of partials'],
    [`${red}{{*inline}}`, 'found a decorator or an inline partial'],
    [`${red}{{#*inline "q"}}{{/inline}}`, 'found a decorator or an inline partial'],
    [`${red}{{> @partial-block}}`, 'found {{> @partial-block}} outside of a layout'],
    [`${red}{{> (default v "q")}}`, 'found a computed partial name'],
    [`${red}{{#v}}<p>{{/v}}`, 'found the section "v"'],
    [`${red}\n<p title={{v}}>`, 'body.html.hbs:2:10: found a variable'],
  ])('%s is refused as ever', (html, problem) => {
    for (const inlines of [false, true]) {
      expect(() => compileIt({ html, partials: { q: '{{> q}}' } }, inlines)).toThrow(problem);
    }
  });
});

test('the cascade is that of juice', () => {
  const selector = fc.constantFrom(
    'p',
    '*',
    '.a',
    '.b',
    '#i',
    'p.a',
    '.a.b',
    'p#i',
    'b',
    '.c',
    'b.a',
    '*.b',
    'p.a.b#i',
  );
  const declaration = fc.constantFrom(
    'color: red',
    'color: blue',
    'margin: 1px',
    'margin-top: 2px',
    'font: 9px serif',
    'font-size: 8px',
    'line-height: 2',
    'border: 0',
    'display: block',
    'display: flex',
  );
  const rule = fc.tuple(
    fc.uniqueArray(selector, { minLength: 1, maxLength: 3 }),
    fc.uniqueArray(declaration, { minLength: 1, maxLength: 4, selector: (each) => each.split(':')[0] }),
  );
  fc.assert(
    fc.property(fc.array(rule, { minLength: 1, maxLength: 6 }), (rules) => {
      const sheet = rules.map(([selectors, said]) => `${selectors.join(', ')} { ${said.join('; ')} }`).join('\n');
      const paragraph = '<p class="a b" id="i">x</p>';
      const html = compileIt({ html: css(sheet) + paragraph }, true).html({});
      expect(stylesIn(html)).toEqual(stylesIn(juice.inlineContent(paragraph, sheet)));
    }),
    { numRuns: 300 },
  );
});

/** Each property with its value, the later behind the earlier. */
function stylesIn(html: string): readonly string[] {
  return (/<p [^>]*style="([^"]*)"/.exec(html)?.[1] ?? '').split(/; ?/).filter((declaration) => declaration !== '');
}

describe.each(['newsletter', 'birthday', 'invoice'])('the sample %s', (name) => {
  test('says and links to the same, with its style sheet on its elements', () => {
    const before = openSample(name, false).templates;
    const { rows, templates: after } = openSample(name);
    for (const row of rows.slice(0, 20)) {
      const html = after.html(row);
      expect(withoutStyles(html)).toBe(withoutStyles(before.html(row)));
      expect(html).toContain('@media (prefers-color-scheme: dark)');
      expect(html).toMatch(/<body class="ground" style="width: 100%; -webkit-text-size-adjust: 100%; margin:0;/);
      expect(html).toMatch(/<table role="presentation" class="ground" [^>]*style="border-collapse: collapse; /);
      expect(html).toMatch(/<img src="cid:logo" [^>]*style="border: 0; display: block; width:44px;/);
    }
  });
});
