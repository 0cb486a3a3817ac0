/**
 * Each class of injection and encoding mistake that nodemailer's changelog has repaired, by the version of the repair: ours
 * refuses it, or writes what says the same to every reader. Those of the SMTP dialogue are in `test/smtp/threats/`.
 */
import PostalMime from 'postal-mime';
import { describe, expect, it } from 'vitest';
import { AddressError, parseMailbox, parseNamedMailbox } from '#address';
import { ComposeError, composeMessage, encodeAttachment, type Message } from '#mime';
import { composed, fieldNames, fieldOf, PLAIN } from './fixtures.ts';

const file = (change: Partial<Parameters<typeof encodeAttachment>[0]>) =>
  encodeAttachment({
    name: 'a.bin',
    type: 'application/octet-stream',
    content: Buffer.from('x'),
    disposition: 'attachment',
    ...change,
  });
const list = { name: 'News', id: 'news.example.com' };

/** The field at fault; the address's problem begins with "address". */
function refusal(attempt: () => unknown): string {
  try {
    attempt();
  } catch (error) {
    if (error instanceof ComposeError) return error.field;
    if (error instanceof AddressError) return 'address';
    throw error;
  }
  return 'not refused';
}

describe('refused', () => {
  const addresses: readonly (readonly [version: string, what: string, texts: readonly string[]])[] = [
    ['10.4.1', 'white space and comments around a dot of the domain', ['a@b .c', 'a@b. c', 'a@b(x).c', 'a@b.(x)c']],
    ['10.1.4', 'white space and comments beside the "@"', ['a @b.c', 'a@ b.c', 'a(x)@b.c', 'a@(x)b.c']],
    ['10.1.4', 'a mailbox in a comment', ['(e@z.d) a@b.c', 'a@b.c (e@z.d)', '((e@z.d)) <a@b.c>', '(a\\)) <a@b.c>']],
    ['10.1.4', 'a comment in the brackets', ['<a@b.c(x)>', '<(x)a@b.c>', 'X <a@(x)b.c>']],
    ['10.1.4', 'a route in front of the mailbox', ['<@x.y,@z.w:a@b.c>', '<@x.y:a@b.c>']],
    ['10.1.4', 'a second "<"', ['<a@b.c> <e@z.d>', 'X <<a@b.c>>', '<x<a@b.c>', 'a@b.c<e@z.d>']],
    ['10.1.4', 'a domain literal behind another "@"', ['a@[192.0.2.1]@b.c', 'a@b.c@[192.0.2.1]']],
    ['10.0.14', 'operators behind a "["', ['[a@b.c, e@z.d', '[<a@b.c>', 'X [ <a@b.c>, e@z.d']],
    ['10.4.1', 'letters that become others when they are mapped', ['a@\u212aelvin.example', 'a@ｅxample.org']],
    ['9.0.2', 'operators in a domain literal', ['a@[x,e@z.d]', 'a@[192.0.2.1;x]', 'a@[<e@z.d>]']],
    ['9.0.6', 'white space in the brackets', ['< a@b.c >', '<a@b.c >', '<a @b.c>']],
    ['8.0.2', 'an unquoted comma in a name', ['Smith, John <a@b.c>']],
    ['7.0.11', 'groups in groups', [`${'g:'.repeat(100_000)}a@b.c;`, 'g:h:a@b.c;;']],
    ['7.0.8', 'a group, an empty one too', ['g:a@b.c;', 'undisclosed-recipients:;', 'g: a@b.c, e@z.d;']],
    ['6.9.16', 'text that runs into the local part', ['x"a"@b.c', '"a"b@c.d', 'John a@b.c']],
    ['6.4.11', 'an escape that hides the closing quote', ['"a\\" <a@b.c>', '"a\\"@b.c', '"\\']],
  ];
  it.each(addresses)('%s: %s', (_version, _what, texts) => {
    for (const text of texts)
      expect(
        refusal(() => parseNamedMailbox(text)),
        text.slice(0, 40),
      ).toBe('address');
  });

  const messages: readonly (readonly [version: string, what: string, field: string, change: () => Partial<Message>])[] =
    [
      [
        '10.3.0',
        'a content id that is no message id',
        'Content-ID',
        () => ({ inline: [file({ contentId: '<logo>' })] }),
      ],
      [
        '10.2.1',
        'a comment in a media type',
        'Content-Type',
        () => ({ attachments: [file({ type: 'text/plain (x)' })] }),
      ],
      [
        '10.2.0',
        'an encoding for a message within',
        'Content-Type',
        () => ({ attachments: [file({ type: 'message/rfc822' })] }),
      ],
      ['10.0.12', 'a bare CR in a text', 'text', () => ({ text: 'a\rb' })],
      ['10.0.12', 'a bare CR in HTML, also at its end', 'html', () => ({ html: '<p>\r' })],
      ['9.0.5', 'a control character in a message id', 'Message-ID', () => ({ messageId: 'a\u0000@b.c' })],
      ['9.0.5', 'a control character in a header', 'X-A', () => ({ headers: [['X-A', 'a\u007fb']] })],
      ['9.0.5', 'a header name that is two', 'X-A\r\nBcc', () => ({ headers: [['X-A\r\nBcc', 'e@z.d']] })],
      ['9.0.5', 'DEL in a file name', 'Content-Disposition', () => ({ attachments: [file({ name: 'a\u007f.pdf' })] })],
      [
        '9.0.4',
        'HT, CR and LF in a file name',
        'Content-Disposition',
        () => ({ attachments: [file({ name: 'a\tb\r\nX: y' })] }),
      ],
      [
        '9.0.4',
        'half a surrogate pair in a file name',
        'Content-Disposition',
        () => ({ attachments: [file({ name: 'a\ud83c' })] }),
      ],
      ['9.0.4', 'half a surrogate pair in a subject', 'Subject', () => ({ subject: '\ud83cA' })],
      ['8.0.11', 'a URL as list id', 'List-Id', () => ({ list: { ...list, id: 'https://example.com/news' } })],
      ['8.0.9', 'CRLF in a list field', 'List-Help', () => ({ list: { ...list, help: 'https://a.b/\r\nBcc: e@z.d' } })],
      ['8.0.9', 'CRLF in a list name', 'List-Id', () => ({ list: { ...list, name: 'a\r\nBcc: e@z.d' } })],
      ['6.6.1', 'a line break in a mailbox made by hand', 'To', () => ({ to: byHand('a@b.c\r\nBcc: e@z.d') })],
      [
        '6.4.10',
        'a media type of line breaks',
        'Content-Type',
        () => ({ attachments: [file({ type: 'a/b\r\nX: y' })] }),
      ],
    ];
  it.each(messages)('%s: %s', (_version, _what, field, change) => {
    expect(refusal(() => composed({ html: '<p>', ...change() }))).toBe(field);
  });
});

