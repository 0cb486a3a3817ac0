/** What may stand where in an HTML template: hostile templates with their place, and ordinary newsletters, which compile. */
import { describe, expect, test } from 'vitest';
import { compile, htmlOf, outcome, type Texts, templateProblem } from './compile.ts';

const tag = 'found a variable in a tag, a quoted attribute value is wanted around it';
const comment = 'found a variable in a comment, another place is wanted';
const beginning = (attribute: string) => `found a variable at the beginning of ${attribute}, {{url …}} is wanted`;
const unquoted = (attribute: string) => `found a variable in ${attribute}= without quotes, quotes are wanted`;
const noText = (what: string) => `found a variable in ${what}, which is read as no text, another place is wanted`;
const runs = (scheme: string) => `found a variable in a "${scheme}:" address, one that runs no script is wanted`;

const hostile: readonly (readonly [html: string, place: string, problem: string])[] = [
  ['<p>{{{v}}}</p>', '1:4', 'found raw output, {{…}} is wanted: it escapes what the row brings'],
  ['<p>{{&v}}</p>', '1:4', 'found raw output, {{…}} is wanted: it escapes what the row brings'],

  ['<{{v}}>', '1:2', tag],
  ['</{{v}}>', '1:3', tag],
  ['a <{{v}}', '1:4', tag],
  ['<h{{v}}>', '1:3', tag],
  ['<a {{v}}>', '1:4', tag],
  ['<a{{v}}>', '1:3', tag],
  ['<a\n  {{v}}="x">', '2:3', tag],
  ['<a on{{v}}="x">', '1:6', tag],
  ['<a b {{v}}>', '1:6', tag],
  ['<a b="c"{{v}}>', '1:9', tag],
  ['<a b="c" / {{v}}>', '1:12', tag],
  ['<br {{#if v}}{{v}}{{/if}}>', '1:14', tag],

  ['<a title={{v}}>', '1:10', 'found a variable as title= without quotes, quotes are wanted around it'],
  ['<a title= {{v}}>', '1:11', 'found a variable as title= without quotes, quotes are wanted around it'],
  ['<a title=a{{v}}>', '1:11', unquoted('title')],
  ['<a title\n=\na{{v}}>', '3:2', unquoted('title')],
  ['<a href={{url v}}>', '1:9', 'found a variable as href= without quotes, quotes are wanted around it'],
  ['<a href=https://a.example/{{v}}>', '1:27', unquoted('href')],
  ['<a title=a"b{{v}}">', '1:13', unquoted('title')],

  ['<a href="{{v}}">', '1:10', beginning('href')],
  ["<A HREF='{{v}}'>", '1:10', beginning('href')],
  ['<a\thref\n=\t" {{v}}">', '2:5', beginning('href')],
  ['<a href="\n{{v}}">', '2:1', beginning('href')],
  ['<a href="&#9;&Tab;{{v}}">', '1:19', beginning('href')],
  ['<a href="java{{v}}">', '1:14', beginning('href')],
  ['<a href="java&#115;cript{{v}}">', '1:25', beginning('href')],
  ['<a href="{{#if v}}{{v}}{{/if}}">', '1:19', beginning('href')],
  ['<a href="{{#if a}}https://a.example/{{/if}}{{v}}">', '1:44', beginning('href')],
  ['<a href="{{#each a}}{{.}}{{/each}}">', '1:21', beginning('href')],
  ['<a href="{{default v "https://a.example"}}">', '1:10', beginning('href')],
  ['<a href="{{encode v}}:{{encode w}}">', '1:10', beginning('href')],
  ['<a title="x" href="{{v}}">', '1:20', beginning('href')],
  ['<img src="{{v}}">', '1:11', beginning('src')],
  ['<form action="{{v}}">', '1:15', beginning('action')],
  ['<button formaction="{{v}}">', '1:21', beginning('formaction')],
  ['<td background="{{v}}">', '1:17', beginning('background')],
  ['<video poster="{{v}}">', '1:16', beginning('poster')],
  ['<svg><a xlink:href="{{v}}">', '1:21', beginning('xlink:href')],
  ['<object data="{{v}}">', '1:15', beginning('data')],
  ['<a href="javascript:{{v}}">', '1:21', runs('javascript')],
  ['<a href="JaVa\nScript:{{v}}">', '2:8', runs('javascript')],
  ['<a href=" &#x6A;avascript&colon;{{v}}">', '1:33', runs('javascript')],
  ['<a href="vbscript:{{v}}">', '1:19', runs('vbscript')],
  ['<a href="data:text/html,{{v}}">', '1:25', runs('data')],
  ['<a href="data:text/html,{{url v}}">', '1:25', runs('data')],
  ['<a href="javascript:go()">', '1:25', 'found the end of a "javascript:" address, one that runs no script is wanted'],
  ['<p>\n<a href=javascript:x>', '2:21', 'found the end of a "javascript:" address, one that runs no script is wanted'],
  ['<a href="https://a.example/{{url v}}">', '1:28', 'found {{url …}} within an address, {{encode …}} is wanted'],

  [
    '<p style="color:{{v}}">',
    '1:17',
    'found a variable in style=, where it could load pictures, cover others or end its declaration, a class by condition is wanted',
  ],
  [
    "<p STYLE='{{#if a}}width:{{encode v}}px{{/if}}'>",
    '1:26',
    'found a variable in style=, where it could load pictures, cover others or end its declaration, a class by condition is wanted',
  ],
  [
    '<img srcset="{{v}} 2x">',
    '1:14',
    'found a variable in srcset, where a comma begins another address, {{url …}} is wanted',
  ],
  [
    '<img srcset="https://a.example/{{v}} 2x">',
    '1:32',
    'found a variable in srcset, where a comma begins another address, {{url …}} is wanted',
  ],
  ['<style>{{v}}</style>', '1:8', noText('<style>')],
  ['<STYLE type="text/css">a{color:{{v}} }</STYLE>', '1:32', noText('<style>')],
  ['<style></styl>{{v}}', '1:15', noText('<style>')],
  ['<style>{{#if a}}</sty{{/if}}{{v}}', '1:29', noText('<style>')],
  ['<script>var a="{{v}}"</script>', '1:16', noText('<script>')],
  ['<script src="https://a.example/a.js">{{v}}', '1:38', noText('<script>')],
  ['<title></title><xmp>{{v}}</xmp>', '1:21', noText('<xmp>')],
  ['<iframe>{{v}}</iframe>', '1:9', noText('<iframe>')],
  ['<a onclick="{{v}}">', '1:13', noText('onclick')],
  ["<img ONERROR = 'a({{v}})'>", '1:19', noText('onerror')],
  ['<iframe srcdoc="{{v}}">', '1:17', noText('srcdoc')],
  [
    '<script><!-- <script></script>{{v}}',
    '1:31',
    'found a variable where mail programs do not agree what it stands in, a plainer template is wanted',
  ],

  ['<!-- {{v}} -->', '1:6', comment],
  ['<!--{{v}}-->', '1:5', comment],
  ['<!-- a > {{v}} -->', '1:10', comment],
  ['<!--{{#if a}}-{{else}}x{{/if}}>{{v}}', '1:32', comment],
  ['<!DOCTYPE {{v}}>', '1:11', comment],
  ['<!{{v}}>', '1:3', comment],
  ['<?xml {{v}}>', '1:7', comment],
  ['</ {{v}}>', '1:4', comment],
  ['<!--[if {{v}}]> <![endif]-->', '1:9', comment],
  ['<!--[if mso]><a href="{{v}}"><![endif]-->', '1:23', beginning('href')],
  ['<!--[if mso]><style>{{v}}</style><![endif]-->', '1:21', noText('<style>')],
  [
    '<!--[if mso]><a title="--><script>{{v}}',
    '1:35',
    'found a variable where mail programs do not agree what it stands in, a plainer template is wanted',
  ],

  // Whichever branch was taken, and however often a list is walked.
  ['<a {{#if a}}title="{{else}}href="{{/if}}{{v}}">', '1:41', beginning('href')],
  ['{{#if a}}<style>{{/if}}{{v}}', '1:24', noText('<style>')],
  ['{{#unless a}}{{else}}<!-- {{/unless}}{{v}}', '1:38', comment],
  ['{{#with a}}<!-- {{/with}}{{v}}', '1:26', comment],
  ['{{#each a}}{{v}}<script>{{/each}}', '1:12', noText('<script>')],
  ['{{#each a}}{{#if b}}<a href={{else}}x{{v}}{{/if}}{{/each}}', '1:38', unquoted('href')],
  ['{{#each a}}{{else}}<a {{/each}}{{v}}', '1:32', tag],
  ['{{#each a as |b|}}{{#each b}}<i{{/each}}{{v}}{{/each}}', '1:41', tag],
];

