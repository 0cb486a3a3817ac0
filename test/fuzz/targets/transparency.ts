/** Mail data: what the server takes out of the line of octets is what went in, or nothing goes. RFC 5321 §4.5.2. */
import { END_OF_MAIL_DATA, MailDataError, transparent } from '#smtp';
import { digestOf, Random } from '../random.ts';
import { attempt, endingOf, expect, latin1Of, type Target } from '../target.ts';

export const transparency: Target = {
  name: 'transparency',
  seeds: [
    'Subject: x\r\n\r\nHello\r\n.\r\n..\r\n.a\r\n',
    'a\r\n.\r\nMAIL FROM:<evil@z.test>\r\n',
    'a\n.\r\nMAIL FROM:<evil@z.test>\r\n',
    `${'x'.repeat(998)}\r\n`,
    'caf\u00e9\r\n',
    '\r\n',
  ],
  words: ['.', '\r\n.\r\n', '\n.\n', '\r.\r', '\r\n', '\r', '\n', '\0', '..', 'x'.repeat(990), 'é'],
  maxOctets: 20_000,
  run(input) {
    const mail = latin1Of(input);
    const { value, refused } = attempt(() => transparent({ pieces: piecesOf(input) }), MailDataError);
    if (value === null) {
      expect(!isInOrder(mail), 'mail data in order is refused');
      return endingOf(refused);
    }
    const octets = Buffer.concat([...value.pieces, END_OF_MAIL_DATA]);
    expect(value.octets + END_OF_MAIL_DATA.length === octets.length && value.size === input.length, 'its octets');
    expect(value.sevenBit === input.every((octet) => octet < 128), 'whether it is 7-bit');
    expect(received(octets.toString('latin1')) === mail, 'the server takes another mail');
    return `sent ${value.sevenBit} ${value.octets > value.size} ${value.pieces.length > 1}`;
  },
};

function piecesOf(input: Uint8Array): Uint8Array[] {
  const random = new Random(digestOf(input.subarray(0, 64)));
  const pieces: Uint8Array[] = [];
  const step = random.pick([1, 4, 100, 30_000]);
  for (let from = 0; from < input.length; ) {
    const to = from + random.below(step + 1);
    // Empty ones too.
    pieces.push(input.subarray(from, to));
    from = to;
  }
  return pieces;
}

function isInOrder(mail: string): boolean {
  if (!mail.endsWith('\r\n') || /\0|\r(?!\n)|(?<!\r)\n/.test(mail)) return false;
  return mail.split('\r\n').every((line) => line.length <= 998);
}

/** The server's side; `null` where it would see the end elsewhere. */
function received(octets: string): string | null {
  const end = octets.startsWith('.\r\n') ? 0 : octets.indexOf('\r\n.\r\n') + 2;
  if (end !== octets.length - 3) return null;
  return octets.slice(0, end).replace(/(^|\r\n)\./g, '$1');
}
