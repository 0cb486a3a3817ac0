/**
 * The one gate through which commands become octets. Nothing else in this room writes a command line, and a `Command`
 * comes to be only by the methods below, each of which looks at every part of it: no control octet, nothing outside
 * ASCII, no line that is too long. What is not in order is refused, never repaired, so that what a recipient's address
 * says is what the server reads, or nothing is sent.
 */
import { CommandError } from './errors.ts';

/** RFC 5321 §4.5.3.1: limits in octets. */
const MAX_LOCAL_PART = 64;
const MAX_DOMAIN = 255;
const MAX_PATH = 256;
/** With CRLF. Extensions of this room's commands (SIZE 26, BODY 17) stay within it, for a path is 256 at most. */
const MAX_COMMAND_LINE = 512;
/** RFC 4954 §4: lines of an AUTH exchange, with CRLF. */
const MAX_AUTH_LINE = 12_288;

const ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";
const DOT_STRING = `${ATOM}(?:\\.${ATOM})*`;
// QUIRK: a quoted local part may hold SP, "<" and ">" (RFC 5321 §4.1.2). They are refused all the same: a relay that looks
// for the first ">" would read another path, and mail another person.
const QUOTED_STRING = '"(?:[!#-;=?-\\[\\]-~]|\\\\[!-;=?-~])*"';
const LOCAL_PART = new RegExp(`^(?:${DOT_STRING}|${QUOTED_STRING})$`);
const DOMAIN = /^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*$/;
/** RFC 5321 §4.1.3: a number from 0 to 255. */
const SNUM = '(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)';
const IPV4_LITERAL = new RegExp(`^\\[${SNUM}(?:\\.${SNUM}){3}\\]$`);
const IPV6_LITERAL = /^\[IPv6:(?=[^:]*:[^:]*:)[0-9A-Fa-f:.]{2,45}\]$/;
const MECHANISM = /^[A-Z0-9_-]{1,20}$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const COMMAND_LINE = /^[ -~]*$/;

/** ESMTP parameters of MAIL. The caller names those only that the server offers (RFC 5321 §2.2.2). */
export interface MailParameters {
  /** `BODY=8BITMIME` (RFC 6152 §3). Default: absent, the content is 7-bit. */
  readonly eightBit?: boolean;
  /** `SIZE=n`: octets of the mail data (RFC 1870 §6). Default: absent. */
  readonly size?: number;
}

/** A command, ready for the wire. */
export class Command {
  /** How errors call it: `MAIL`, `AUTH PLAIN`. */
  readonly verb: string;
  /** As the transcript shows it: without CRLF, secrets replaced by `<…>`. */
  readonly shown: string;
  readonly #line: string;

  private constructor(verb: string, line: string, options: { shown?: string; maxOctets?: number } = {}) {
    // The last look before the wire: RFC 5321 §2.3.8 (no CR or LF but the line end), §2.4 (ASCII).
    if (!COMMAND_LINE.test(line)) throw new CommandError(verb, 'holds what is not printable ASCII');
    const limit = options.maxOctets ?? MAX_COMMAND_LINE;
    if (line.length + 2 > limit) throw new CommandError(verb, `is longer than ${limit} octets`);
    this.verb = verb;
    this.shown = options.shown ?? line;
    this.#line = line;
  }

  /** Without CRLF: for several commands that are sent in one go. */
  get line(): string {
    return this.#line;
  }

  /** The octets that are sent, CRLF included. */
  toOctets(): Uint8Array {
    return Buffer.from(`${this.#line}\r\n`, 'latin1');
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
    // RFC 5321 §3.3: no space after the colon.
    let line = `MAIL FROM:<${reversePath === '' ? '' : checkedPath('reverse-path', reversePath)}>`;
    if (parameters.eightBit === true) line += ' BODY=8BITMIME';
    if (parameters.size !== undefined) line += ` SIZE=${checkedSize(parameters.size)}`;
    return new Command('MAIL', line);
  }

  static rcpt(forwardPath: string): Command {
    return new Command('RCPT', `RCPT TO:<${checkedPath('forward-path', forwardPath)}>`);
  }

  static data(): Command {
    return new Command('DATA', 'DATA');
  }

  /** @param octets of this chunk (RFC 3030 §2), counted from what will be written; `isLast`: the mail data ends with it */
  static bdat(octets: number, isLast: boolean): Command {
    return new Command('BDAT', `BDAT ${checkedSize(octets)}${isLast ? ' LAST' : ''}`);
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

/** Values come from JSON and from other people's code: that they are strings is looked at, not believed. */
function check(field: string, value: unknown, test: (text: string) => boolean, problem: string): void {
  if (typeof value !== 'string') throw new CommandError(field, 'is no string');
  if (!COMMAND_LINE.test(value)) throw new CommandError(field, 'holds a control character or one outside ASCII');
  if (!test(value)) throw new CommandError(field, problem);
}

function checkedName(name: string): string {
  check('client name', name, isDomainOrLiteral, 'is neither a domain nor an address literal');
  return name;
}

function checkedPath(field: string, path: string): string {
  check(field, path, (text) => text.length + 2 <= MAX_PATH, `is longer than ${MAX_PATH - 2} octets`);
  check(field, path, (text) => !/[<> ]/.test(text), 'holds a space or an angle bracket');
  // The last "@": a quoted local part may hold others.
  const at = path.lastIndexOf('@');
  const localPart = path.slice(0, Math.max(at, 0));
  const domain = path.slice(at + 1);
  const isMailbox = localPart.length <= MAX_LOCAL_PART && LOCAL_PART.test(localPart) && isDomainOrLiteral(domain);
  if (!isMailbox) throw new CommandError(field, 'is no mailbox, local-part@domain is wanted');
  return path;
}

function checkedSize(size: number): string {
  if (!Number.isSafeInteger(size) || size < 0) throw new CommandError('SIZE', 'is no count of octets');
  return String(size);
}

function isDomainOrLiteral(text: string): boolean {
  if (text.length > MAX_DOMAIN) return false;
  return DOMAIN.test(text) || IPV4_LITERAL.test(text) || IPV6_LITERAL.test(text);
}

function base64(octets: Uint8Array): string {
  const text = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString('base64');
  if (!BASE64.test(text)) throw new CommandError('AUTH', 'response is no base64');
  return text;
}
