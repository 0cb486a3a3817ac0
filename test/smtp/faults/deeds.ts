/** What a server says and does at a fault, in place of the reply that is wanted. */
import type { Octets } from '../memory-wire.ts';
import type { Cell } from './cells.ts';

/** How it goes on, having said what it says: as if nothing had been, in silence, or not at all. */
export type Ending = 'on' | 'silence' | 'drip' | 'FIN' | 'half-close' | 'RST' | 'alert';

export interface Deed {
  readonly said: Octets;
  readonly ending: Ending;
  /** Whether the server itself took the command, whatever it says: then the mail is its own once it has all of it. */
  readonly takes: boolean;
}

const HOSTILE = '\0\x80\xff\xfe\x1b[2J\x1b]0;owned\x07\x08\x7f';
const LONG_LINE = 'x'.repeat(3000);
const LINES = 100_000;
/** By reply code: so many lines are put together once. */
const linesOf = new Map<string, Octets>();

/** TLS 1.2 record: alert, fatal, handshake_failure. */
const CLEAR_ALERT = '\x15\x03\x03\x00\x02\x02\x28';

const ANOTHER_2YZ: Partial<Record<Cell['step'], string>> = {
  greeting: '250 2.0.0 ok\r\n',
  EHLO: '220 mail.example.com\r\n',
  STARTTLS: '250 2.0.0 ok\r\n',
  'EHLO over TLS': '220 mail.example.com\r\n',
  AUTH: '235 2.7.0 welcome\r\n',
  'end of AUTH': '250 2.0.0 ok\r\n',
  'DATA or BDAT': '220 mail.example.com\r\n',
  QUIT: '250 2.0.0 ok\r\n',
};

const ANOTHER_3YZ: Partial<Record<Cell['step'], string>> = {
  'end of AUTH': '334 \r\n',
  'DATA or BDAT': '334 \r\n',
};

/**
 * @param reply the reply that is wanted, with its CRLF
 * @param isSecure whether TLS stands
 */
export function deedOf({ step, fault, security }: Cell, reply: Octets, isSecure: boolean): Deed {
  const code = reply.slice(0, 3);
  const says = (said: Octets, ending: Ending = 'on'): Deed => ({ said, ending, takes: true });
  const refuses = (said: Octets, ending: Ending = 'on'): Deed => ({ said, ending, takes: false });
  switch (fault) {
    case 'FIN':
    case 'RST':
    case 'half-close':
    case 'silence':
    case 'drip':
      return says('', fault);
    case 'TLS alert':
      return isSecure ? says('', 'alert') : says(CLEAR_ALERT);
    case 'truncation':
      return says(reply.slice(0, Math.ceil(reply.length / 2)), 'FIN');
    case '421':
      return refuses('421 4.3.2 closing\r\n', 'FIN');
    case '4yz':
      return refuses('451 4.7.1 later\r\n');
    case '5yz':
      return refuses('550 5.7.1 never\r\n');
    case 'another 2yz':
      return says(ANOTHER_2YZ[step] ?? '221 2.0.0 bye\r\n');
    case 'another 3yz':
      return says(ANOTHER_3YZ[step] ?? '354 go ahead\r\n');
    case '1yz or 6yz':
      return says(security === 'starttls' ? '150 wait\r\n' : '650 what\r\n');
    case 'two digits':
      return says(`${code.slice(0, 2)} ok\r\n`);
    case 'garbage':
      return says('hello there\r\n');
    case 'empty line':
      return says('\r\n');
    case 'two codes':
      return says(`${code}-yes\r\n550 no\r\n`);
    case 'FIN within lines':
      return says(`${code}-one\r\n${code}-two\r\n`, 'FIN');
    case 'long line':
      return says(`${code} ${LONG_LINE}\r\n`);
    case '100,000 lines':
      return says(manyLines(code));
    case 'NUL, 8-bit, ANSI':
      return says(`${code}${reply.charAt(3)}${HOSTILE}${reply.slice(4)}`);
    case 'bare LF':
      return says(reply.replaceAll('\r\n', '\n'));
    case 'surplus reply':
      return says(`${reply}250 2.0.0 surplus\r\n`);
    case 'reply in advance':
      // Where nothing is asked; elsewhere it comes behind an earlier reply.
      return says(reply);
  }
}

function manyLines(code: string): Octets {
  const lines = linesOf.get(code) ?? Buffer.alloc(LINES * 7, `${code}-x\r\n`).toString('latin1');
  linesOf.set(code, lines);
  return lines;
}
