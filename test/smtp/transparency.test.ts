/** Octets are characters U+0000 to U+00FF here; the reference below is written line by line, not as the room does it. */
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { END_OF_MAIL_DATA, MailDataError, transparent } from '#smtp';
import { segmentsOf } from './segments.ts';

/** What goes over the wire for these pieces, with the indicator; the field at fault where they are refused. */
function wire(...pieces: readonly string[]): string {
  try {
    const data = transparent({ pieces: pieces.map((piece) => Buffer.from(piece, 'latin1')) });
    const octets = Buffer.concat([...data.pieces, END_OF_MAIL_DATA]).toString('latin1');
    expect(data.octets + END_OF_MAIL_DATA.length).toBe(octets.length);
    expect(data.size).toBe(pieces.join('').length);
    expect(Buffer.concat([...data.content]).toString('latin1')).toBe(pieces.join(''));
    return octets;
  } catch (error) {
    if (error instanceof MailDataError) return `refused: ${error.field}`;
    throw error;
  }
}

/** RFC 5321 §4.5.2, from the server's side: what a mail was before transparency; `null` where it is not one whole mail. */
function received(octets: string): string | null {
  const lines = octets.split('\r\n');
  if (lines.pop() !== '' || lines.pop() !== '.') return null;
  if (lines.some((line) => line === '.' || /[\r\n\0]/.test(line))) return null;
  return lines.map((line) => `${line.startsWith('.') ? line.slice(1) : line}\r\n`).join('');
}

function isInOrder(mail: string): boolean {
  return mail.endsWith('\r\n') && !/\0|\r(?!\n)|(?<!\r)\n/.test(mail);
}

const ALPHABET = ['.', '\r', '\n', 'a', '\0'];
const SMUGGLED = 'MAIL FROM:<evil@z.test>\r\nRCPT TO:<victim@y.test>\r\nDATA\r\n';

