/** Texts by which mailers have been made to write to somebody else, or to write another command. */
import { describe, expect, it } from 'vitest';
import { AddressError, parseMailbox, parseNamedMailbox } from '#address';

const PLACES: readonly (readonly [string, (hostile: string) => string])[] = [
  ['in the local part', (hostile) => `a${hostile}b@example.org`],
  ['in quotes', (hostile) => `"a${hostile}b"@example.org`],
  ['behind a backslash', (hostile) => `"a\\${hostile}b"@example.org`],
  ['in the domain', (hostile) => `a@exam${hostile}ple.org`],
  ['at the end', (hostile) => `a@example.org${hostile}`],
  ['at the start', (hostile) => `${hostile}a@example.org`],
];

const UNFIT: number[] = [];
for (let code = 0; code < 0x20; code++) UNFIT.push(code);
for (let code = 0x7f; code < 0xa0; code++) UNFIT.push(code);
UNFIT.push(0xa0, 0xad, 0x34f, 0x61c, 0x1680, 0x180e, 0x200b, 0x200c, 0x200d, 0x200e, 0x200f, 0x2028, 0x2029, 0x202a);
UNFIT.push(
  0x202e,
  0x202f,
  0x205f,
  0x2060,
  0x2066,
  0x2069,
  0x3000,
  0x3164,
  0xfeff,
  0xfffd,
  0xffff,
  0xe0041,
  0xd800,
  0xdfff,
);
UNFIT.push(0x3c, 0x3e);

describe.each(PLACES)('a code point that nobody may see or that ends a line, %s', (_, place) => {
  it.each(UNFIT.map((code) => [`U+${code.toString(16).toUpperCase().padStart(4, '0')}`, code] as const))(
    '%s',
    (_name, code) => {
      const text = place(code > 0xffff ? String.fromCodePoint(code) : String.fromCharCode(code));
      expect(() => parseMailbox(text)).toThrow(AddressError);
      expect(() => parseNamedMailbox(`<${text}>`)).toThrow(AddressError);
    },
  );
});

describe('a second command or recipient behind the address', () => {
  it.each([
    'a@b.c\r\nRCPT TO:<e@z>',
    'a@b.c>\r\nRCPT TO:<e@z',
    'a@b.c\nRCPT TO:<e@z>',
    'a@b.c\rRCPT TO:<e@z>',
    'a@b.c\u560d\u560aRCPT TO:<e@z>',
    'a@b.c\u0000evil',
    '"a\r\nb"@c.d',
    'a@b.c,e@z.d',
    'a@b.c;e@z.d',
    'a@b.c e@z.d',
  ])('%j', (text) => {
    expect(() => parseMailbox(text)).toThrow(AddressError);
  });
});

describe('an address inside an address goes to exactly the outer one, or is refused', () => {
  it.each([
    ['"xclow3n@gmail.com x"@internal.domain', '"xclow3n@gmail.com x"@internal.domain'],
    ['"a@evil.test"@good.test', '"a@evil.test"@good.test'],
    ['"a@evil.test,b"@good.test', '"a@evil.test,b"@good.test'],
    ['"a\\"@evil.test"@good.test', '"a\\"@evil.test"@good.test'],
    ['"(c)a@evil.test"@good.test', '"(c)a@evil.test"@good.test'],
    ['"a@evil.test "@good.test', '"a@evil.test "@good.test'],
    ['"\\"\\"@evil.test"@good.test', '"\\"\\"@evil.test"@good.test'],
    ['"a@evil.test;"@good.test', '"a@evil.test;"@good.test'],
  ])('%s', (text, address) => {
    const mailbox = parseMailbox(text);
    expect([mailbox.address, mailbox.domain]).toEqual([address, address.slice(address.lastIndexOf('@') + 1)]);
  });

  it.each([
    '"a" <a@evil.test>@good.test',
    '<a@evil.test>@good.test',
    '"<a@evil.test>"@good.test',
    '"a"@evil.test@good.test',
    '"a"@evil.test"@good.test',
    '""a@evil.test""@good.test',
    'a@evil.test(@good.test)',
    'a(@evil.test)@good.test',
    'a%evil.test@good@test',
    '@evil.test:a@good.test',
    'a@[evil.test]@good.test',
    'a\\@evil.test@good.test',
  ])('%s', (text) => {
    expect(() => parseMailbox(text)).toThrow(AddressError);
  });
});