test.each(hostile)('%j is refused', (html, place, problem) => {
  expect(templateProblem({ html }).replace(/ \(or \{\{!-- allow: \w+ --\}\} in this file\)$/, '')).toBe(
    `body.html.hbs:${place} ${problem}`,
  );
  expect(templateProblem({ amp: html })).toContain(`body.amp.html.hbs:${place} `);
  expect(templateProblem({ text: html })).toBe('compiles');
});

describe('a partial is looked at where it is called', () => {
  const partials = {
    shown: '<b>\n{{v}}</b>',
    link: '{{url v}}',
    bare: '{{v}}',
    opens: '<a href=',
    outer: '{{> bare}}',
  };
  const layouts = {
    styled: '<style>\n{{> @partial-block}}</style>',
    page: '[{{> @partial-block}}]',
    twice: '{{> @partial-block}}<i title={{> @partial-block}}>',
    nested: '<i {{#> page}}{{> @partial-block}}{{/page}}',
  };
  test.each<[html: string, problem: string]>([
    ['{{> shown}}', 'compiles'],
    ['\n<i title="{{> bare}}">{{> bare}}', 'compiles'],
    ['<a href="{{> link}}">', 'compiles'],
    ['\n<style>{{> bare}}</style>', `_partials/bare.hbs:1:1 ${noText('<style>')}`],
    ['{{> bare}}<style>\n{{> outer}}</style>', `_partials/bare.hbs:1:1 ${noText('<style>')}`],
    ['<a href="{{> bare}}">', `_partials/bare.hbs:1:1 ${beginning('href')}`],
    ['{{> opens}}{{v}}', 'body.html.hbs:1:12 found a variable as href= without quotes, quotes are wanted around it'],
    ["<i title='{{> shown}}'>", 'compiles'],
    ['<!-- {{> shown}} -->', `_partials/shown.hbs:2:1 ${comment}`],
    ['{{#> page}}{{v}}{{/page}}', 'compiles'],
    ['{{#> styled}}{{v}}{{/styled}}', `body.html.hbs:1:14 ${noText('<style>')}`],
    ['{{#> styled}}</style>{{v}}<style>{{/styled}}', 'compiles'],
    ['{{#> twice}}{{v}}{{/twice}}', 'body.html.hbs:1:13 found a variable as title= without quotes'],
    ['{{#> page}}<i {{/page}}{{v}}', `body.html.hbs:1:24 ${tag}`],
    ['{{#> nested}}{{v}}{{/nested}}', `body.html.hbs:1:14 ${tag}`],
    ['{{#> page}}{{#> styled}}{{> bare}}{{/styled}}{{/page}}', `_partials/bare.hbs:1:1 ${noText('<style>')}`],
  ])('%j', (html, problem) => {
    expect(templateProblem({ html, partials, layouts })).toContain(problem);
  });

  test('and the call is named', () => {
    const html = '{{> bare}}\n<style>\n{{> outer}}</style>';
    expect(templateProblem({ html, partials })).toMatch(/in this file\) \(called from _partials\/outer\.hbs:1\)$/);
  });
});

