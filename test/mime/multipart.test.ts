import { describe, expect, it } from 'vitest';
import { parseNamedMailbox } from '#address';
import { BodyError, composeMessage, encodeAttachment, type Message } from '#mime';
import { composed, PLAIN } from './fixtures.ts';

const content = Buffer.alloc(3000, 'content');
const image = (contentId: string) =>
  encodeAttachment({ name: `${contentId}.png`, type: 'image/png', content, disposition: 'inline', contentId });
const file = encodeAttachment({ name: 'a.pdf', type: 'application/pdf', content, disposition: 'attachment' });

/** The media types of a message's entities, each followed by those inside it. */
function outline(message: string): string[] {
  const types: string[] = [];
  let depth = 0;
  for (const line of message.split('\r\n')) {
    const [, type] = /^Content-Type: ([^;]+)/.exec(line) ?? [];
    if (type !== undefined) types.push(`${'  '.repeat(depth)}${type}`);
    if (type?.startsWith('multipart/')) depth++;
    if (/^--.*--$/.test(line)) depth--;
  }
  return types;
}

/** An event of nothing but what is wanted. */
const EVENT = `BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Example//EN
METHOD:REQUEST
BEGIN:VEVENT
UID:1@example.com
DTSTAMP:20261201T090000Z
DTSTART:20261224T190000Z
SUMMARY:Dinner
END:VEVENT
END:VCALENDAR
`;

const both = { text: 'Text\n', html: '<p>HTML</p>\n' };
const { text: _, ...bare } = PLAIN;

describe('a body', () => {
  it.each<[string, Partial<Message>, string[]]>([
    ['text', { text: 'Text\n' }, ['text/plain']],
    ['HTML', { html: '<p>\n' }, ['text/html']],
    ['both, the plain one first', both, ['multipart/alternative', '  text/plain', '  text/html']],
    [
      'text, AMP, HTML and an event, in the order in which readers know them',
      { ...both, amp: '<html ⚡4email></html>', calendar: EVENT },
      ['multipart/alternative', '  text/plain', '  text/x-amp-html', '  text/html', '  text/calendar'],
    ],
    ['text and an event', { text: 'T', calendar: EVENT }, ['multipart/alternative', '  text/plain', '  text/calendar']],
    [
      'HTML and an image',
      { html: '<p>\n', inline: [image('logo')] },
      ['multipart/related', '  text/html', '  image/png'],
    ],
    ['text and a file', { text: 'T', attachments: [file] }, ['multipart/mixed', '  text/plain', '  application/pdf']],
    [
      'both, two images and two files',
      { ...both, inline: [image('a'), image('b')], attachments: [file, file] },
      [
        'multipart/mixed',
        '  multipart/related',
        '    multipart/alternative',
        '      text/plain',
        '      text/html',
        '    image/png',
        '    image/png',
        '  application/pdf',
        '  application/pdf',
      ],
    ],
  ])('of %s', (_name, change, types) => {
    const message = Buffer.concat(composeMessage({ ...bare, ...change }).pieces).toString('latin1');
    expect(outline(message)).toEqual(types);
    expect(message).toMatch(/\r\n$/);
  });

  it.each<[string, Partial<Message>, RegExp]>([
    ['html', { html: '<p>' }, /multipart\/related; type="text\/html";\r\n boundary=/],
    ['alternative', both, /multipart\/related; type="multipart\/alternative";\r\n boundary=/],
  ])('names the type of its root in related: %s', (_name, change, expected) => {
    const message = Buffer.concat(composeMessage({ ...bare, ...change, inline: [image('logo')] }).pieces).toString(
      'latin1',
    );
    expect(message).toMatch(expected);
  });

  it.each<[string, Partial<Message>, string]>([
    ['without text and HTML', {}, 'body'],
    ['of files alone', { attachments: [file] }, 'body'],
    ['of AMP without HTML', { text: 'T', amp: '<html>' }, 'amp'],
    ['of AMP alone', { amp: '<html>' }, 'body'],
    ['of an event alone', { calendar: EVENT }, 'body'],
    ['of images without HTML', { text: 'T', inline: [image('logo')] }, 'inline'],
    ['with two images of one content id', { html: '<p>', inline: [image('logo'), image('logo')] }, 'inline'],
    ['with an image of no content id', { html: '<p>', inline: [file] }, 'inline'],
  ])('%s is refused', (_name, change, field) => {
    const refuse = () => composeMessage({ ...bare, ...change });
    expect(refuse).toThrow(BodyError);
    expect(refuse).toThrow(expect.objectContaining({ field }));
  });
});