function byHand(address: string): Message['to'] {
  return { name: null, mailbox: { localPart: 'a', domain: 'b.c', address, isAscii: true } };
}

describe('written so that it says what was meant', () => {
  const field = (name: string, change: Partial<Message>) => fieldOf(composed(change), name);
  const named = (name: string) => field('To', { to: { name, mailbox: parseMailbox('a@b.c') } });
  const fileFields = (name: string) =>
    composed({ attachments: [file({ name })] }).match(
      /(?<=\r\n)Content-(?:Type: application|Disposition).*(?:\r\n .*)*/g,
    );

  const rows: readonly (readonly [version: string, what: string, read: () => unknown, meant: unknown])[] = [
    [
      '10.5.0',
      'text like a broken encoded-word',
      () => field('Subject', { subject: '=?x?y' }),
      'Subject: =?utf-8?B?PT94P3k=?=',
    ],
    [
      '10.4.1',
      'a domain in capitals, the same in header and envelope',
      () => [parseMailbox('a@MÜLLER.example').address, field('To', { to: parseNamedMailbox('a@MÜLLER.example') })],
      ['a@xn--mller-kva.example', 'To: a@xn--mller-kva.example'],
    ],
    [
      '10.1.7',
      'a parameter like an encoded-word',
      () => fileFields('=?x?='),
      [
        'Content-Type: application/octet-stream; name="__x__"',
        "Content-Disposition: attachment; filename*=utf-8''%3D%3Fx%3F%3D",
      ],
    ],
    [
      '10.1.3',
      'References without end, folded',
      () =>
        Math.max(
          ...(field('References', { headers: [['References', '<a@b.c> '.repeat(20_000).trim()]] }) ?? '')
            .split('\r\n')
            .map(({ length }) => length),
        ),
      75,
    ],
    ['10.0.14', 'a quoted name without "@"', () => parseNamedMailbox('"a" <b@c.d>').mailbox.address, 'b@c.d'],
    [
      '10.0.10',
      "a Windows path, as one name's characters",
      () => fileFields('C:\\a.pdf')?.[1],
      "Content-Disposition: attachment; filename*=utf-8''C%3A%5Ca.pdf",
    ],
    [
      '10.0.8',
      'boundaries from any seed, in signs of their own',
      () =>
        /boundary="(.*)"/
          .exec(composed({ html: '<p>', boundarySeed: 'a"\r\nX: y\u0000' }))?.[1]
          ?.replace(/\w{24}$/, ''),
      expect.stringMatching(/^=_1_[A-Za-z0-9_-]*$/),
    ],
    ['10.0.7', 'a long name in base64, encoded once', () => named('é'.repeat(60))?.includes('w6nDqcOp'), true],
    [
      '9.0.5',
      'specials in the name of a list',
      () => field('List-Id', { list: { ...list, name: 'a (b) "c" \\' } }),
      'List-Id: "a (b) \\"c\\" \\\\" <news.example.com>',
    ],
    [
      '9.0.5',
      'sections of a file name, each with its star',
      () => fileFields(`${'ñ'.repeat(30)}.pdf`)?.[1]?.match(/filename\*\d\*=/g),
      ['filename*0*=', 'filename*1*=', 'filename*2*=', 'filename*3*='],
    ],
    [
      '9.0.4',
      'quotes and backslashes in both names of a file',
      () => fileFields('a"b\\c.pdf'),
      [
        'Content-Type: application/octet-stream; name="a_b_c.pdf"',
        "Content-Disposition: attachment; filename*=utf-8''a%22b%5Cc.pdf",
      ],
    ],
    [
      '9.0.4',
      'emoji cut between words, never within',
      () =>
        (field('Subject', { subject: `a${'🎉'.repeat(40)}` }) ?? '')
          .match(/(?<=\?B\?)[^?]*/g)
          ?.map((word) => /^a?🎉+$/u.test(Buffer.from(word, 'base64').toString())),
      [true, true, true, true, true],
    ],
    [
      '8.0.7',
      'a domain beside a local part beyond ASCII, in A-labels as in the envelope',
      () => Buffer.from(field('To', { to: parseNamedMailbox('josé@müller.example') }) ?? '', 'latin1').toString(),
      'To: josé@xn--mller-kva.example',
    ],
    [
      '8.0.6',
      'base64 without a line end at its end',
      () => Buffer.from(file({}).piece).toString().endsWith('\r\n\r\neA=='),
      true,
    ],
    [
      '7.0.7',
      'a quoted local part with an address in it',
      () => field('To', { to: parseNamedMailbox('"xclow3n@gmail.com x"@internal.example') }),
      'To: <"xclow3n@gmail.com x"@internal.example>',
    ],
    [
      '7.0.6',
      'the last octets of a file',
      () =>
        Buffer.from(
          Buffer.from(file({ content: Buffer.alloc(58, 'y') }).piece)
            .toString()
            .split('\r\n\r\n')[1] ?? '',
          'base64',
        ),
      Buffer.alloc(58, 'y'),
    ],
    ['6.9.12', 'an apostrophe in a name', () => named("O'Neil"), "To: O'Neil <a@b.c>"],
    [
      '6.9.11',
      'Content-Type at the bottom of the header',
      () => fieldNames(composed({ html: '<p>' })).at(-1),
      'Content-Type',
    ],
    [
      '6.4.12',
      'quotes in a file name',
      () => fileFields('"a".pdf')?.[1],
      "Content-Disposition: attachment; filename*=utf-8''%22a%22.pdf",
    ],
    ['6.4.11', 'an escaped quote in a name', () => named('a "b" c'), 'To: "a \\"b\\" c" <a@b.c>'],
    [
      '6.4.7',
      'a charset on every text',
      () => composed({ html: '<p>', amp: '<p>' }).match(/text\/[a-z-]+; charset=utf-8\r/g)?.length,
      3,
    ],
    ['5.0.0', 'a line end behind a text without one', () => composed({ text: 'x' }).endsWith('\r\n\r\nx\r\n'), true],
    [
      '2.0.0',
      'spaces in a file name, in quotes',
      () => fileFields('a b.pdf')?.[1],
      'Content-Disposition: attachment; filename="a b.pdf"',
    ],
    ['1.4.0', 'no format=flowed', () => composed({}).includes('flowed'), false],
  ];
  it.each(rows)('%s: %s', (_version, _what, read, meant) => {
    expect(read()).toEqual(meant);
  });
});

