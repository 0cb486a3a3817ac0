import PostalMime from 'postal-mime';
import { describe, expect, it } from 'vitest';
import { composeMessage, encodeAttachment, encodeContent, HeaderError, mediaTypeOf } from '#mime';
import { composed, PLAIN } from './fixtures.ts';

const content = Buffer.from('content');

function encode(change: Partial<Parameters<typeof encodeAttachment>[0]>) {
  return encodeAttachment({ name: 'a.pdf', type: 'application/pdf', content, disposition: 'attachment', ...change });
}

/** The body part as it is, head and base64. */
const partOf = (change: Partial<Parameters<typeof encodeAttachment>[0]>) =>
  Buffer.from(encode(change).piece).toString('latin1');

async function nameReadBack(name: string): Promise<string | null | undefined> {
  const data = composeMessage({ ...PLAIN, attachments: [encode({ name })] });
  const email = await PostalMime.parse(Buffer.concat(data.pieces));
  return email.attachments[0]?.filename;
}

describe('encodeAttachment', () => {
  it('writes head, empty line and base64', () => {
    expect(partOf({})).toBe(
      'Content-Type: application/pdf; name="a.pdf"\r\n' +
        'Content-Transfer-Encoding: base64\r\n' +
        'Content-Disposition: attachment; filename="a.pdf"\r\n' +
        '\r\n' +
        'Y29udGVudA==',
    );
  });

  it('writes what a quoted-string cannot say by RFC 2231, and an ASCII name for old readers', () => {
    expect(
      partOf({ name: 'otoño "x".gif', type: 'image/gif', disposition: 'inline', contentId: 'logo@example.com' }),
    ).toBe(
      'Content-Type: image/gif; name="oto_o _x_.gif"\r\n' +
        'Content-Transfer-Encoding: base64\r\n' +
        "Content-Disposition: inline; filename*=utf-8''oto%C3%B1o%20%22x%22.gif\r\n" +
        'Content-ID: <logo@example.com>\r\n' +
        '\r\n' +
        'Y29udGVudA==',
    );
  });

  it('divides a long name into sections that fit their lines, and keeps its extension in the short one', () => {
    expect(
      partOf({ name: `${'ñ'.repeat(20)}${'x'.repeat(60)}.pdf` })
        .split('\r\n\r\n')[0]
        ?.split('\r\n'),
    ).toEqual([
      'Content-Type: application/pdf;',
      ` name="${'_'.repeat(20)}${'x'.repeat(36)}.pdf"`,
      'Content-Transfer-Encoding: base64',
      'Content-Disposition: attachment;',
      ` filename*0*=utf-8''${'%C3%B1'.repeat(8)};`,
      ` filename*1*=${'%C3%B1'.repeat(9)};`,
      ` filename*2*=${'%C3%B1'.repeat(3)}${'x'.repeat(38)};`,
      ` filename*3*=${'x'.repeat(22)}.pdf`,
    ]);
  });

  it.each([
    ['text/csv', 'a,b\n', 'text/csv; name="a.pdf"'],
    ['text/csv', 'año,b\n', 'text/csv; charset="utf-8"; name="a.pdf"'],
    ['TEXT/plain', 'año\n', 'TEXT/plain; charset="utf-8"; name="a.pdf"'],
    ['text/csv', Buffer.from('año\n', 'latin1'), 'text/csv; name="a.pdf"'],
    ['application/json', '"año"', 'application/json; name="a.pdf"'],
  ])('of type %s and content %j says its charset where that is known', (type, text, written) => {
    const content = Buffer.from(text);
    const part = partOf({ type, content });
    expect(part.split('\r\n')[0]).toBe(`Content-Type: ${written}`);
    expect(Buffer.from(part.split('\r\n\r\n')[1] ?? '', 'base64')).toEqual(content);
  });

  it('of nothing has an empty body', () => {
    expect(partOf({ content: new Uint8Array(0) })).toMatch(/\r\n\r\n$/);
  });

  it.each([1, 2, 3, 56, 57, 58, 113, 114, 115, 1000, 70_001])('writes %d octets in lines of 76', (octets) => {
    const random = Uint8Array.from({ length: octets }, (_, index) => (index * 31 + (index >> 3)) & 255);
    const part = encode({ content: random });
    const body = partOf({ content: random }).split('\r\n\r\n')[1] ?? '';
    const lines = body.split('\r\n');
    expect(lines.every((line, index) => line.length === 76 || index === lines.length - 1)).toBe(true);
    expect(lines.join('')).toBe(Buffer.from(random).toString('base64'));
    expect(part.octets).toBe(part.piece.length);
  });

  it('keeps nothing of the content it was given', () => {
    const given = Buffer.from('content');
    const part = encode({ content: given });
    given.fill(0);
    expect(Buffer.from(part.piece).toString('latin1')).toBe(partOf({}));
  });
});

