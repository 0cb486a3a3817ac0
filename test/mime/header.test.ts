import { describe, expect, it } from 'vitest';
import { parseNamedMailbox } from '#address';
import { composeMessage, HeaderError, type Message } from '#mime';
import { composed, fieldNames, fieldOf, PLAIN } from './fixtures.ts';

function refusal(change: Partial<Message>): HeaderError {
  try {
    composed(change);
  } catch (error) {
    if (error instanceof HeaderError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

const named = (name: string) => ({ name, mailbox: PLAIN.to.mailbox });

describe('the header', () => {
  it('has its fields in this order', () => {
    const message = composed({
      sender: parseNamedMailbox('s@example.com'),
      replyTo: parseNamedMailbox('r@example.com'),
      headers: [
        ['X-One', '1'],
        ['X-Two', '2'],
      ],
    });
    expect(fieldNames(message)).toEqual([
      ...['Date', 'From', 'Sender', 'Reply-To', 'To', 'Subject', 'Message-ID', 'X-One', 'X-Two'],
      ...['MIME-Version', 'Content-Type', 'Content-Transfer-Encoding'],
    ]);
  });

  it.each([
    [0, 'Thu, 01 Jan 1970 00:00:00 +0000'],
    [Date.UTC(2028, 1, 29, 23, 59, 59) + 999, 'Tue, 29 Feb 2028 23:59:59 +0000'],
    [Date.UTC(1900, 0, 1), 'Mon, 01 Jan 1900 00:00:00 +0000'],
    [Date.UTC(9999, 11, 31), 'Fri, 31 Dec 9999 00:00:00 +0000'],
  ])('writes the date %d as %s', (date, written) => {
    expect(fieldOf(composed({ date }), 'Date')).toBe(`Date: ${written}`);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Date.UTC(1899, 11, 31), Date.UTC(10000, 0, 1)])(
    'refuses the date %d',
    (date) => {
      expect(refusal({ date }).field).toBe('Date');
    },
  );
});

describe('a mailbox', () => {
  it.each([
    ['person@example.org', 'person@example.org'],
    ['Mary Smith <person@example.org>', 'Mary Smith <person@example.org>'],
    ["O'Neil-Jones <person@example.org>", "O'Neil-Jones <person@example.org>"],
    ['"Smith, Mary" <person@example.org>', '"Smith, Mary" <person@example.org>'],
    ['John Q. Public <person@example.org>', '"John Q. Public" <person@example.org>'],
    ['"a \\"b\\" \\\\" <person@example.org>', '"a \\"b\\" \\\\" <person@example.org>'],
    ['"ceo@bank.test" <person@example.org>', '"ceo@bank.test" <person@example.org>'],
    ['José <person@example.org>', '=?utf-8?B?Sm9zw6k=?= <person@example.org>'],
    ['"José, Jr." <person@example.org>', '=?utf-8?B?Sm9zw6ksIEpyLg==?= <person@example.org>'],
    ['=?utf-8?q?x?= <person@example.org>', '=?utf-8?B?PT91dGYtOD9xP3g/PQ==?= <person@example.org>'],
    ['a@münchen.example', 'a@xn--mnchen-3ya.example'],
    // Bare, some readers would take it for a name.
    ['"ana maria"@example.org', '<"ana maria"@example.org>'],
  ])('%s is written %s', (text, written) => {
    expect(fieldOf(composed({ to: parseNamedMailbox(text) }), 'To')).toBe(`To: ${written}`);
  });

  it.each([
    ['from', 'From'],
    ['sender', 'Sender'],
    ['replyTo', 'Reply-To'],
    ['to', 'To'],
  ] as const)('that needs SMTPUTF8 stands in %s as UTF-8, and nothing else of the message does', (key, field) => {
    const data = composeMessage({ ...PLAIN, subject: 'ñandú', [key]: parseNamedMailbox('José <josé@example.org>') });
    const message = Buffer.concat([...data.pieces]).toString();
    expect(message).toContain(`\r\n${field}: =?utf-8?B?Sm9zw6k=?= <josé@example.org>\r\n`);
    expect(message.replace('josé@example.org', '')).toMatch(/^[\r\n\t -~]*$/);
    expect(data.octets).toBe(Buffer.byteLength(message));
    expect(data.sevenBit).toBe(false);
  });

  it('that needs SMTPUTF8 is folded by its octets', () => {
    const address = `${'é'.repeat(32)}@example.org`;
    const to = parseNamedMailbox(`A B C D E F G H I <${address}>`);
    const message = Buffer.concat([...composeMessage({ ...PLAIN, to }).pieces]).toString();
    expect(Buffer.byteLength(`To: A B C D E F G H I <${address}>`)).toBeGreaterThan(78);
    expect(message).toContain(`\r\nTo: A B C D E F G H I\r\n <${address}>\r\n`);
  });

  it.each([
    'a@b.c>\r\nBcc: <e@z',
    'a@b.c>, <e@z',
    'a@b.c\0',
    'a@b.c\u0085',
    'é@b.c>\r\nBcc: <e@z',
    'é@b.c>, <e@z',
    'é\0@b.c',
    'é\u0085@b.c',
    'é\u2028@b.c',
    '\ud800@b.c',
    'é@B.c',
    'é@münchen.c',
    // Octets CR and LF once their upper half is cut off.
    '\u560d\u560aBcc: e@z',
  ])('made by hand is refused: %j', (address) => {
    const mailbox = { localPart: 'a', domain: 'b.c', address, isAscii: !address.includes('é') };
    expect(refusal({ to: { name: null, mailbox } })).toMatchObject({ field: 'To' });
  });
});

const INJECTIONS = [
  'x\r\nBcc: e@z',
  'x\r\n\r\nbody',
  'x\n\tY: z',
  'x\rBcc: e@z',
  'x\0y',
  'x\ty',
  'x\u001by',
  'x\u007fy',
  'x\u0085y',
  'x\u009fy',
  'x\u2028y',
  'x\u2029y',
  'x\ud800y',
  '\udc00',
];

describe.each(INJECTIONS.map((text) => [JSON.stringify(text), text]))(
  '%s is refused, nothing taken out,',
  (_, text) => {
    it.each<[string, Partial<Message>]>([
      ['Subject', { subject: text }],
      ['From', { from: named(text) }],
      ['Sender', { sender: named(text) }],
      ['Reply-To', { replyTo: named(text) }],
      ['To', { to: named(text) }],
      ['Message-ID', { messageId: `${text}@example.com` }],
      ['Message-ID', { messageId: `1@${text}` }],
      ['X-Campaign', { headers: [['X-Campaign', text]] }],
      ['List-Id', { headers: [['List-Id', text]] }],
      ['References', { headers: [['References', text]] }],
    ])('in %s', (field, change) => {
      const error = refusal(change);
      expect(error).toMatchObject({ name: 'HeaderError', code: 'ERR_HEADER', field });
      expect(error.message).not.toMatch(/[\p{Cc}\p{Cs}\u2028\u2029]/u);
    });
  },
);

describe('a field of the campaign', () => {
  it.each(['', 'X A', 'X:', ':', 'X-A\r\nX-Evil', 'X\tA', 'Ñ', 'X-\u0000', 'x'.repeat(77)])(
    'is refused by the name %j',
    (name) => {
      expect(refusal({ headers: [[name, 'x']] })).toBeInstanceOf(HeaderError);
    },
  );

  it.each([
    ...['Date', 'From', 'Sender', 'Reply-To', 'To', 'Subject', 'Message-ID', 'MIME-Version', 'Bcc', 'Return-Path'],
    ...['Received', 'DKIM-Signature', 'Content-Type', 'Content-Anything', 'Resent-Bcc', 'bcc', 'SUBJECT'],
  ])('is refused where the composer writes it, or no sender does: %s', (name) => {
    expect(refusal({ headers: [[name, 'x']] }).field).toBe(name);
  });

  it.each(['List-Unsubscribe', 'List-Id', 'References', 'In-Reply-To', 'Cc', 'Auto-Submitted'])(
    'is refused twice: %s',
    (name) => {
      expect(
        refusal({
          headers: [
            [name, '<a@b>'],
            [name.toLowerCase(), '<a@b>'],
          ],
        }).problem,
      ).toBe('found this field twice, once is wanted');
    },
  );

  it('with a syntax of its own is ASCII, since an encoded-word would stand there as it is', () => {
    expect(refusal({ headers: [['List-Unsubscribe', '<https://example.com/é>']] }).field).toBe('List-Unsubscribe');
    expect(refusal({ headers: [['List-Id', ' <a.b>']] }).field).toBe('List-Id');
  });

  it('that is text is encoded like a subject', () => {
    expect(fieldOf(composed({ headers: [['X-Animal', 'un ñandú por la pampa']] }), 'X-Animal')).toBe(
      'X-Animal: =?utf-8?Q?un_=C3=B1and=C3=BA_por_la_pampa?=',
    );
  });

  it('keeps its value as it is, up to the longest line', () => {
    const value = 'v'.repeat(998 - 'X-Token: '.length);
    expect(fieldOf(composed({ headers: [['X-Token', value]] }), 'X-Token')).toBe(`X-Token: ${value}`);
    const url = `<https://example.com/${'u'.repeat(1000)}>`;
    expect(refusal({ headers: [['List-Unsubscribe', url]] }).field).toBe('List-Unsubscribe');
  });
});

describe('a message id', () => {
  it.each(['', 'a', '@b', 'a@', '<a@b>', 'a b@c', 'a@b@c', 'a.@b', 'a..b@c', 'a@b.', 'ñ@b', `${'a'.repeat(250)}@b`])(
    'is refused: %j',
    (messageId) => {
      expect(refusal({ messageId }).field).toBe('Message-ID');
    },
  );

  it('stands between angle brackets', () => {
    expect(fieldOf(composed({ messageId: 'run-1.row+2@example.com' }), 'Message-ID')).toBe(
      'Message-ID: <run-1.row+2@example.com>',
    );
  });
});

describe('a value that is no string', () => {
  const notAString = (value: unknown): string => value as string;
  it.each([1, null, ['a'], { toString: () => 'x\r\nBcc: e@z' }])('is refused: %o', (value) => {
    expect(refusal({ subject: notAString(value) }).field).toBe('Subject');
    expect(refusal({ headers: [['X-A', notAString(value)]] }).field).toBe('X-A');
    expect(refusal({ headers: [[notAString(value), 'x']] })).toBeInstanceOf(HeaderError);
    expect(refusal({ messageId: notAString(value) }).field).toBe('Message-ID');
  });
});

describe('keys that a message does not have', () => {
  it.each([
    '{"__proto__":{"subject":"evil","to":"e@z","headers":[["Bcc","e@z"]]}}',
    '{"constructor":{"prototype":{"bcc":"e@z"}}}',
    '{"path":"/etc/passwd","href":"file:///etc/passwd","raw":"x","filename":"/etc/passwd","bcc":"e@z","cc":"e@z"}',
  ])('change nothing: %s', (json) => {
    const extra: object = JSON.parse(json);
    const message: Message = Object.defineProperties({ ...PLAIN }, Object.getOwnPropertyDescriptors(extra));
    expect(composed(message)).toBe(composed({}));
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});
