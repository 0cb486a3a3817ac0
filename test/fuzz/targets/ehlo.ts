/** What a server offers in its EHLO reply. Nothing that it may say there is an error. */
import { parseExtensions } from '#smtp';
import { expect, type Target, textOf } from '../target.ts';

const KNOWN = [
  'PIPELINING',
  'CHUNKING',
  '8BITMIME',
  'SMTPUTF8',
  'DSN',
  'STARTTLS',
  'AUTH',
  'SIZE',
  'LIMITS',
  'REQUIRETLS',
];

export const ehlo: Target = {
  name: 'ehlo',
  seeds: [
    'mail.example.com\nPIPELINING\nSIZE 35882577\nSTARTTLS\nAUTH PLAIN LOGIN\nENHANCEDSTATUSCODES\n8BITMIME\nDSN\nSMTPUTF8\nCHUNKING',
    'mail.example.com\nAUTH=LOGIN PLAIN\nAUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256\nLIMITS MAILMAX=100 RCPTMAX=20 RCPTDOMAINMAX=1',
    'mail.example.com\nDELIVERBY 240\nMT-PRIORITY MIXER\nREQUIRETLS\nBINARYMIME\nFUTURERELEASE 86400 2026-12-01T00:00:00Z',
    '__proto__ x\nconstructor\nSIZE 0',
  ],
  words: [
    ...KNOWN,
    ' ',
    '=',
    '\n',
    'MAILMAX=',
    'RCPTMAX=',
    '__proto__',
    'PLAIN',
    'SCRAM-SHA-1',
    '-1',
    '1e99',
    '99999999999999999999',
    '\0',
  ],
  run(input) {
    const offer = parseExtensions({ code: 250, lines: textOf(input).split('\n'), enhancedStatus: null });
    const { mechanisms, sizeLimit } = offer;
    expect(new Set(mechanisms).size === mechanisms.length, 'a mechanism twice');
    expect(
      mechanisms.every((name) => name === name.toUpperCase()),
      'a mechanism in small letters',
    );
    expect(sizeLimit === null || (Number.isSafeInteger(sizeLimit) && sizeLimit > 0), `the size ${sizeLimit}`);
    for (const keyword of ['toString', 'constructor', ...KNOWN]) {
      const parameters = offer.parameters(keyword);
      expect(
        parameters.every((parameter) => parameter !== '' && !parameter.includes(' ')),
        'a parameter in two',
      );
      expect(offer.has(keyword) || parameters.length === 0, 'parameters of what is not offered');
    }
    const offered = KNOWN.filter((keyword) => offer.has(keyword.toLowerCase()));
    return `${offered.join(' ')} ${Math.min(mechanisms.length, 3)} ${sizeLimit === null}`;
  },
};