describe('a file can allow', () => {
  test.each<[rule: string, html: string, output: string]>([
    ['raw', '{{{v}}}{{&v}}', `"<'"<'`],
    ['unquoted', '<a title={{w}} {{w}}>', '<a title=w w>'],
    ['url', '<a href="{{w}}">', '<a href="w">'],
    ['url', '<a href="javascript:x({{w}})">', '<a href="javascript:x(w)">'],
    ['style', '<style>a{color:{{w}} }</style>', '<style>a{color:w }</style>'],
    ['script', '<a onclick="{{w}}"><script>{{w}}</script>', '<a onclick="w"><script>w</script>'],
    ['comment', '<!-- {{w}} -->', '<!-- w -->'],
    ['comment, style', '<!-- {{w}} --><style>{{w}}</style>', '<!-- w --><style>w</style>'],
  ])('%s: %s', (rule, html, output) => {
    expect(templateProblem({ html })).toContain(`(or {{!-- allow: ${rule.split(',')[0]} --}} in this file)`);
    expect(htmlOf(`{{!-- allow: ${rule} --}}${html}`, { v: `"<'`, w: 'w' })).toBe(output);
    expect(htmlOf(`${html}{{! allow:${rule.replace(' ', '')}}}`, { v: `"<'`, w: 'w' })).toBe(output);
  });

  test('nothing else, and nothing in other files', () => {
    expect(templateProblem({ html: '{{!-- allow: style --}}<script>{{v}}' })).toContain('1:32 found a variable');
    const partials = { allows: '{{!-- allow: raw, url --}}', prints: '{{{v}}}', links: '{{v}}' };
    expect(templateProblem({ html: '{{> allows}}{{> prints}}', partials })).toContain('_partials/prints.hbs:1:1');
    expect(templateProblem({ html: '{{!-- allow: url --}}<a href="{{> links}}">', partials })).toContain(
      'links.hbs:1:1',
    );
  });

  test('no rule that is not there', () => {
    expect(templateProblem({ html: '\n {{!-- allow: all --}}' })).toBe(
      'body.html.hbs:2:2 found allow: "all", one of raw, unquoted, url, style, script, comment is wanted',
    );
  });
});

