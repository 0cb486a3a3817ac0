import { describe, expect, it } from 'vitest';
import { parseNamedMailbox } from '#address';
import { composed, fieldOf } from './fixtures.ts';

/** What a reader makes of a folded field of encoded-words, by RFC 2047 §6.2. */
function decoded(field: string | null): string {
  const value = (field ?? '').replace(/\r\n(?=[ \t])/g, '').replace(/^[^:]+: /, '');
  return value.replace(/\?=\s+=\?/g, '?==?').replace(/(?:=\?utf-8\?[QB]\?[^?]*\?=)+/g, (words) =>
    Buffer.concat(
      [...words.matchAll(/=\?utf-8\?([QB])\?([^?]*)\?=/g)].map(([, encoding, text = '']) =>
        encoding === 'B'
          ? Buffer.from(text, 'base64')
          : Buffer.from(
              text
                .replace(/_/g, ' ')
                .replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))),
              'latin1',
            ),
      ),
    ).toString(),
  );
}

const linesOf = (field: string | null) => (field ?? '').split('\r\n');

describe('a subject', () => {
  it.each([
    ['of 69 octets', 's'.repeat(69)],
    ['of 70 octets without a space', 's'.repeat(70)],
    ['of words', 'word '.repeat(40).trim()],
    ['of 5 kB', 'lorem ipsum dolor sit amet '.repeat(190).trim()],
    ['of one word of 900 octets', 'w'.repeat(900)],
    ['of one word of 2,000 octets', 'w'.repeat(2000)],
    ['with spaces at both ends', ' two '],
    ['with spaces in a row', 'a    b'],
    ['of nothing', ''],
    ['of a space', ' '],
    ['that looks like an encoded-word', '=?utf-8?q?x?='],
    ['that looks like half an encoded-word', 'a =?utf-8?q? b'],
    ['in Spanish', '¡Feliz cumpleaños, José!'],
    ['in Russian', 'С днём рождения, дорогой друг! '.repeat(10)],
    ['in Japanese', 'お誕生日おめでとうございます。'.repeat(20)],
    ['in Arabic', 'عيد ميلاد سعيد '.repeat(20)],
    ['in emoji', '🎉🎂'.repeat(60)],
    ['of one letter and emoji', `a${'🎉'.repeat(60)}`],
    ['of five kB beyond ASCII', 'ñandú '.repeat(800)],
  ])('%s is read back from short lines', (_, subject) => {
    const field = fieldOf(composed({ subject }), 'Subject');
    expect(decoded(field)).toBe(subject);
    for (const line of linesOf(field)) {
      expect(line.length).toBeLessThanOrEqual(line.includes('=?') ? 76 : 78);
      expect(line).toMatch(/[^ \t]/);
    }
  });

  it('is divided between code points only', () => {
    const field = fieldOf(composed({ subject: 'é🎉x'.repeat(50) }), 'Subject') ?? '';
    for (const [word] of field.matchAll(/=\?utf-8\?[QB]\?[^?]*\?=/g)) {
      expect(word.length).toBeLessThanOrEqual(75);
      expect(decoded(`Subject: ${word}`)).toMatch(/^(é🎉x|🎉x|x)?(é🎉x)*(é|é🎉)?$/u);
    }
  });

  it.each([
    ['Feliz cumpleaños', '=?utf-8?Q?Feliz_cumplea=C3=B1os?='],
    ['ñ', '=?utf-8?B?w7E=?='],
    ['Привет', '=?utf-8?B?0J/RgNC40LLQtdGC?='],
  ])('%s goes as Q or B, whichever is shorter', (subject, written) => {
    expect(fieldOf(composed({ subject }), 'Subject')).toBe(`Subject: ${written}`);
  });
});

describe('a name', () => {
  it.each([
    ['of 64 words', 'Ana '.repeat(64).trim()],
    ['of 200 octets in quotes', `${'Ana, '.repeat(40)}Maria`],
    ['of 300 octets without a space', 'x'.repeat(300)],
    ['in Japanese', '山田太郎'.repeat(30)],
  ])('%s is folded, the address kept whole', (_, name) => {
    const { mailbox } = parseNamedMailbox('person@example.org');
    const field = fieldOf(composed({ to: { name, mailbox } }), 'To');
    expect(decoded(field)).toBe(`${name} <person@example.org>`);
    for (const line of linesOf(field)) expect(line.length).toBeLessThanOrEqual(78);
  });

  it('before an address of 254 octets leaves it on a line of its own', () => {
    const address = `${'a'.repeat(64)}@${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}`;
    const field = fieldOf(composed({ to: parseNamedMailbox(`Mary Smith <${address}>`) }), 'To');
    expect(linesOf(field)).toEqual(['To: Mary Smith', ` <${address}>`]);
  });
});

describe('a structured field', () => {
  it('of 2,000 message ids is folded between them', () => {
    const ids = Array.from({ length: 2000 }, (_, index) => `<message.${index}@example.com>`);
    const field = fieldOf(composed({ headers: [['References', ids.join(' ')]] }), 'References');
    expect((field ?? '').replaceAll('\r\n', '')).toBe(`References: ${ids.join(' ')}`);
    for (const line of linesOf(field)) expect(line.length).toBeLessThanOrEqual(78);
  });

  it('keeps spaces in a row, and no line of spaces alone', () => {
    const value = `<a@b>${' '.repeat(200)}<${'c'.repeat(100)}@d>`;
    const field = fieldOf(composed({ headers: [['References', value]] }), 'References');
    expect((field ?? '').replaceAll('\r\n', '')).toBe(`References: ${value}`);
    for (const line of linesOf(field)) expect(line).toMatch(/[^ ]/);
  });
});

describe('words of base64', () => {
  const wordsOf = (subject: string) => linesOf(fieldOf(composed({ subject }), 'Subject')).map((one) => one.trim());

  it.each([
    ['Привет, мир! Это довольно длинная тема, которая не помещается в одно закодированное слово'],
    ['日本 x 語日本語日本語日本語日本語日本語日本語日本語日本語日本語日本語日本語'],
    [`ab${'🎉 '.repeat(60)}`],
  ])('but the last have no padding, since some readers stop at it: %s', (subject) => {
    const words = wordsOf(subject);
    expect(words.length).toBeGreaterThan(1);
    for (const one of words.slice(0, -1)) expect(one).toMatch(/\?[A-Za-z0-9+/]+\?=$/);
  });

  it('have it where no character ends with a group of three octets', () => {
    const words = wordsOf(`x${'日'.repeat(40)}`);
    expect(words.length).toBeGreaterThan(1);
    expect(words[0]).toMatch(/==\?=$/);
  });
});