describe('composeMessage', () => {
  it('does what its example says', () => {
    const from = parseNamedMailbox('Cartero News <news@example.com>');
    const to = parseNamedMailbox('person@example.org');
    const data = composeMessage({ date: 0, messageId: '1@example.com', from, to, subject: '¡Hola!', text: 'Hola\n' });
    expect(Buffer.concat(data.pieces).toString()).toMatch(/^Date: Thu, 01 Jan 1970 00:00:00 \+0000\r\nFrom: /);
    expect(data).toMatchObject({ sevenBit: true, hasDotLine: false });
  });

  it('encodes parts, never what holds them, and is a MIME message once', () => {
    const message = composed({ ...both, text: 'é\n', inline: [image('logo')], attachments: [file] });
    const heads = [...message.matchAll(/(?:^|\r\n)(Content-Type: [^;]+)(?:[^\r]|\r\n(?!\r\n))*/g)];
    const encodings = heads.map(([head, type]) => [
      type?.slice('Content-Type: '.length),
      /Content-Transfer-Encoding: (.*)/.exec(head)?.[1],
    ]);
    expect(encodings).toEqual([
      ['multipart/mixed', undefined],
      ['multipart/related', undefined],
      ['multipart/alternative', undefined],
      ['text/plain', 'quoted-printable'],
      ['text/html', '7bit'],
      ['image/png', 'base64'],
      ['application/pdf', 'base64'],
    ]);
    expect(message.match(/^MIME-Version: 1\.0\r$/gm)).toHaveLength(1);
  });

  it('gives the same octets for the same message', () => {
    expect(composed({ ...both, attachments: [file] })).toBe(composed({ ...both, attachments: [file] }));
  });

  it('gives other boundaries for another message id, or another seed', () => {
    const boundaryOf = (change: Partial<Message>) => /boundary="([^"]+)"/.exec(composed({ ...both, ...change }))?.[1];
    expect(boundaryOf({})).not.toBe(boundaryOf({ messageId: '2@example.com' }));
    expect(boundaryOf({ messageId: '2@example.com', boundarySeed: 'x' })).toBe(boundaryOf({ boundarySeed: 'x' }));
  });

  it('gives attachments as the pieces that all mails share', () => {
    const logo = image('logo');
    const { pieces, octets } = composeMessage({ ...PLAIN, ...both, inline: [logo], attachments: [file] });
    expect(pieces).toHaveLength(5);
    expect(pieces[1]).toBe(logo.piece);
    expect(pieces[3]).toBe(file.piece);
    expect(octets).toBe(Buffer.concat(pieces).length);
  });

  it('leaves earlier mails as they are', () => {
    const first = composeMessage({ ...PLAIN, text: 'é\n' });
    const before = Buffer.concat(first.pieces).toString('latin1');
    for (let count = 0; count < 2_000; count++) composed({ text: `ñ ${count}\n` });
    expect(Buffer.concat(first.pieces).toString('latin1')).toBe(before);
  });

  it('writes texts of megabytes', () => {
    const text = `${'línea '.repeat(100)}\n`.repeat(2_000);
    const { pieces, octets } = composeMessage({ ...PLAIN, text });
    expect(Buffer.concat(pieces)).toHaveLength(octets);
    expect(octets).toBeGreaterThan(1_000_000);
  });
});

describe('a boundary', () => {
  it('cannot occur in a text, even one that was made to hold it', () => {
    const boundary = /boundary="([^"]+)"/.exec(composed(both))?.[1] ?? '';
    const text = `--${boundary}\n--${boundary}--\nx`;
    for (const change of [{ text }, { text: `${text}é` }, { text: `${text}${'日本'.repeat(100)}` }]) {
      const message = composed({ ...both, ...change });
      expect(message.split(`--${boundary}`)).toHaveLength(4);
    }
  });

  it('is no beginning of another', () => {
    const message = composed({ ...both, inline: [image('logo')], attachments: [file] });
    const found = [...message.matchAll(/boundary="([^"]+)"/g)].map(([, boundary = '']) => boundary);
    expect(found).toHaveLength(3);
    for (const one of found) {
      expect(one).toMatch(/^=_[A-Za-z0-9_-]{1,68}$/);
      for (const other of found) expect(one !== other && one.startsWith(other)).toBe(false);
    }
  });
});