describe('transparent', () => {
  it.each([
    ['a\r\n', 'a\r\n.\r\n'],
    ['\r\n', '\r\n.\r\n'],
    ['.\r\n', '..\r\n.\r\n'],
    ['..\r\n', '...\r\n.\r\n'],
    ['a.\r\n', 'a.\r\n.\r\n'],
    ['.a\r\n\r\n.b\r\n', '..a\r\n\r\n..b\r\n.\r\n'],
    ['\r\n.\r\n.\r\n', '\r\n..\r\n..\r\n.\r\n'],
    ['', 'refused: last line'],
    ['a', 'refused: last line'],
    ['a\r\nb', 'refused: last line'],
    ['a\r', 'refused: last line'],
    ['a\n', 'refused: line end'],
    ['a\rb\r\n', 'refused: line end'],
    ['a\r\r\n', 'refused: line end'],
    ['\n\r\n', 'refused: line end'],
    ['a\0\r\n', 'refused: NUL'],
  ])('makes of %j %j, wherever it is cut', (mail, octets) => {
    expect(wire(mail)).toBe(octets);
    expect(wire(...mail)).toBe(octets);
    for (let at = 0; at <= mail.length; at += 1) expect(wire(mail.slice(0, at), mail.slice(at))).toBe(octets);
  });

  const sequences = [
    '\n.\n',
    '\n.\r',
    '\r.\n',
    '\r.\r',
    '\n.\r\n',
    '\r.\r\n',
    '\r\n.\r\r\n',
    '\r\r\n.\r\r\n',
    '\r\n\0.\r\n',
  ];
  it.each(sequences)('lets no mail be smuggled by %j, wherever it is cut', (sequence) => {
    const mail = `Subject: x\r\n\r\na${sequence}${SMUGGLED}`;
    for (let at = 0; at <= mail.length; at += 1) expect(wire(mail.slice(0, at), mail.slice(at))).toMatch(/^refused/);
    expect(wire(...mail)).toMatch(/^refused/);
  });

  it('stuffs the end-of-mail-data indicator of a mail within a mail', () => {
    const mail = `a\r\n.\r\n${SMUGGLED}`;
    expect(wire(mail).indexOf('\r\n.\r\n')).toBe(wire(mail).length - 5);
    expect(received(wire(mail))).toBe(mail);
  });

  it.each(ALPHABET)(
    'gives back every mail over . CR LF a NUL of up to eight octets that is in order, and refuses all others, at every cut: those that begin with %j',
    (first) => {
      // Hundreds of thousands of refusals: where in the code each was made is not worth knowing.
      const { stackTraceLimit } = Error;
      Error.stackTraceLimit = 0;
      onTestFinished(() => {
        Error.stackTraceLimit = stackTraceLimit;
      });
      const octets = Buffer.alloc(16);
      let accepted = 0;
      for (const [number, rest] of textsOver(ALPHABET, 7)) {
        const mail = first + rest;
        const wanted = stuffedOrNull(mail);
        if (wanted !== null) accepted += 1;
        // At each octet of a word in turn, for octets are looked at four by four.
        const from = number % 4;
        octets.write(mail, from, 'latin1');
        for (let cut = 1; cut <= mail.length; cut += 1) {
          const pieces = [octets.subarray(from, from + cut), octets.subarray(from + cut, from + mail.length)];
          const found = octetsOrNull(pieces);
          if (found === wanted) continue;
          expect.unreachable(`${JSON.stringify(mail)} cut at ${cut} became ${JSON.stringify(found)}`);
        }
      }
      // Counted apart, from the lengths that the lines of such a mail can have.
      expect(accepted).toBe({ '.': 119, a: 119, '\r': 50 }[first] ?? 0);
    },
  );

  it('gives back any lines, cut anyhow', () => {
    const line = fc.string({ unit: fc.constantFrom('.', 'a', ' ', '\xe9', '..'), maxLength: 20 });
    const property = fc.property(fc.array(line, { minLength: 1 }), fc.array(fc.nat(30)), (lines, lengths) => {
      const mail = lines.map((text) => `${text}\r\n`).join('');
      expect(received(wire(...segmentsOf(mail, lengths)))).toBe(mail);
    });
    fc.assert(property, { numRuns: 1000 });
  });

  it.each([
    [998, true],
    [999, false],
  ])('takes lines of %i octets: %s, wherever they are cut', (octets, isTaken) => {
    const line = 'x'.repeat(octets);
    for (const mail of [`${line}\r\n`, `a\r\n${line}\r\nb\r\n`, `.${line.slice(1)}\r\n`]) {
      for (const at of [1, 3, 4, 500, octets, octets + 1, octets + 2, octets + 3, octets + 4]) {
        expect(wire(mail.slice(0, at), mail.slice(at)).startsWith('refused: line length')).toBe(!isTaken);
      }
    }
  });

  it('refuses a line without end before its end has come', () => {
    expect(wire('x'.repeat(600), 'x'.repeat(600))).toBe('refused: line length');
  });

  it('says where the fault is', () => {
    const pieces = ['abc\r\n', 'de\nf\r\n'].map((piece) => Buffer.from(piece));
    expect(() => transparent({ pieces })).toThrow('Cannot send mail data: an LF stands without CR (octet 7)');
  });

  it('tells whether all is 7-bit', () => {
    expect(transparent({ pieces: [Buffer.from('a\r\n')] }).sevenBit).toBe(true);
    expect(transparent({ pieces: [Buffer.from('a\r\n'), Buffer.from('\xe9\r\n', 'latin1')] }).sevenBit).toBe(false);
  });

  it('shares large pieces instead of copying them, also those with dots', () => {
    const plain = Buffer.from('0123456789\r\n'.repeat(1000));
    const dotted = Buffer.from('.123456789\r\n'.repeat(1000));
    const first = transparent({ pieces: [plain, dotted] });
    const second = transparent({ pieces: [Buffer.from('a\r\n'), plain, dotted] });
    expect(first.pieces[0]).toBe(plain);
    expect(second.pieces).toContain(plain);
    expect(second.pieces.at(-1)).toBe(first.pieces.at(-1));
    expect(received(Buffer.concat([...first.pieces, END_OF_MAIL_DATA]).toString('latin1'))).toBe(`${plain}${dotted}`);
  });

  it('remembers a large piece apart from where it stands', () => {
    const large = Buffer.from(`.${'a'.repeat(97)}\r\n`.repeat(100));
    const beginning = (head: string): string => {
      const data = transparent({ pieces: [Buffer.from(head), large] });
      return Buffer.concat([...data.pieces])
        .toString('latin1')
        .slice(0, head.length + 3);
    };
    expect(beginning('b\r\n')).toBe('b\r\n..a');
    expect(beginning('b')).toBe('b.aa');
    expect(() => transparent({ pieces: [Buffer.from('x'.repeat(990)), large] })).toThrow(MailDataError);
    expect(() => transparent({ pieces: [Buffer.from('b\r'), large] })).toThrow(MailDataError);
  });
});

/** The reference: line by line, with no thought of pieces. @returns `null` where the mail is to be refused */
function stuffedOrNull(mail: string): string | null {
  if (!isInOrder(mail)) return null;
  return mail
    .slice(0, -2)
    .split('\r\n')
    .map((line) => `${line.startsWith('.') ? '.' : ''}${line}\r\n`)
    .join('');
}

function octetsOrNull(pieces: readonly Uint8Array[]): string | null {
  try {
    const data = transparent({ pieces });
    let octets = '';
    for (const piece of data.pieces)
      octets += Buffer.from(piece.buffer, piece.byteOffset, piece.length).toString('latin1');
    return octets.length === data.octets ? octets : 'another count';
  } catch (error) {
    if (error instanceof MailDataError) return null;
    throw error;
  }
}

/** Numbered from 0. */
function* textsOver(alphabet: readonly string[], maxLength: number): Generator<[number: number, text: string]> {
  let number = 0;
  let texts = [''];
  for (let length = 0; length <= maxLength; length += 1) {
    for (const text of texts) {
      yield [number, text];
      number += 1;
    }
    texts = length === maxLength ? [] : texts.flatMap((text) => alphabet.map((octet) => text + octet));
  }
}
