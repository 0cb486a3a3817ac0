/** Names in the place of addresses: the same for each spelling of a mailbox, and no address is left in a relay's text. */
import { createSecretKey } from 'node:crypto';
import { domainToUnicode } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { namesBy, withoutAddresses, withoutRecipient } from '#mailing';

const nameOf = namesBy(createSecretKey(Buffer.alloc(32, 1)));
const ANA = 'ana.lopez@example.com';
const JOSE = 'josé@xn--mller-kva.example';
const QUOTED = '"ana maria"@example.com';
const ESCAPED = '"a\\"na"@example.com';

describe('a name', () => {
  test('is a keyed hash that no other key gives', () => {
    expect(nameOf(ANA)).toMatch(/^hash:[\w-]{22}$/);
    expect(namesBy(createSecretKey(Buffer.alloc(32, 2)))(ANA)).not.toBe(nameOf(ANA));
  });

  test.each([
    [ANA, 'ana.lopez@EXAMPLE.com'],
    [ANA, '"ana.lopez"@example.com'],
    [JOSE, 'josé@müller.example'],
    [JOSE, 'josé@MÜLLER.example'],
    [JOSE, 'jose\u0301@XN--mller-kva.example'],
    [QUOTED, '"ana\\ maria"@example.com'],
  ])('of %s is that of %s', (address, spelling) => {
    expect(nameOf(spelling)).toBe(nameOf(address));
  });

  test.each(['Ana.lopez@example.com', 'ana.lopez@example.org', 'ana@example.com', ''])('is not that of %j', (other) => {
    expect(nameOf(other)).not.toBe(nameOf(ANA));
  });
});

/** `%` stands for the recipient's name. */
const replies: readonly (readonly [recipient: string, reply: string, told: string])[] = [
  [ANA, '250 2.0.0 Ok: queued as 4F1', '250 2.0.0 Ok: queued as 4F1'],
  [ANA, '550 5.1.1 <ana.lopez@example.com>: no such user', '550 5.1.1 <%>: no such user'],
  [ANA, '550 5.1.1 <Ana.Lopez@Example.COM>... User unknown', '550 5.1.1 <%>... User unknown'],
  [ANA, '550 "ana.lopez"@example.com unknown', '550 % unknown'],
  [ANA, "550 'ana.lopez@example.com' is gone.", "550 '%' is gone."],
  [ANA, '550 mailbox ANA.LOPEZ is full / see mailto:ana.lopez@example.com.', '550 mailbox % is full / see mailto:%.'],
  [ANA, '550 see https://x.example/?who=ana.lopez%40example.com&why=1', '550 see https://x.example/?who=%&why=1'],
  [ANA, '550 bounces-ana.lopez=example.com is no user', '550 bounces-% is no user'],
  [ANA, '550 rfc822;ana.lopez+40example.com', '550 rfc822;%'],
  ['josé@xn--mller-kva.example', '550 <josé@müller.example>', '550 <%>'],
  ['josé@xn--mller-kva.example', '550 JOSÉ@MÜLLER.example, JOSÉ@xn--MLLER-kva.example', '550 %, %'],
  [QUOTED, '550 "Ana Maria"@example.com', '550 %'],
  [QUOTED, '550 <ana maria@example.com>', '550 <%>'],
  [ESCAPED, '550 <"a\\"na"@example.com> a"na@example.com', '550 <%> %'],
  ["o'hara@example.com", "550 o'hara@example.com, 'O'Hara' unknown", "550 %, '%' unknown"],
  ['ana+news@example.com', '550 5.1.1 ana is not here', '550 5.1.1 % is not here'],
  ['550@example.com', '550 5.5.0 550 is no user', '550 5.5.0 % is no user'],
  ['a@example.com', '550 a user a@example.com is not here', '550 a user % is not here'],
  ['ana@example.com', '550 banana, ana', '550 banana, %'],
];

describe('a reply', () => {
  test.each(replies)('to %s, %j, names nobody', (recipient, reply, told) => {
    expect(withoutRecipient(reply, recipient, nameOf)).toBe(told.replaceAll('%', () => nameOf(recipient)));
  });

  test('has no address of others either, who have names of their own', () => {
    const text = '451 postmaster@mx.example says zoe@example.com and "b c"@[192.0.2.1] <ana@xn--mller-kva.example>';
    const others = ['postmaster@mx.example', 'zoe@example.com', '"b c"@[192.0.2.1]', 'ana@xn--mller-kva.example'];
    const [first, second, third, fourth] = others.map(nameOf);
    const told = `451 ${first} says ${second} and ${third} <${fourth}>`;
    expect(withoutAddresses(text, nameOf)).toBe(told);
    expect(withoutRecipient(text, ANA, nameOf)).toBe(told);
  });

  const word = fc.stringMatching(/^[a-z0-9_+.-]{0,12}$/);
  const label = fc.constantFrom('example.com', 'xn--mller-kva.example', 'xn--bcher-kva.example', 'a-b.example.org');
  const anything = fc.string({ unit: fc.constantFrom(...'<>"\'@\\ =+40%.,:;[](){}|*?^$/-aAéü\u2028\ud83d') });

  test('never has the address, whatever is around it and however it is spelled', () => {
    const spellings = fc.constantFrom<((address: string) => string)[]>(
      (address) => address,
      (address) => address.toUpperCase(),
      (address) => `<${address}>`,
      (address) => `"${address.replace('@', '"@')}`,
      (address) => address.replace(/@(.*)/, (_, domain: string) => `@${domainToUnicode(domain)}`),
      (address) => address.replace('@', '%40'),
    );
    const around = fc.constantFrom('', ' ', ': ', '<', '>', '"', "'", '/', '(', ').', ', then ', '550 5.1.1 ');
    fc.assert(
      fc.property(
        word,
        label,
        spellings,
        around,
        around,
        anything,
        (middle, domain, spelling, before, behind, more) => {
          const localPart = `ana${middle}zoe`;
          const text = `${before}${spelling(`${localPart}@${domain}`)}${behind}${more}`;
          const told = withoutRecipient(text, `${localPart}@${domain}`, () => '#');
          expect(told.slice(0, -more.length || undefined).toLowerCase()).not.toContain(localPart);
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('is answered for whatever it is, and whoever the recipient is', () => {
    fc.assert(
      fc.property(anything, anything, (text, recipient) => {
        expect(typeof withoutRecipient(text + recipient, recipient, nameOf)).toBe('string');
      }),
      { numRuns: 3000 },
    );
  });
});
