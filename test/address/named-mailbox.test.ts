import { describe, expect, it } from 'vitest';
import { AddressError, parseNamedMailbox } from '#address';

describe('parseNamedMailbox', () => {
  it.each([
    ['a@b.c', null, 'a@b.c'],
    [' a@b.c ', null, 'a@b.c'],
    ['<a@b.c>', null, 'a@b.c'],
    ['"" <a@b.c>', null, 'a@b.c'],
    ['Cartero News <news@example.com>', 'Cartero News', 'news@example.com'],
    ['Cartero  News<news@example.com>', 'Cartero News', 'news@example.com'],
    ['"Na, me" <a@b.c>', 'Na, me', 'a@b.c'],
    ['"two  spaces" <a@b.c>', 'two  spaces', 'a@b.c'],
    ['"a \\"b\\" \\\\" <a@b.c>', 'a "b" \\', 'a@b.c'],
    ['"J." Q. "Public, Jr." <a@b.c>', 'J. Q. Public, Jr.', 'a@b.c'],
    ['José Ñandú <a@b.c>', 'José Ñandú', 'a@b.c'],
    ['山田 太郎 <a@b.c>', '山田 太郎', 'a@b.c'],
    ['👩‍👩‍👧 <a@b.c>', '👩‍👩‍👧', 'a@b.c'],
    ['مه\u200cسا <a@b.c>', 'مه\u200cسا', 'a@b.c'],
    ['"ceo@bank.test" <e@z.test>', 'ceo@bank.test', 'e@z.test'],
    ['"<ceo@bank.test>" <e@z.test>', '<ceo@bank.test>', 'e@z.test'],
    ['"x" <"a b"@c.d>', 'x', '"a b"@c.d'],
    ['=?utf-8?q?x?= <a@b.c>', '=?utf-8?q?x?=', 'a@b.c'],
  ])('%s', (text, name, address) => {
    const { name: found, mailbox } = parseNamedMailbox(text);
    expect([found, mailbox.address]).toEqual([name, address]);
  });

  it.each([
    ['Na, me <a@b.c>', 'an unquoted "," in the name'],
    ['ceo@bank.test <e@z.test>', 'an unquoted "@" in the name'],
    ['a <b@c.d> e <f@g.h>', 'an unquoted "<" in the name'],
    ['friends: a@b.c;', '":"'],
    ['friends: A <a@b.c>', 'an unquoted ":" in the name'],
    ['a (b) <a@b.c>', 'an unquoted "(" in the name'],
    ['a\\b <a@b.c>', 'an unquoted "\\" in the name'],
    ['"a <a@b.c>', 'a quotation mark that is never closed'],
    ['"a\\" <a@b.c>', 'a quotation mark that is never closed'],
    ['A <a@b.c> b', 'a space (U+0020)'],
    ['A <a@b.c', 'a space (U+0020)'],
    ['A < a@b.c >', 'a space (U+0020)'],
    ['A <>', 'nothing'],
    ['A\r\nBcc: e@z <a@b.c>', 'a control character (U+000D) in the name'],
    ['"A\nB" <a@b.c>', 'a control character (U+000A) in the name'],
    ['"A\\\nB" <a@b.c>', 'a control character (U+000A) in the name'],
    ['A\tB <a@b.c>', 'a control character (U+0009) in the name'],
    ['A\u0085B <a@b.c>', 'a control character (U+0085) in the name'],
    ['A\u2028B <a@b.c>', 'a line separator (U+2028) in the name'],
    ['A\ud800B <a@b.c>', 'a lone surrogate (U+D800) in the name'],
    ['\u202eA <a@b.c>', 'an invisible character (U+202E) in the name'],
    ['A\u200b <a@b.c>', 'an invisible character (U+200B) in the name'],
  ])('refuses %j: %s', (text, problem) => {
    const read = () => parseNamedMailbox(text);
    expect(read).toThrow(AddressError);
    expect(read).toThrow(expect.objectContaining({ problem }));
  });
});
