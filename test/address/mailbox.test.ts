import { describe, expect, it } from 'vitest';
import { AddressError, parseMailbox } from '#address';

function problemOf(text: string): string {
  try {
    return `accepted as ${parseMailbox(text).address}`;
  } catch (error) {
    if (error instanceof AddressError) return error.problem;
    throw error;
  }
}

describe('parseMailbox gives the wire form', () => {
  it.each([
    ['person@example.org', 'person@example.org'],
    ['a@b', 'a@b'],
    ['Person@EXAMPLE.Org', 'Person@example.org'],
    ["o'neil+news/x=y_z~!#$%&*?^`{|}@example.org", "o'neil+news/x=y_z~!#$%&*?^`{|}@example.org"],
    ['first.last@sub.domain.example', 'first.last@sub.domain.example'],
    ['"user"@example.org', 'user@example.org'],
    ['"first.last"@example.org', 'first.last@example.org'],
    ['"\\u\\s\\e\\r"@example.org', 'user@example.org'],
    ['"ana maria"@example.org', '"ana maria"@example.org'],
    ['"ana\\ maria"@example.org', '"ana maria"@example.org'],
    ['".dot"@example.org', '".dot"@example.org'],
    ['"a..b"@example.org', '"a..b"@example.org'],
    ['"a@b"@example.org', '"a@b"@example.org'],
    ['"a\\"b\\\\c"@example.org', '"a\\"b\\\\c"@example.org'],
    ['""@example.org', '""@example.org'],
    ['a@münchen.example', 'a@xn--mnchen-3ya.example'],
    ['a@MÜNCHEN.example', 'a@xn--mnchen-3ya.example'],
    ['a@mu\u0308nchen.example', 'a@xn--mnchen-3ya.example'],
    ['a@XN--MNCHEN-3YA.example', 'a@xn--mnchen-3ya.example'],
    ['"ana maria"@Müller.example', '"ana maria"@xn--mller-kva.example'],
    ['a@straße.example', 'a@xn--strae-oqa.example'],
    ['a@日本.example', 'a@xn--wgv71a.example'],
    ['a@שלום.example', 'a@xn--9dbne9b.example'],
    ['a@ΣΟΦΟΣ.example', 'a@xn--0xaakcn.example'],
    ['a@💩.example', 'a@xn--ls8h.example'],
    ['a@[192.0.2.1]', 'a@[192.0.2.1]'],
    ['a@[IPv6:2001:DB8:0:0:0::1]', 'a@[IPv6:2001:db8::1]'],
    ['a@[ipv6:::1]', 'a@[IPv6:::1]'],
  ])('%s → %s', (text, address) => {
    const mailbox = parseMailbox(text);
    expect(mailbox.address).toBe(address);
    expect(`${mailbox.localPart}@${mailbox.domain}`).toBe(address);
    expect(mailbox.isAscii).toBe(true);
    expect(parseMailbox(mailbox.address)).toEqual(mailbox);
  });

  it.each(['josé@example.org', '用户@example.org', '"ana é"@example.org'])('%s needs SMTPUTF8', (text) => {
    expect(parseMailbox(text)).toMatchObject({ address: text, isAscii: false });
  });
});

describe('parseMailbox refuses', () => {
  it.each([
    ['', 'nothing'],
    ['person', 'no "@"'],
    ['@example.org', 'no local part before "@"'],
    ['person@', 'no domain behind "@"'],
    ['.a@example.org', 'a dot at the start of the local part'],
    ['a.@example.org', 'a dot at the end of the local part'],
    ['a..b@example.org', 'two dots in a row'],
    ['a@.example.org', 'a dot at the start of the domain'],
    ['a@example.org.', 'a dot at the end of the domain'],
    ['a@example..org', 'two dots in a row'],
    ['a@-b.example', 'a label that begins or ends with a hyphen'],
    ['a@b-.example', 'a label that begins or ends with a hyphen'],
    ['a@b_c.example', '"_" in the domain'],
    ['a@b@c', '"@" in the domain'],
    ['a b@c.d', 'a space (U+0020)'],
    [' a@c.d', 'a space (U+0020)'],
    ['a@c.d ', 'a space (U+0020)'],
    ['a(x)@c.d', 'a comment'],
    ['a@c.d(x)', 'a comment'],
    ['<a@c.d>', '"<"'],
    ['a@c.d>', '">" in the domain'],
    ['a@c.d> NOTIFY=NEVER x', '">" in the domain'],
    ['"a>b"@c.d', '">"'],
    ['"a\\<b"@c.d', '"<"'],
    ['a,b@c.d', '","'],
    ['g:a@c.d;', '":"'],
    ['@relay.example:a@c.d', 'no local part before "@"'],
    ['@a,@b:a@c.d', 'no local part before "@"'],
    ['"a"b@c.d', 'text behind a quoted local part'],
    ['"a".b@c.d', 'text behind a quoted local part'],
    ['"a" @c.d', 'text behind a quoted local part'],
    ['"a', 'a quotation mark that is never closed'],
    ['"a\\', 'a quotation mark that is never closed'],
    ['"a\\"@c.d', 'a quotation mark that is never closed'],
    ['a@1.2.3.4', 'a number as top-level domain'],
    ['a@b.123', 'a number as top-level domain'],
    ['a@[1.2.3]', 'an address literal that is neither [IPv4] nor [IPv6:…]'],
    ['a@[1.2.3.256]', 'an address literal that is neither [IPv4] nor [IPv6:…]'],
    ['a@[01.2.3.4]', 'an address literal that is neither [IPv4] nor [IPv6:…]'],
    ['a@[1.2.3.4', 'an address literal that is neither [IPv4] nor [IPv6:…]'],
    ['a@[1.2.3.4]x', 'an address literal that is neither [IPv4] nor [IPv6:…]'],
    ['a@[::1]', 'an address literal that is neither [IPv4] nor [IPv6:…]'],
    ['a@[IPv6:fe80::1%eth0]', 'an address literal that is neither [IPv4] nor [IPv6:…]'],
    ['a@[IPv6:1:2:3]', 'an address literal that is neither [IPv4] nor [IPv6:…]'],
    ['a@[IPv6:]', 'an address literal that is neither [IPv4] nor [IPv6:…]'],
    ['a@[X400:c=us]', 'an address literal that is neither [IPv4] nor [IPv6:…]'],
  ])('%j: %s', (text, problem) => {
    expect(problemOf(text)).toBe(problem);
  });

  it.each([
    ['a local part of 65 octets', `${'a'.repeat(65)}@c.d`],
    ['a local part of 66 octets', `"${'a'.repeat(31)} ${'\\"'.repeat(16)}"@c.d`],
    ['a local part of 66 octets', `${'é'.repeat(33)}@c.d`],
    ['a label of 64 octets', `a@${'b'.repeat(64)}.example`],
    ['a domain of 257 octets', `a@${'b.'.repeat(126)}cdefg`],
    ['an address of 255 octets', `a@${'b.'.repeat(125)}cde`],
    ['1025 characters', `${'a'.repeat(1023)}@b`],
  ])('%s', (problem, text) => {
    expect(problemOf(text)).toBe(problem);
  });

  it('nothing of 64 octets before and 254 in all', () => {
    const address = `${'a'.repeat(64)}@${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}`;
    expect(address).toHaveLength(254);
    expect(parseMailbox(address).address).toBe(address);
  });
});