describe('not looked at', () => {
  it.each([
    ['9.0.1', { raw: 'X: y\r\n\r\n', path: '/etc/passwd', href: 'http://127.0.0.1/' }],
    ['8.0.9', { icalEvent: { path: '/etc/passwd' }, attachDataUrls: true, alternatives: [{ path: '/etc/passwd' }] }],
    ['9.0.6', JSON.parse('{"__proto__":{"headers":[["X-Evil","y"]],"to":"e@z.d"},"constructor":{"prototype":{}}}')],
    [
      '6.9.9',
      { html: undefined, watchHtml: '<p>', list: undefined, envelope: { to: 'e@z.d' }, dsn: { id: 'x\r\nRSET' } },
    ],
  ])('%s: keys of a message that name content elsewhere, %j', (_version, keys) => {
    expect(composed({ ...PLAIN, ...keys } as Partial<Message>)).toBe(composed({}));
    expect(Object.getOwnPropertyNames(Object.prototype)).not.toContain('headers');
  });

  it('7.0.6: what a data URI in HTML says', async () => {
    const html = `<img src="data:image/png;${';'.repeat(100_000)}base64,eA==">`;
    const data = composeMessage({ ...PLAIN, html });
    const email = await PostalMime.parse(Buffer.concat(data.pieces));
    expect(email.html?.trim()).toBe(html);
    expect(email.attachments).toEqual([]);
  });

  it('6.4.17: an event and files at once, each in its place', () => {
    const calendar =
      'BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nMETHOD:PUBLISH\nBEGIN:VEVENT\nUID:1\nDTSTAMP:20261201T090000Z\nDTSTART:20261201T090000Z\nEND:VEVENT\nEND:VCALENDAR\n';
    expect(composed({ calendar, attachments: [file({})] }).match(/(?<=Content-Type: )[a-z-]+\/[a-z-]+/g)).toEqual([
      'multipart/mixed',
      'multipart/alternative',
      'text/plain',
      'text/calendar',
      'application/octet-stream',
    ]);
  });
});
