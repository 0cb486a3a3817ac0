/** Addresses: what is read is written the same, and becomes one path of one command or none. */
import { AddressError, parseMailbox, parseNamedMailbox, recipientKey } from '#address';
import { Command, CommandError } from '#smtp';
import { attempt, endingOf, expect, latin1Of, type Target, textOf } from '../target.ts';

const SEEDS = [
  'person@example.org',
  'first.last+tag@mail.EXAMPLE.co.uk',
  '"quoted \\"x\\" y"@example.org',
  'jürgen@bücher.example',
  'a@xn--bcher-kva.example',
  'a@[192.0.2.1]',
  'a@[IPv6:2001:db8::1]',
  'b@y.test>\r\nRCPT TO:<evil@z.test',
  '用户@例え.テスト',
];

const WORDS = [
  '@',
  '"',
  '\\',
  '<',
  '>',
  '(',
  ')',
  ',',
  ';',
  ':',
  '.',
  '..',
  '[IPv6:',
  ']',
  '\r\n',
  '\0',
  ' ',
  '=?utf-8?q?a?=',
  'xn--',
  'ß',
  '\u212a',
  '\u200d',
  '\u202e',
  '．',
  'é',
  'e\u0301',
  'RCPT TO:<evil@z.test>',
  'x'.repeat(64),
  'א',
  '日',
];

export const mailbox: Target = {
  name: 'mailbox',
  seeds: SEEDS,
  words: WORDS,
  run(input) {
    const { value, refused } = attempt(() => parseMailbox(textOf(input)), AddressError);
    if (value === null) return endingOf(refused);
    const again = parseMailbox(value.address);
    expect(JSON.stringify(again) === JSON.stringify(value), 'its wire form reads otherwise');
    expect(value.address === `${value.localPart}@${value.domain}`, 'its parts are not the whole');
    expect(!/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}<>]/u.test(value.address), 'a hidden character in an address');
    expect(recipientKey(parseMailbox(recipientKey(value))) === recipientKey(value), 'its key has another key');
    return `read ${value.isAscii} ${value.domain.startsWith('[')} ${value.localPart.startsWith('"')} ${said(value.address)}`;
  },
};

export const namedMailbox: Target = {
  name: 'named-mailbox',
  seeds: [
    ...SEEDS,
    'Person <person@example.org>',
    '"Person, the" <person@example.org>',
    'Jürgen Müller <j@example.org>',
    '"ceo@bank.test" <e@z.test>',
  ],
  words: [...WORDS, 'Name <', '" <', '"Na, me" <a@b.test>'],
  run(input) {
    const { value, refused } = attempt(() => parseNamedMailbox(textOf(input)), AddressError);
    if (value === null) return endingOf(refused);
    const { name, mailbox: own } = value;
    expect(JSON.stringify(parseMailbox(own.address)) === JSON.stringify(own), 'its mailbox reads otherwise');
    expect(name === null || (name !== '' && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(name)), 'a name with a line end');
    if (name === null) return `read ${own.isAscii}`;
    const quoted = parseNamedMailbox(`"${name.replace(/["\\]/g, '\\$&')}" <${own.address}>`);
    expect(quoted.name === name && quoted.mailbox.address === own.address, 'its quoted form reads otherwise');
    return `read named ${own.isAscii} ${textOf(input).includes('"')}`;
  },
};

/** The command that comes of an address: one line with that very path, or none. */
function said(address: string): string {
  const { value, refused } = attempt(() => Command.rcpt(address), CommandError);
  if (value === null) return endingOf(refused);
  const line = latin1Of(value.toOctets());
  expect(line === `RCPT TO:<${Buffer.from(address, 'utf8').toString('latin1')}>\r\n`, 'another recipient is named');
  return 'said';
}
