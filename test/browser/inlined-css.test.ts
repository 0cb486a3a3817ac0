/** Mails with their style sheets on their elements as well, in Chromium: every element looks as it did without that. */
import fc from 'fast-check';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compileTemplates, TemplateError } from '#render';
import { openSample } from '../templates/sample-campaign.ts';
import { launchChromium } from './chromium.ts';

let browser: Browser;
let page: Page;

beforeAll(async () => {
  browser = await launchChromium();
  page = await browser.newPage();
});
afterAll(() => browser.close());

const VIEWS = [
  [900, 'light'],
  [320, 'light'],
  [900, 'dark'],
] as const;

const PROPERTIES =
  'color background-color margin-top margin-left padding-top padding-left font-size line-height font-weight font-family width display border-top-width border-top-style border-top-color border-radius border-collapse text-align text-decoration-line'.split(
    ' ',
  );
const LOOK = `[...document.querySelectorAll('body, body *')].filter(({ tagName }) => tagName !== 'STYLE').map((element) => {
  const style = getComputedStyle(element);
  return element.tagName + ' ' + ${JSON.stringify(PROPERTIES)}.map((name) => style.getPropertyValue(name)).join(' | ');
})`;

/** What each element looks like, wide, narrow and in the dark. */
async function looksOf(html: string): Promise<readonly string[]> {
  const looks: string[] = [];
  await page.setContent(html);
  for (const [width, colorScheme] of VIEWS) {
    await page.setViewportSize({ width, height: 600 });
    await page.emulateMedia({ colorScheme });
    const elements = await page.evaluate<string[]>(LOOK);
    looks.push(...elements);
  }
  return looks;
}

test.each(['newsletter', 'birthday', 'invoice'])('the sample %s', async (name) => {
  const { rows, templates } = openSample(name);
  const row = rows[0] ?? {};
  const [before, after] = [openSample(name, false).templates.html(row), templates.html(row)];
  expect(after).not.toBe(before);
  expect(await looksOf(after)).toEqual(await looksOf(before));
});

const one = fc.constantFrom;
const tag = one('p', 'b', 'a', 'td', 'div', 'span');
const compound = fc.oneof(tag, one('.x', '.y', '.z', 'p.x', 'div.y', '#i', '*', '.x.y', 'p#i', 'P'));
const selector = fc.oneof(
  { weight: 6, arbitrary: compound },
  fc.tuple(compound, one(' ', '>', '+', '~'), compound).map((parts) => parts.join('')),
  compound.map((each) => `${each}:first-child`),
  compound.map((each) => `${each}[title]`),
  one(':not(p)', 'p::-moz-unknown', ':root'),
);
const declaration = fc
  .tuple(
    one(
      'color:red',
      'color:blue',
      'color:var(--c)',
      '--c:green',
      'color:nonsense',
      '*color:red',
      'margin:1px',
      'margin-top:2px',
      'margin:0 auto',
      'font:12px/14px serif',
      'font-size:9px',
      'line-height:2',
      'font-family:"A B",serif',
      'padding:5px',
      'padding-left:6px',
      'border:1px solid red',
      'border-top:2px dotted blue',
      'border-radius:3px',
      '-webkit-border-radius:4px',
      'background:yellow',
      'width:50px',
      'display:block',
      'text-align:center',
      'all:unset',
      'bogus',
    ),
    one('', '', '', '', '!important'),
  )
  .map((parts) => parts.join(''));
const rule = fc
  .tuple(fc.array(selector, { minLength: 1, maxLength: 2 }), fc.array(declaration, { minLength: 1, maxLength: 3 }))
  .map(([selectors, said]) => `${selectors.join(',')}{${said.join(';')}}`);
const sheet = fc
  .array(
    fc
      .tuple(
        one(
          ...['', '', '', '', '', '@media (max-width:600px){', '@media (prefers-color-scheme:dark){'],
          ...['@supports (color:red){', '/*', '}'],
        ),
        rule,
      )
      .map(([before, each]) => `${before}${each}${before.endsWith('{') ? '}' : before === '/*' ? '*/' : ''}`),
    { minLength: 1, maxLength: 6 },
  )
  .map((rules) => `<style>${rules.join(' ')}</style>`);
const attributes = fc
  .uniqueArray(
    one(
      ...[
        ' class="x"',
        ' class=y',
        ' class="x y"',
        ' id="i"',
        ' class="{{@root.c}}"',
        ' {{#if @root.t}}class="z"{{/if}}',
      ],
      ...[' style="color:green"', ' style="width:{{@root.w}}px"', " style='padding:8px'", ' title="t"', ' class="X z"'],
    ),
    { maxLength: 2 },
  )
  .map((all) => all.join(''));
const { node } = fc.letrec<{ node: string }>((tie) => {
  const inner = fc.array(tie('node'), { maxLength: 3 }).map((nodes) => nodes.join(''));
  return {
    node: fc.oneof(
      { maxDepth: 3 },
      one('t', '{{@root.v}}', '{{> q}}', '<br>', '<!-- <p>x</p> -->', '<p>open', '{{#> l}}<p>in</p>{{/l}}'),
      fc.tuple(tag, attributes, inner).map(([name, all, content]) => `<${name}${all}>${content}</${name}>`),
      inner.map((content) => `{{#if @root.t}}${content}{{else}}<p>${content}</p>{{/if}}`),
      inner.map((content) => `{{#each @root.n}}${content}{{/each}}`),
      sheet.map((text) => `{{#if @root.t}}${text}{{/if}}`),
    ),
  };
});
const mail = fc.record({
  html: fc
    .tuple(fc.array(sheet, { minLength: 1, maxLength: 2 }), fc.array(node, { minLength: 1, maxLength: 5 }))
    .map(([sheets, nodes]) => `<html><body>${sheets.join('')}${nodes.join('')}</body></html>`),
  layout: sheet.map((text) => `${text}<div class="y">{{> @partial-block}}</div>`),
  t: fc.boolean(),
});

function htmlOf({ html, layout, t }: { html: string; layout: string; t: boolean }, inlineCss: boolean): string {
  const set = compileTemplates({
    subject: { name: 'subject.hbs', text: 'x' },
    html: { name: 'body.html.hbs', text: `{{!-- allow: style --}}${html}` },
    partials: new Map([['q', { name: 'q.hbs', text: '<p class="x">q</p><span>{{@root.v}}</span>' }]]),
    layouts: new Map([['l', { name: 'l.hbs', text: layout }]]),
    inlineCss,
  });
  return set.html({ v: 'V', c: 'x', w: 30, t, n: [1, 2] });
}

test('any template', async () => {
  let inlined = 0;
  await fc.assert(
    fc.asyncProperty(mail, async (made) => {
      let before: string;
      try {
        before = htmlOf(made, false);
      } catch (error) {
        if (error instanceof TemplateError) return;
        throw error;
      }
      const after = htmlOf(made, true);
      if (after === before) return;
      inlined += 1;
      expect(await looksOf(after)).toEqual(await looksOf(before));
    }),
    { numRuns: Number(process.env.INLINED_MAILS ?? 200) },
  );
  expect(inlined).toBeGreaterThan(10);
});
