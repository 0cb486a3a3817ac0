/**
 * Transparency held over everything there is: each text of up to eight octets of dot, CR, LF, NUL and one that means nothing,
 * whole and cut at every octet, and beside it RFC 5321 §4.5.2 from the server's side.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { END_OF_MAIL_DATA, MailDataError, transparent } from '#smtp';

const ALPHABET = Buffer.from('.\r\na\0', 'latin1');
const LF = 0x0a;
const LONGEST = 8;

/** The octets on the wire, with the indicator; `null` where they are refused. */
function onTheWire(pieces: readonly Uint8Array[]): string | null {
  try {
    return Buffer.concat([...transparent({ pieces }).pieces, END_OF_MAIL_DATA]).toString('latin1');
  } catch (error) {
    if (error instanceof MailDataError) return null;
    throw error;
  }
}

/** What a server takes for the one mail in these octets; `null` where there is another end in them, or none. */
function taken(octets: string): string | null {
  const end = octets.startsWith('.\r\n') ? 0 : octets.indexOf('\r\n.\r\n') + 2;
  return end === octets.length - 3 ? octets.slice(0, end).replace(/(^|\r\n)\./g, '$1') : null;
}

function isInOrder(mail: string): boolean {
  return mail.endsWith('\r\n') && !/\0|\r(?!\n)|(?<!\r)\n/.test(mail);
}

describe('mail data', () => {
  // Nearly all are refused, and nobody reads where from.
  const { stackTraceLimit } = Error;
  beforeAll(() => {
    Error.stackTraceLimit = 0;
  });
  afterAll(() => {
    Error.stackTraceLimit = stackTraceLimit;
  });

  it.each(Array.from(ALPHABET))(
    'that begins with octet %i arrives as it was, or is refused, wherever it is cut',
    { timeout: 60_000 },
    (first) => {
      let accepted = 0;
      for (const mail of textsThatBeginWith(first)) {
        const text = mail.toString('latin1');
        const whole = onTheWire([mail]);
        if (whole !== null) accepted += 1;
        const isRight = isInOrder(text) ? whole !== null && taken(whole) === text : whole === null;
        if (!isRight) expect.unreachable(`${JSON.stringify(text)} became ${JSON.stringify(whole)}`);
        for (let at = 1; at < mail.length; at += 1) {
          const inTwo = onTheWire([mail.subarray(0, at), mail.subarray(at)]);
          if (inTwo !== whole)
            expect.unreachable(`${JSON.stringify(text)} cut at ${at} became ${JSON.stringify(inTwo)}`);
        }
      }
      expect(accepted > 0).toBe(first !== 0 && first !== LF);
    },
  );
});

function* textsThatBeginWith(first: number): Generator<Buffer> {
  for (let length = 1; length <= LONGEST; length += 1) {
    const count = ALPHABET.length ** (length - 1);
    for (let number = 0; number < count; number += 1) {
      const mail = Buffer.alloc(length, first);
      for (let at = 1, rest = number; at < length; at += 1, rest = Math.floor(rest / ALPHABET.length)) {
        mail[at] = ALPHABET[rest % ALPHABET.length] ?? 0;
      }
      yield mail;
    }
  }
}
