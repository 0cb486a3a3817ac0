/** Which spellings are one person, and which are two. */
import { describe, expect, it } from 'vitest';
import { parseMailbox, recipientKey } from '#address';

const keyOf = (text: string) => recipientKey(parseMailbox(text));

describe('one key for', () => {
  it.each([
    ['letter case of the domain', 'user@example.org', 'user@EXAMPLE.ORG'],
    ['quotes that are not needed', 'user@example.org', '"user"@example.org'],
    ['quoted-pairs that are not needed', '"a b"@example.org', '"\\a\\ b"@example.org'],
    ['U-label and A-label', 'user@münchen.example', 'user@xn--mnchen-3ya.example'],
    ['letter case of a U-label', 'user@münchen.example', 'user@MÜNCHEN.example'],
    ['composed and decomposed, in the domain', 'user@münchen.example', 'user@mu\u0308nchen.example'],
    ['composed and decomposed, in the local part', 'jos\u00e9@example.org', 'jose\u0301@example.org'],
    ['full-width letters in the local part', 'ａé@example.org', 'aé@example.org'],
    ['spellings of an IPv6 address', 'a@[IPv6:::1]', 'a@[IPv6:0:0:0:0:0:0:0:1]'],
  ])('%s', (_, one, other) => {
    expect(keyOf(one)).toBe(keyOf(other));
  });
});

describe('two keys for', () => {
  it.each([
    ['letter case of the local part', 'User@example.org', 'user@example.org'],
    ['dots', 'u.ser@example.org', 'user@example.org'],
    ['a tag', 'user+tag@example.org', 'user@example.org'],
    ['quotes that are needed', '"us er"@example.org', 'user@example.org'],
    ['ß and ss', 'user@straße.example', 'user@strasse.example'],
    ['an accent', 'josé@example.org', 'jose@example.org'],
    ['Cyrillic and Latin', 'user@аррӏе.example', 'user@apple.example'],
  ])('%s', (_, one, other) => {
    expect(keyOf(one)).not.toBe(keyOf(other));
  });
});