describe('an ordinary newsletter compiles', () => {
  test.each<[name: string, html: string]>([
    [
      'text and titles',
      '<title>{{a}}</title><p>{{a}} &lt; 3 < 4 {{b}} <- {{c}} <3 {{d}}</p><textarea>{{e}}</textarea>',
    ],
    [
      'quoted attributes',
      `<td class="x {{a}}" width='{{b}}' style="color:red"\nalt = "{{d}}" lang="{{default e "en"}}">`,
    ],
    ['lists of addresses', '<img srcset="{{url a}} 1x, https://example.com/{{encode b}} 2x">'],
    [
      'addresses with a scheme',
      '<a href="https://{{a}}/x?y={{encode b}}#{{c}}"><a href="mailto:{{d}}"><a href="tel:{{e}}">',
    ],
    [
      'addresses of the row',
      '<a href="{{url a}}"><img src=\'{{url (default b "https://a.example")}}\'><a href="{{url c}}?d={{e}}"><a href=" {{url f}} ">',
    ],
    ['addresses by branch', '<a href="{{#if a}}https://a.example/{{else}}http://b.example/{{/if}}{{c}}">{{d}}</a>'],
    [
      'inline images',
      '<img src="cid:{{a}}"><img src="data:image/gif;base64,R0lGOD"><img src="/{{b}}"><a href="#{{c}}">',
    ],
    ['attributes by branch', '<td {{#if a}}class="x"{{else}}bgcolor=red{{/if}} title="{{b}}">{{c}}'],
    [
      'rows of a list',
      '<table>{{#each a}}<tr class="{{#if @first}}top{{/if}}"><td>{{b}}</td></tr>{{/each}}</table>{{c}}',
    ],
    ['attributes of a list', '<div class="{{#each a}}{{.}} {{/each}}">{{b}}</div>'],
    [
      'style sheets without variables',
      '<style><!-- a > b {color: red} --></style><p>{{a}}</p><style>p{}</style >{{b}}',
    ],
    ['scripts without variables', '<script type="application/ld+json">{"a": "</p>"}</script>{{a}}'],
    ['comments without variables', '<!-- <a href= --> {{a}} <!----> {{b}} <!--> {{c}} <!---> {{d}} <!-- --!> {{e}}'],
    ['the document type', '<?xml version="1.0"?><!DOCTYPE html PUBLIC "-//W3C" "x.dtd">{{a}}<![CDATA[x]]>{{b}}'],
    [
      'what Outlook alone reads',
      '<!--[if mso]><v:roundrect href="{{url a}}" style="x"><center>{{b}}</center></v:roundrect><![endif]-->{{c}}',
    ],
    [
      'what Outlook does not read',
      '<!--[if !mso]><!--><a href="{{url a}}">{{b}}</a><!--<![endif]-->{{c}}<![if !mso]>{{d}}<![endif]>',
    ],
    ['tags that are cut by a branch', '{{#if a}}<a href="https://a.example" {{else}}<b {{/if}}title="{{b}}">{{c}}'],
    ['end tags and odd spelling', '<BR/><br / ><a\nb\n=\n"{{a}}"c=\'\'>{{b}}</a\n>{{c}}<p/title="{{d}}"/>{{e}}'],
    ['handlers without variables', '<a onclick="x()" title="{{a}}">{{b}}</a>'],
  ])('%s', (_name, html) => {
    expect(templateProblem({ html })).toBe('compiles');
  });
});

