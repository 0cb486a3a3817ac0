import { describe, expect, it } from 'vitest';
import { composeMessage, HeaderError, type Message, parseListId } from '#mime';
import { composed, fieldNames, fieldOf, PLAIN } from './fixtures.ts';

const list = { name: 'News', id: 'news.example.com' };
const help = 'https://example.com/help';
const page = 'https://example.com/unsubscribe';

function refusal(change: Partial<Message>): HeaderError {
  try {
    composeMessage({ ...PLAIN, ...change });
  } catch (error) {
    if (error instanceof HeaderError) return error;
    throw error;
  }
  throw new Error('not refused');
}

describe('parseListId', () => {
  it.each([
    ['News <news.example.com>', 'News', 'news.example.com'],
    ['<news.example.com>', null, 'news.example.com'],
    ['"News, old and new" <news.example.com>', 'News, old and new', 'news.example.com'],
    ['Café Corazón <a.b>', 'Café Corazón', 'a.b'],
    ['News <0Jks9449.list-id.cmu.edu>', 'News', '0Jks9449.list-id.cmu.edu'],
    [`<${'a'.repeat(253)}.b>`, null, `${'a'.repeat(253)}.b`],
  ])('%s', (text, name, id) => {
    expect(parseListId(text)).toEqual({ name, id });
  });

  it.each([
    ['', 'News', 'news.example.com', 'News <news.example.com', '<news>', '<.news.com>', '<news..com>', '<a b.c>'],
    ['<ñ.com>', '<a.b>, <c.d>', '<a.b> News', `<${'a'.repeat(254)}.b>`, 'a@b <a.b>', '"News <a.b>', 'a\r\nX: y <a.b>'],
  ])('refuses %j, and others', (...texts) => {
    for (const text of texts) {
      expect(() => parseListId(text), text).toThrow(expect.objectContaining({ code: 'ERR_HEADER', field: 'List-Id' }));
    }
  });
});

describe('mail of a list', () => {
  it('says the list, and how its reader leaves it with one click', () => {
    const message = composed({ list: { ...list, help }, unsubscribe: `${page}?token=v1.a.b.c` });
    expect(fieldNames(message)).toEqual([
      ...['Date', 'From', 'To', 'Subject', 'Message-ID', 'List-Unsubscribe', 'List-Unsubscribe-Post', 'List-Id'],
      ...['List-Help', 'MIME-Version', 'Content-Type', 'Content-Transfer-Encoding'],
    ]);
    expect(fieldOf(message, 'List-Id')).toBe('List-Id: News <news.example.com>');
    expect(fieldOf(message, 'List-Help')).toBe(`List-Help: <${help}>`);
    expect(fieldOf(message, 'List-Unsubscribe')).toBe(`List-Unsubscribe: <${page}?token=v1.a.b.c>`);
    // RFC 8058 §3.1: this value and no other.
    expect(fieldOf(message, 'List-Unsubscribe-Post')).toBe('List-Unsubscribe-Post: List-Unsubscribe=One-Click');
  });

  it('promises no one-click where all have one link', () => {
    const message = composed({ list: { ...list, unsubscribe: page } });
    expect(fieldOf(message, 'List-Unsubscribe')).toBe(`List-Unsubscribe: <${page}>`);
    expect(fieldOf(message, 'List-Unsubscribe-Post')).toBeNull();
  });

  it('has a name beyond ASCII in encoded-words, a special one in quotes, and no empty one', () => {
    const idOf = (name: string | null) => fieldOf(composed({ list: { ...list, name } }), 'List-Id');
    expect(idOf('Café')).toBe('List-Id: =?utf-8?B?Q2Fmw6k=?= <news.example.com>');
    expect(idOf('News, old')).toBe('List-Id: "News, old" <news.example.com>');
    expect(idOf(null)).toBe('List-Id: <news.example.com>');
    expect(idOf('')).toBe('List-Id: <news.example.com>');
  });

  it.each<[string, Partial<Message>]>([
    ['List-Id', { list: { ...list, id: 'news' } }],
    ['List-Id', { list: { ...list, id: 'a.b>\r\nBcc: <e@z' } }],
    ['List-Id', { list: { ...list, name: 'a\r\nBcc: e@z' } }],
    ['List-Help', { list: { ...list, help: 'care@example.com' } }],
    ['List-Help', { list: { ...list, help: 'mailto:a@b.c>, <https://evil.example' } }],
    ['List-Unsubscribe', { list: { ...list, unsubscribe: 'http://example.com/' } }],
    ['List-Unsubscribe', { unsubscribe: 'mailto:leave@example.com' }],
    ['List-Unsubscribe', { unsubscribe: 'https://example.com/a\r\nBcc: e@z' }],
    ['List-Unsubscribe', { unsubscribe: 'https://example.com/a>,<https://evil.example' }],
    ['List-Unsubscribe', { unsubscribe: 'https://example.com/ñ' }],
    ['List-Unsubscribe', { unsubscribe: `https://example.com/${'a'.repeat(1000)}` }],
    ['List-Unsubscribe', { unsubscribe: page, list: { ...list, unsubscribe: page } }],
    ['List-Unsubscribe', { unsubscribe: page, headers: [['list-unsubscribe', '<mailto:a@b.c>']] }],
    ['List-Unsubscribe', { unsubscribe: page, headers: [['List-Unsubscribe-Post', 'x']] }],
    ['list-id', { list, headers: [['list-id', '<a.b>']] }],
    ['List-Help', { list: { ...list, help }, headers: [['List-Help', '<https://a.b>']] }],
  ])('is refused for %s: %j', (field, change) => {
    expect(refusal(change).field).toBe(field);
  });
});
