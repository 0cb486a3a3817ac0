/** What list mail and events bring from outside: a calendar that a campaign wrote, the token of a link that anybody may send. */
import { createSecretKey } from 'node:crypto';
import { parseMailbox } from '#address';
import { type LinkKey, readToken, signedToken } from '#mailing';
import { BodyError, composeMessage, HeaderError, parseListId } from '#mime';
import { attempt, endingOf, expect, latin1Of, type Target, textOf } from '../target.ts';

const from = { name: null, mailbox: parseMailbox('a@b.test') };
const EVENT = [
  ...[
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:x',
    'METHOD:REQUEST',
    'BEGIN:VEVENT',
    'UID:1',
    'DTSTAMP:20261201T090000Z',
  ],
  ...['DTSTART:20261224T190000Z', 'SUMMARY:x', 'END:VEVENT', 'END:VCALENDAR'],
];

export const calendar: Target = {
  name: 'calendar',
  seeds: [
    EVENT.join('\n'),
    EVENT.join('\r\n'),
    EVENT.join('\n').replace('SUMMARY:x', `SUMMARY;LANGUAGE="es":${'ñ'.repeat(100)}\n y\n\tz`),
    EVENT.join('\n').replace('SUMMARY:x', 'BEGIN:VALARM\nACTION:DISPLAY\nEND:VALARM'),
  ],
  words: [
    '\n',
    '\r\n',
    '\r',
    '\n ',
    '\n\t',
    ':',
    ';',
    '"',
    '=',
    'BEGIN:',
    'END:',
    'VEVENT',
    'METHOD:CANCEL',
    '\0',
    '\u2028',
    '--=_1_',
    '🎂',
  ],
  run(input) {
    const text = textOf(input);
    const compose = () =>
      composeMessage({ date: 0, messageId: '1@b.test', from, to: from, subject: '', text: 'x', calendar: text });
    const { value, refused } = attempt(compose, BodyError);
    if (value === null) return endingOf(refused);
    const message = latin1Of(Buffer.concat(value.pieces));
    expect(/^[\t\r\n -~]*$/.test(message), 'an octet that is no 7-bit text');
    expect(!/\r(?!\n)|(?<!\r)\n/.test(message), 'a lone CR or LF');
    expect(
      message.split('\r\n').every((line) => line.length <= 76),
      'a long line',
    );
    expect(/\nContent-Type: text\/calendar; method=[A-Z]+; charset=utf-8\r\n/.test(message), 'its method');
    return 'composed';
  },
};

export const listId: Target = {
  name: 'list-id',
  seeds: ['News <news.example.com>', '<a.b>', '"News, old" <a.b>', 'Café <a.b>', '=?utf-8?q?x?= <a.b>'],
  words: ['<', '>', '"', '\\', '.', ' ', ',', '@', '\r\n', '\0', '\u202e', 'x'.repeat(80)],
  run(input) {
    const { value: list, refused } = attempt(() => parseListId(textOf(input)), HeaderError);
    if (list === null) return endingOf(refused);
    const compose = () =>
      composeMessage({ date: 0, messageId: '1@b.test', from, to: from, subject: '', text: 'x', list });
    const { value, refused: unfit } = attempt(compose, HeaderError);
    if (value === null) return endingOf(unfit);
    const message = latin1Of(Buffer.concat(value.pieces));
    expect(message.split(/\r\nList-Id: /).length === 2, 'one field');
    expect(message.includes(`<${list.id}>\r\nMIME-Version: 1.0\r\n`), 'the field says the id and ends');
    return list.name === null ? 'id' : 'name and id';
  },
};

const KEY: LinkKey = { id: 'k1', since: 0, secret: createSecretKey(Buffer.alloc(32, 1)) };
const TOKEN = signedToken(KEY, { purpose: 'unsubscribe', list: 'a.b', recipient: 'a@b.test' });

export const linkToken: Target = {
  name: 'link-token',
  seeds: [TOKEN, TOKEN.slice(0, -1), 'v1.k1..', 'v1.k1.e30.AAAA'],
  words: ['v1', 'v2', '.', 'k1', 'specimen', 'A', '-', '_', '=', '%', '\0', 'W10', 'x'.repeat(43)],
  run(input) {
    const text = textOf(input);
    const claims = readToken(text, 'unsubscribe', [KEY]);
    expect(claims === null || text === TOKEN, 'a token that nobody has signed');
    return claims === null ? 'refused' : 'read';
  },
};