describe('{{url …}}', () => {
  const set = compile({ html: '<a href="{{url v}}">', text: '{{url v}}' });
  test.each([
    'https://example.com',
    'HTTP://example.com:8080/a%20b?c=d&e=(f)#g',
    "https://example.com/it's",
    'https://пример.example/é',
    'https://[::1]/',
    'mailto:ana@example.com?subject=Hi',
    'tel:+34-600-000-000',
  ])('takes %s as it is', (v) => {
    expect(set.text({ v })).toBe(v);
  });

  test.each([
    'javascript:alert(1)',
    'JAVASCRIPT:alert(1)',
    ' javascript:alert(1)',
    'java\tscript:alert(1)',
    '\u0001javascript:alert(1)',
    'vbscript:x',
    'data:text/html;x',
    'file:///etc/passwd',
    'ftp://example.com',
    'blob:https://example.com/x',
    'cid:logo',
    'https:example.com',
    'https:///example.com',
    'https:\\\\example.com',
    '//example.com',
    '/a',
    'example.com',
    'https://',
    ' https://example.com',
    'https://example.com/a b',
    'https://example.com/\u202ecod.exe',
    'https://example.com/\n',
    'https://example.com/"onclick="x',
    'https://example.com/<b>',
    'https://exa mple.com',
    'https://%zz.example',
    'mailto:',
    'mailto:a@b.example\r\nBcc:c@d.example',
    'tel:javascript:x',
    7,
    true,
  ])('has %j as its row’s problem', (v) => {
    expect(outcome(() => set.html({ v }))).toBe(`! body.html.hbs:1 v is ${JSON.stringify(String(v))}`);
  });

  test('says what it wants', () => {
    expect(() => set.html({ v: 'x' })).toThrow(
      'Cannot render body.html.hbs:1: variable "v" is "x", an address that begins with https:, http:, mailto: or tel: is wanted',
    );
  });

  test('gives way to a default', () => {
    expect(htmlOf('<a href="{{url (default (url v) "https://example.com")}}">', { v: 'x' })).toBe(
      '<a href="https://example.com">',
    );
  });
});

test('templates that can be read in a thousand ways are refused, and soon', () => {
  const branches = Array.from({ length: 12 }, (_, at) => `{{#if a${at}}}x${at}{{/if}}`).join('');
  expect(templateProblem({ html: `<${branches}>{{v}}` })).toContain('hang on too many conditions');
  expect(templateProblem({ html: `<p title="${branches}">{{v}}` })).toBe('compiles');
  expect(templateProblem({ html: '<{{#each a}}{{#each b}}x{{/each}}y{{/each}}' })).toContain(
    'hang on too many conditions',
  );
  expect(templateProblem({ html: '<{{#each a}}x{{/each}}>{{v}}' })).toBe('compiles');
});

test('layouts within layouts have an end', () => {
  const layouts: Record<string, string> = { l0: '{{> @partial-block}}' };
  for (let at = 1; at < 15; at += 1) {
    const inner = `{{#> l${at - 1}}}{{> @partial-block}}{{/l${at - 1}}}`;
    layouts[`l${at}`] = inner + inner;
  }
  expect(templateProblem({ html: '{{#> l14}}x{{/l14}}', layouts } satisfies Texts)).toContain('fewer are wanted');
});
