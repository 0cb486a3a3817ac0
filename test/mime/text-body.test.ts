import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BodyError, composeMessage } from '#mime';
import { composed, fieldOf, PLAIN } from './fixtures.ts';

/** Transfer encoding and body of a message that is this text alone. */
function sent(text: string): [encoding: string, body: string] {
  const message = composed({ text });
  const encoding = fieldOf(message, 'Content-Transfer-Encoding')?.split(': ')[1] ?? '';
  return [encoding, message.slice(message.indexOf('\r\n\r\n') + 4)];
}

describe('a text goes as it is', () => {
  it.each([
    ['of ASCII', 'Text\n', 'Text\r\n'],
    ['with line ends of either kind', 'a\nb\r\nc\n', 'a\r\nb\r\nc\r\n'],
    ['of nothing', '', ''],
    ['of line ends', '\n\r\n\n', '\r\n\r\n\r\n'],
    ['without a last line end, which mail data must have', 'Text', 'Text\r\n'],
    ['with dots', '.\n..\n', '.\r\n..\r\n'],
    ['with tabs', 'a\tb\n', 'a\tb\r\n'],
    ['of a line of 998 octets', `${'x'.repeat(998)}\n`, `${'x'.repeat(998)}\r\n`],
    ['with From inside a line', 'x From y\n', 'x From y\r\n'],
  ])('%s', (_, text, body) => {
    expect(sent(text)).toEqual(['7bit', body]);
  });
});

describe('a text goes in quoted-printable', () => {
  it.each([
    [
      'that is mostly ASCII',
      'Hola José, ¿qué tal va todo en la casa de campo?\n',
      'Hola Jos=C3=A9, =C2=BFqu=C3=A9 tal va todo en la casa de campo?\r\n',
    ],
    ['with a space at the end of a line', 'a \nb\t\nc ', 'a=20\r\nb=09\r\nc=20\r\n'],
    ['with From at the start of a line', 'From me\nFrom\nFromage\n', '=46rom me\r\nFrom\r\nFromage\r\n'],
    ['with what could be a boundary', 'a\n--=_1_x\n', 'a\r\n--=3D_1_x\r\n'],
    ['with control characters', 'control \u001b[1m characters\u007f\f\n', 'control =1B[1m characters=7F=0C\r\n'],
    [
      'with dots at the start of a line',
      '.\n.é\n..\nsome ordinary text\n',
      '=2E\r\n=2E=C3=A9\r\n=2E.\r\nsome ordinary text\r\n',
    ],
    ['with equals signs', 'é=3D and nothing more\n', '=C3=A9=3D3D and nothing more\r\n'],
    ['of 75 octets a line', `é${'x'.repeat(69)}\n`, `=C3=A9${'x'.repeat(69)}\r\n`],
    ['of 76 octets a line', `é${'x'.repeat(70)}\n`, `=C3=A9${'x'.repeat(69)}=\r\nx\r\n`],
    ['of a line of 999 octets', 'x'.repeat(999), `${`${'x'.repeat(75)}=\r\n`.repeat(13)}${'x'.repeat(24)}\r\n`],
    ['with an escape at the edge', `${'x'.repeat(73)}é\n`, `${'x'.repeat(73)}=\r\n=C3=A9\r\n`],
    ['with a dot behind the edge', `é${'x'.repeat(69)}.\n`, `=C3=A9${'x'.repeat(69)}=\r\n=2E\r\n`],
    ['without a last line end', 'Hola, José Luis', 'Hola, Jos=C3=A9 Luis\r\n'],
  ])('%s', (_, text, body) => {
    expect(sent(text)).toEqual(['quoted-printable', body]);
  });
});

describe('a text goes in base64 where that is shorter', () => {
  it.each([
    ['in Russian', 'Привет, мир!\n'],
    ['in Japanese', 'こんにちは、世界。'],
    ['of emoji', '🎉'.repeat(200)],
    ['of many lines', `${'日本語'.repeat(40)}\n`.repeat(50)],
  ])('%s', (_, text) => {
    const [encoding, body] = sent(text);
    expect(encoding).toBe('base64');
    expect(Buffer.from(body, 'base64').toString()).toBe(text.replaceAll('\n', '\r\n'));
    expect(body).toMatch(/^(?:[A-Za-z0-9+/]{76}\r\n)*[A-Za-z0-9+/]{1,76}={0,2}\r\n$/);
  });
});

it('a text that is encoded has short lines, and no white space at their ends', () => {
  const piece = fc.constantFrom('a', 'é', ' ', '\t', '=', '.', 'From ', '日', '\n', 'x'.repeat(70), '🎉');
  const property = fc.property(fc.array(piece, { maxLength: 80 }), (pieces) => {
    const [encoding, body] = sent(`é${pieces.join('')}`);
    expect(encoding).not.toBe('7bit');
    for (const line of body.split('\r\n')) {
      expect(line.length).toBeLessThanOrEqual(76);
      expect(line).not.toMatch(/[ \t]$/);
    }
  });
  fc.assert(property, { numRuns: 500 });
});

describe('a text is refused', () => {
  it.each([
    ['a\rb', 'found a CR without LF, lines ended by LF or CRLF are wanted'],
    ['a\r', 'found a CR without LF, lines ended by LF or CRLF are wanted'],
    ['a\r\r\nb', 'found a CR without LF, lines ended by LF or CRLF are wanted'],
    ['a\n.\r', 'found a CR without LF, lines ended by LF or CRLF are wanted'],
    ['a\0b', 'found a NUL (U+0000), text is wanted'],
    ['a\ud800b', 'found a lone surrogate, whole characters are wanted'],
    ['\udc00', 'found a lone surrogate, whole characters are wanted'],
  ])('%j: %s', (text, problem) => {
    for (const field of ['text', 'html']) {
      const refuse = () => composed({ [field]: text });
      expect(refuse).toThrow(BodyError);
      expect(refuse).toThrow(expect.objectContaining({ code: 'ERR_BODY', field, problem }));
    }
  });
});

describe('hasDotLine tells whether transparency has something to do', () => {
  it.each([
    ['.\n', true],
    ['a\n.b\n', true],
    ['a.\n', false],
    ['.é\n', false],
    ['こ.\n.に\n', false],
  ])('%j: %s', (text, hasDotLine) => {
    const data = composeMessage({ ...PLAIN, text });
    expect(data.hasDotLine).toBe(hasDotLine);
    expect(Buffer.concat(data.pieces).includes('\n.')).toBe(hasDotLine);
  });

  it('also of a field whose name begins with a dot', () => {
    expect(composeMessage({ ...PLAIN, headers: [['.X', 'y']] }).hasDotLine).toBe(true);
  });

  it('also of the second text', () => {
    expect(composeMessage({ ...PLAIN, text: 'a\n', html: '<p>\n.\n</p>' }).hasDotLine).toBe(true);
  });
});