describe('encodeContent', () => {
  it.each([
    ['application/pdf', 'content'],
    ['text/csv', 'año,b\n'],
    ['text/csv', Buffer.from('año\n', 'latin1')],
    ['text/plain', ''],
    ['a/b', Buffer.alloc(70_001, 'x')],
  ])('gives mails of type %s the octets that they have with a file of their own', (type, given) => {
    const octets = Buffer.from(given);
    const messageOf = (file: Uint8Array | ReturnType<typeof encodeContent>) =>
      composeMessage({ ...PLAIN, attachments: [encode({ type, name: 'año.pdf', content: file }), encode({})] });
    const shared = messageOf(encodeContent(octets));
    const own = messageOf(octets);
    expect(Buffer.concat(shared.pieces)).toEqual(Buffer.concat(own.pieces));
    expect(shared.octets).toBe(own.octets);
  });

  it('is one piece of all mails that carry it, under whatever name', () => {
    const encoded = encodeContent(Buffer.alloc(1000, 'x'));
    for (const name of ['Invoice 1.pdf', 'Rechnung 2 – März.pdf']) {
      const { pieces } = composeMessage({ ...PLAIN, attachments: [encode({ name, content: encoded })] });
      expect(pieces).toContain(encoded.base64);
    }
  });
});

describe('a file name is read back as it was', () => {
  it.each([
    'a.pdf',
    'with spaces in it.pdf',
    ' at both ends ',
    'two  spaces',
    'a"b.pdf',
    'a";x="',
    'a; filename=b.exe',
    'a\\',
    'a\\"b',
    "it's 100% (really).pdf",
    "utf-8''x",
    '%41.pdf',
    'año.pdf',
    'Übersicht – März.pdf',
    '請求書.pdf',
    'счёт-фактура.pdf',
    '🎂.gif',
    'مه\u200cسا.pdf',
    'CON',
    '-rf',
    `${'x'.repeat(296)}.pdf`,
    `${'é'.repeat(296)}.pdf`,
    `${'🎂'.repeat(100)}.pdf`,
  ])('%s', async (name) => {
    expect(await nameReadBack(name)).toBe(name);
  });
});

it('a file name that looks like an encoded-word is spelt so that it holds none', () => {
  // Not read back by postal-mime, which decodes even what RFC 2231 has spelt out.
  expect(partOf({ name: '=?utf-8?q?x?=' })).toContain("filename*=utf-8''%3D%3Futf-8%3Fq%3Fx%3F%3D\r\n");
  expect(partOf({ name: '=?utf-8?q?x?=' })).toContain('name="__utf-8_q_x__"\r\n');
});

describe('refused with the field named', () => {
  it.each([
    'a"\r\nX: 1',
    'a\nb',
    'a\0.pdf',
    'a\tb',
    'a\u0085b',
    'a\u2028b',
    '\u202egpj.exe',
    'a\u200bb',
    'a\u2066b',
    'a\ud800',
    '../../x',
    '/etc/passwd',
    'a/b',
    '',
    '.',
    '..',
  ])('the file name %j', (name) => {
    const refuse = () => encode({ name });
    expect(refuse).toThrow(HeaderError);
    expect(refuse).toThrow(expect.objectContaining({ field: 'Content-Disposition' }));
    expect(refuse).not.toThrow(/[\p{C}\u2028]/u);
  });

  it.each([
    ...['', 'pdf', 'application/', '/pdf', 'a/b/c', 'text/plain; charset=utf-8', 'a/b\r\nX: y', 'a b/c', 'ä/b'],
    ...['multipart/mixed', 'message/rfc822', 'MESSAGE/partial', `a/${'b'.repeat(128)}`],
  ])('the type %j', (type) => {
    expect(() => encode({ type })).toThrow(expect.objectContaining({ code: 'ERR_HEADER', field: 'Content-Type' }));
  });

  it.each(['', '<logo>', 'a b', 'a@b@c', 'a\r\nX: y', 'ñ', 'x'.repeat(251)])('the content id %j', (contentId) => {
    expect(() => encode({ contentId })).toThrow(expect.objectContaining({ code: 'ERR_HEADER', field: 'Content-ID' }));
  });
});

describe('a hostile file name', () => {
  it('adds no field and no parameter', () => {
    const plain = composed({ attachments: [encode({ name: 'a' })] });
    const hostile = composed({ attachments: [encode({ name: 'a"; x="\\' })] });
    const shape = (message: string) => message.replace(/name(\*)?=[^\r\n]*/g, 'name');
    expect(shape(hostile)).toBe(shape(plain));
  });
});

describe('mediaTypeOf', () => {
  it.each([
    ['brochure.pdf', 'application/pdf'],
    ['LOGO.PNG', 'image/png'],
    ['archive.tar.gz', 'application/gzip'],
    ['page.html', 'text/html'],
    ['constructor', 'application/octet-stream'],
    ['a.constructor', 'application/octet-stream'],
    ['pdf', 'application/octet-stream'],
    ['mail.eml', 'application/octet-stream'],
    ['', 'application/octet-stream'],
  ])('%s is %s', (name, type) => {
    expect(mediaTypeOf(name)).toBe(type);
  });
});