describe('an encoded-word is never read inside an address', () => {
  it.each([
    '=?utf-8?q?a=40evil.test=3e=00?=foo@good.test',
    '=?x?q?=41=42?=@good.test',
    'a=?utf-8?q?=0d=0a?=@b.c',
    '"=?utf-8?q?a_b?="@good.test',
    'a@=?utf-8?q?evil.test?=',
  ])('%s', (text) => {
    expect(() => parseMailbox(text)).toThrow(AddressError);
  });
});

describe('a domain that UTS #46 would turn into another one is refused', () => {
  it.each([
    ['the Kelvin sign', 'a@\u212Aelvin.example'],
    ['a full-width letter', 'a@ａ.example'],
    ['a full-width full stop', 'a@b．example'],
    ['an ideographic full stop', 'a@日本。example'],
    ['a half-width katakana', 'a@ｶ.example'],
    ['a ligature', 'a@ﬁ.example'],
    ['a Roman numeral', 'a@ⅷ.example'],
    ['a circled letter', 'a@ⓐ.example'],
    ['a superscript', 'a@b².example'],
    ['a mathematical letter', 'a@𝐚.example'],
    ['a soft hyphen', 'a@b\u00adc.example'],
    ['a joiner', 'a@b\u200dc.example'],
    ['letters of both directions', 'a@אb.example'],
    ['Punycode of nothing', 'a@xn--a'],
    ['Punycode of ASCII', 'a@xn--www-.example'],
    ['Punycode of an invisible character', 'a@xn--a-ecp.ru'],
    ['Punycode that overflows', 'a@xn--99999999.example'],
    ['a full-width at sign', 'a＠b.example'],
    ['a full-width at sign before the real one', 'a＠evil.example@b.example'],
  ])('%s', (_, text) => {
    expect(() => parseMailbox(text)).toThrow(AddressError);
  });
});

describe('a text of any size is refused in proportion to its length', () => {
  it.each([
    ['groups in groups', (n: number) => `${'g:'.repeat(n)}a@b.c`],
    ['a list', (n: number) => '"a@b.c,'.repeat(n)],
    ['open comments', (n: number) => '('.repeat(n)],
    ['at signs', (n: number) => '@'.repeat(n)],
    ['open brackets', (n: number) => '<'.repeat(n)],
    ['comments behind', (n: number) => `a@b${'(x)'.repeat(n)}`],
    ['quotation marks', (n: number) => '"'.repeat(n)],
    ['backslashes in quotes', (n: number) => `"${'\\'.repeat(n)}`],
    ['dots', (n: number) => `a${'.a'.repeat(n)}@b.c`],
    ['labels', (n: number) => `a@${'b.'.repeat(n)}c`],
    ['spaces', (n: number) => `${' '.repeat(n)}<${' '.repeat(n)}`],
    ['a name of words', (n: number) => `${'a '.repeat(n)}<a b>`],
    ['open literals', (n: number) => `a@${'['.repeat(n)}`],
  ])('%s', (_, build) => {
    for (const n of [2_000, 1_000_000]) {
      expect(() => parseMailbox(build(n))).toThrow(AddressError);
      expect(() => parseNamedMailbox(build(n))).toThrow(AddressError);
    }
  });
});

describe('an error', () => {
  it('names the code, shows the text without its control characters, and is short', () => {
    const caught = (() => {
      try {
        return parseMailbox(`a\u001b[31m\u202e\u0085@b.c"${'x'.repeat(500)}`);
      } catch (error) {
        return error;
      }
    })();
    expect(caught).toMatchObject({
      name: 'AddressError',
      code: 'ERR_ADDRESS',
      problem: 'a control character (U+001B)',
    });
    expect(String(caught)).toBe(
      `AddressError: Cannot read address "a\\u001b[31m\\u202e\\u0085@b.c\\"${'x'.repeat(67)}…": ` +
        'found a control character (U+001B), one mailbox (local-part@domain) is wanted',
    );
  });
});
