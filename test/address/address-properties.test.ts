import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AddressError, isPlainAddress, parseMailbox, parseNamedMailbox, recipientKey } from '#address';
import { Command } from '#smtp';

/** Code points that matter to a parser, and any others. */
const character = fc.oneof(
  fc.constantFrom(...'ab.@"\\<>()[],:;= ?_-\r\n\0\u0085\u2028\u200b\ud800ＫK＠é'),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
);
const text = fc.array(character, { maxLength: 30 }).map((characters) => characters.join(''));
const nearly = fc.tuple(text, text).map(([local, domain]) => `${local}@${domain}.example`);

describe('whatever the text', () => {
  it('is refused with an AddressError, or read to a form that reads as itself', () => {
    fc.assert(
      fc.property(fc.oneof(text, nearly), (input) => {
        try {
          const mailbox = parseMailbox(input);
          expect(parseMailbox(mailbox.address)).toEqual(mailbox);
          expect(mailbox.address).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}<>]/u);
          expect(Buffer.byteLength(mailbox.address)).toBeLessThanOrEqual(254);
          expect(mailbox.domain).toMatch(/^[a-z0-9.-]+$/);
          // Normalised, a full-width "Ｋ" is a plain one: a key can be ASCII where its mailbox is not, and never the reverse.
          const key = recipientKey(mailbox);
          expect(recipientKey(parseMailbox(key))).toBe(key);
          if (mailbox.isAscii) expect(parseMailbox(key).isAscii).toBe(true);
        } catch (error) {
          if (!(error instanceof AddressError)) throw error;
          expect(error.message).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/u);
        }
      }),
      { numRuns: 3_000 },
    );
  });

  it('written as a name in quotes, is read back as the name, the mailbox untouched', () => {
    fc.assert(
      fc.property(text, (name) => {
        try {
          const quoted = `"${name.replace(/["\\]/g, '\\$&')}" <person@example.org>`;
          const read = parseNamedMailbox(quoted);
          expect(read.name).toBe(name === '' ? null : name);
          expect(read.mailbox.address).toBe('person@example.org');
        } catch (error) {
          if (!(error instanceof AddressError)) throw error;
          expect(error.problem).toMatch(/in the name$/);
        }
      }),
      { numRuns: 3_000 },
    );
  });
});

/** What a plain address is made of, and what only looks like it. */
const plainish = fc.array(
  fc.constantFrom(
    ...'aZ09.-_+@',
    '@',
    '.',
    'xn--',
    '--',
    '=?',
    '?=',
    'mail',
    'example.com',
    'é',
    "'",
    '"',
    '\n',
    ' ',
    '[1.2.3.4]',
  ),
  { maxLength: 12 },
);
const domainish = fc.array(fc.constantFrom('a', 'B', '9', '-', '.', 'xn--', 'com', 'é'), {
  minLength: 1,
  maxLength: 8,
});
const local = fc.array(fc.constantFrom('a', 'Z', '0', '.', '_', '+', '-', '='), { minLength: 1, maxLength: 70 });

describe('a plain address', () => {
  it('is its own wire form and its own key, and in order for the wire', () => {
    let plain = 0;
    const wordsOf = (parts: readonly string[]) => parts.join('');
    const each = fc.oneof(
      plainish.map(wordsOf),
      fc.tuple(local, domainish).map(([left, right]) => `${left.join('')}@${right.join('')}`),
      fc.tuple(domainish, domainish).map(([left, right]) => `a.${left.join('')}@${right.join('')}.example`),
    );
    fc.assert(
      fc.property(each, (input) => {
        if (!isPlainAddress(input)) return;
        plain += 1;
        const mailbox = parseMailbox(input);
        expect(mailbox).toMatchObject({ address: input, isAscii: true });
        expect(recipientKey(mailbox)).toBe(input);
        expect(Command.rcpt(input).line).toBe(`RCPT TO:<${input}>`);
      }),
      { numRuns: 20_000 },
    );
    expect(plain).toBeGreaterThan(100);
  });

  it.each([
    'ana@example.com',
    'Ana.Maria+news@mail-1.example.co',
    'a_b-c@9.example.org',
    `${'a'.repeat(52)}@example.com`,
  ])('%s is one', (address) => expect(isPlainAddress(address)).toBe(true));

  it.each([
    'ana@EXAMPLE.com',
    'ana@example',
    'ana@xn--bcher-kva.example',
    'ana@example.c0m',
    'ana@-example.com',
    'ana@example-.com',
    'ana@example..com',
    'ana..maria@example.com',
    '.ana@example.com',
    'ana.@example.com',
    '"ana"@example.com',
    'ana@example.com\n',
    '=?q?=@example.com',
    `${'a'.repeat(53)}@example.com`,
  ])('%j is none, whether it is an address or not', (text) => expect(isPlainAddress(text)).toBe(false));
});
