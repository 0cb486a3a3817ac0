import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AddressError, parseMailbox, parseNamedMailbox, recipientKey } from '#address';

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
          expect(parseMailbox(recipientKey(mailbox)).isAscii).toBe(mailbox.isAscii);
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
