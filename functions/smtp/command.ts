/**
 * The one gate through which commands become octets. Nothing else in this room writes a command line, and a `Command`
 * comes to be only by the methods below, each of which looks at every part of it: no control octet, nothing outside
 * ASCII, no line that is too long. What is not in order is refused, never repaired, so that what a recipient's address
 * says is what the server reads, or nothing is sent.
 */
import { CommandError } from './errors.ts';
import {
  type MailParameters,
  mailParameters,
  ORCPT_INCREMENT,
  octetCount,
  type RcptParameters,
  rcptParameters,
} from './parameters.ts';
import { check, checkedName, checkedPath } from './path.ts';

/** RFC 5321 §4.5.3.1.4: octets with CRLF. */
export const MAX_COMMAND_LINE = 512;
/** RFC 4954 §4: lines of an AUTH exchange, with CRLF. */
const MAX_AUTH_LINE = 12_288;

const MECHANISM = /^[A-Z0-9_-]{1,20}$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const ASCII_LINE = /^[ -~]*$/;
/** Beyond ASCII: no control character (U+0085), no separator of lines or words, nothing invisible, no half of a pair. */
const UTF8_LINE = /^(?:[ -~]|[^\p{ASCII}\p{Cc}\p{Cf}\p{Cs}\p{Z}])*$/u;

/** The MAIL commands of a run have one reverse-path, mostly: the last one that was in order is not looked at again. */
let knownPath = '';
let knownMail = 'MAIL FROM:<>';

/** A command, ready for the wire. */
export class Command {
  /** How errors call it: `MAIL`, `AUTH PLAIN`. */
  readonly verb: string;
  /** As the transcript shows it: without CRLF, secrets replaced by `<…>`. */
  readonly shown: string;
  readonly #line: string;

  private constructor(
    verb: string,
    line: string,
    options: { shown?: string; maxOctets?: number; smtpUtf8?: boolean } = {},
  ) {
    // The last look before the wire: RFC 5321 §2.3.8 (no CR or LF but the line end), §2.4 (ASCII), RFC 6531 §3.2.
    const isAscii = ASCII_LINE.test(line);
    if (!isAscii && !(options.smtpUtf8 === true && UTF8_LINE.test(line))) {
      throw new CommandError(verb, 'holds what is not printable ASCII');
    }
    const limit = options.maxOctets ?? MAX_COMMAND_LINE;
    if ((isAscii ? line.length : Buffer.byteLength(line)) + 2 > limit) {
      throw new CommandError(verb, `is longer than ${limit} octets`);
    }
    this.verb = verb;
    this.shown = options.shown ?? line;
    this.#line = line;
  }

  /** Without CRLF: for several commands that are sent in one go. Goes in UTF-8, of which ASCII is a part. */
  get line(): string {
    return this.#line;
  }

  /** The octets that are sent, CRLF included. */
  toOctets(): Uint8Array {
    return Buffer.from(`${this.#line}\r\n`);
  }

  /**
   * @param clientName a domain or an address literal, `[192.0.2.1]` or `[IPv6:2001:db8::1]` (RFC 5321 §4.1.3)
   * @throws CommandError as all of these
   */
  static ehlo(clientName: string): Command {
    return new Command('EHLO', `EHLO ${checkedName(clientName)}`);
  }

  static helo(clientName: string): Command {
    return new Command('HELO', `HELO ${checkedName(clientName)}`);
  }

  static startTls(): Command {
    return new Command('STARTTLS', 'STARTTLS');
  }

  /** @param initialResponse absent: the server is to challenge first; empty: sent as `=` (RFC 4954 §4) */
  static auth(mechanism: string, initialResponse?: Uint8Array): Command {
    check('mechanism', mechanism, (text) => MECHANISM.test(text), 'is no SASL mechanism name');
    const verb = `AUTH ${mechanism}`;
    if (initialResponse === undefined) return new Command(verb, verb);
    const response = initialResponse.length === 0 ? '=' : base64(initialResponse);
    return new Command(verb, `${verb} ${response}`, { shown: `${verb} <…>`, maxOctets: MAX_AUTH_LINE });
  }

  /** The answer to a 334 challenge. */
  static authResponse(mechanism: string, response: Uint8Array): Command {
    return new Command(`AUTH ${mechanism}`, base64(response), { shown: '<…>', maxOctets: MAX_AUTH_LINE });
  }

  /** Gives the AUTH exchange up (RFC 4954 §4). */
  static authCancel(mechanism: string): Command {
    return new Command(`AUTH ${mechanism}`, '*');
  }

  /** @param reversePath a mailbox, or the empty string for `<>`: mail that nobody shall answer (RFC 5321 §4.5.5) */
  static mail(reversePath: string, parameters: MailParameters = {}): Command {
    const smtpUtf8 = parameters.smtpUtf8 === true;
    return new Command('MAIL', mailFrom(reversePath, smtpUtf8) + mailParameters(parameters), { smtpUtf8 });
  }

  static rcpt(forwardPath: string, parameters: RcptParameters = {}): Command {
    const smtpUtf8 = parameters.smtpUtf8 === true;
    const path = checkedPath('forward-path', forwardPath, smtpUtf8);
    const maxOctets = MAX_COMMAND_LINE + (parameters.orcpt === true ? ORCPT_INCREMENT : 0);
    return new Command('RCPT', `RCPT TO:<${path}>${rcptParameters(path, parameters)}`, { smtpUtf8, maxOctets });
  }

  static data(): Command {
    return new Command('DATA', 'DATA');
  }

  /** @param octets of this chunk (RFC 3030 §2), counted from what will be written; `isLast`: the mail data ends with it */
  static bdat(octets: number, isLast: boolean): Command {
    return new Command('BDAT', `BDAT ${octetCount('BDAT', octets)}${isLast ? ' LAST' : ''}`);
  }

  static rset(): Command {
    return new Command('RSET', 'RSET');
  }

  static noop(): Command {
    return new Command('NOOP', 'NOOP');
  }

  static quit(): Command {
    return new Command('QUIT', 'QUIT');
  }
}

/** RFC 5321 §3.3: no space after the colon. */
function mailFrom(reversePath: string, smtpUtf8: boolean): string {
  if (reversePath === knownPath) return knownMail;
  if (reversePath === '') return 'MAIL FROM:<>';
  const line = `MAIL FROM:<${checkedPath('reverse-path', reversePath, smtpUtf8)}>`;
  // One beyond ASCII is in order only in some transactions.
  if (smtpUtf8) return line;
  knownPath = reversePath;
  knownMail = line;
  return line;
}

function base64(octets: Uint8Array): string {
  const text = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString('base64');
  if (!BASE64.test(text)) throw new CommandError('AUTH', 'response is no base64');
  return text;
}
