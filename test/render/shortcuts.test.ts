/** What is done in a shorter way for most values, against the long way. */
import fc from 'fast-check';
import Handlebars from 'handlebars';
import { expect, test } from 'vitest';
import { isPlainAddress, isWholeAddress } from '../../functions/render/addresses.ts';
import { escapedForHtml } from '../../functions/render/escape.ts';
import { compile, outcome } from './compile.ts';

const SIGNS = ['&', '<', '>', '"', "'", '`', '=', ' ', 'a', 'é', '€', '\u{1f382}', '\ud800', '\0', '&amp;'];

test('a value is escaped as Handlebars escapes it', () => {
  const texts = fc.array(fc.oneof(fc.constantFrom(...SIGNS), fc.string({ maxLength: 4 }))).map((all) => all.join(''));
  fc.assert(
    fc.property(texts, (text) => {
      expect(escapedForHtml(text)).toBe(Handlebars.escapeExpression(text));
    }),
  );
});

const ADDRESS_PARTS = [
  ...[
    'http',
    'https',
    '://',
    ':',
    '/',
    '?',
    '#',
    '.',
    '..',
    '-',
    '--',
    '@',
    '%',
    '%41',
    '[::1]',
    '{}|',
    '\\',
    '^',
    '~',
    '!',
  ],
  ...[
    'xn--',
    'xn--a',
    'example.com',
    'com',
    'localhost',
    '1.2.3.4',
    '999',
    '0x7f',
    ':8080',
    'a'.repeat(300),
    'É',
    '"',
    '<',
    ' ',
    '\n',
  ],
];

test('no address that is taken at first sight would be refused at the second', () => {
  const tails = fc.array(fc.oneof(fc.constantFrom(...ADDRESS_PARTS), fc.string({ maxLength: 2 })), { maxLength: 9 });
  const addresses = fc
    .tuple(fc.constantFrom('https://', 'http://', 'https://example.com', 'https://a-b.example.org/', ''), tails)
    .map(([head, tail]) => head + tail.join(''));
  let plain = 0;
  fc.assert(
    fc.property(addresses, (address) => {
      if (!isPlainAddress(address)) return;
      plain += 1;
      expect(isWholeAddress(address), address).toBe(true);
    }),
    { numRuns: 3_000, seed: 1 },
  );
  expect(plain).toBeGreaterThan(20);
});

test.each([
  ['https://example.com', true],
  ['https://shop.example.co.uk/a?b=c&d=%20#e', true],
  ['https://example.com:8080/', false],
  ['https://user@example.com/', false],
  ['https://1.2.3.4/', false],
  ['https://xn--mnchen-3ya.example/', false],
  ['https://example.com/a b', false],
  ['https://example.com/"', false],
  ['https://example.com\\@evil.example/', false],
  ['javascript:alert(1)', false],
])('%s is taken at first sight: %s', (address, plain) => expect(isPlainAddress(address)).toBe(plain));

test('a list is walked to its end, what is null and objects included, and knows its first and last', () => {
  const set = compile({
    text: '{{#each a}}{{@index}}{{@key}}{{default this "-"}}{{#if @first}}<{{/if}}{{#if @last}}>{{/if}} {{/each}}',
  });
  const rows: readonly [unknown, string][] = [
    [['x', null, 'z'], '00x< 11- 22z> '],
    [{ p: 'x', q: 'y' }, '0px< 1qy> '],
    [['x'], '00x<> '],
  ];
  for (const [a, output] of rows) expect(outcome(() => set.text({ a }))).toBe(output);
});

test('literals count as what is printed does, where there are too many of them', () => {
  const word = 'x'.repeat(1000);
  const set = compile({ text: `{{#each a}}{{> long words="${word}"}}{{/each}}`, partials: { long: '{{words}}' } });
  const many = (count: number) => outcome(() => set.text({ a: Array.from({ length: count }, () => 1) }));
  expect(many(1000)).toHaveLength(1_000_000);
  expect(many(1100)).toMatch(/larger than 1048576 octets/);
});
