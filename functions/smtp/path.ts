/**
 * Paths and names as they stand in commands (RFC 5321 §4.1.2, §4.1.3), looked at once more: whoever read them first, here
 * they are on their way to the wire. With SMTPUTF8 a local part may go beyond ASCII (RFC 6531 §3.3); domains are A-labels
 * all the same.
 */
import { AddressError, parseMailbox } from '#address';
import { CommandError } from './errors.ts';

/** RFC 5321 §4.5.3.1: limits in octets; a path has its brackets. */
const MAX_LOCAL_PART = 64;
const MAX_DOMAIN = 255;
const MAX_PATH = 256;

const ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";
const DOT_STRING = `${ATOM}(?:\\.${ATOM})*`;
// QUIRK: a quoted local part may hold SP, "<" and ">" (RFC 5321 §4.1.2). They are refused all the same: a relay that looks
// for the first ">" would read another path, and mail another person.
const QUOTED_STRING = '"(?:[!#-;=?-\\[\\]-~]|\\\\[!-;=?-~])*"';
const LOCAL_PART = new RegExp(`^(?:${DOT_STRING}|${QUOTED_STRING})$`);
const LABEL = '[A-Za-z0-9]+(?:-+[A-Za-z0-9]+)*';
const DOMAIN_NAME = `${LABEL}(?:\\.${LABEL})*`;
const DOMAIN = new RegExp(`^${DOMAIN_NAME}$`);
/** What nearly every path is. */
const PLAIN_PATH = new RegExp(`^${DOT_STRING}@${DOMAIN_NAME}$`);
/** RFC 5321 §4.1.3: a number from 0 to 255. */
const SNUM = '(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)';
const IPV4_LITERAL = new RegExp(`^\\[${SNUM}(?:\\.${SNUM}){3}\\]$`);
const IPV6_LITERAL = /^\[IPv6:(?=[^:]*:[^:]*:)[0-9A-Fa-f:.]{2,45}\]$/;

const PRINTABLE_ASCII = /^[ -~]*$/;

/** Values come from JSON and from other people's code: that they are strings is looked at, not believed. */
export function check(field: string, value: unknown, test: (text: string) => boolean, problem: string): string {
  if (typeof value !== 'string') throw new CommandError(field, 'is no string');
  if (!PRINTABLE_ASCII.test(value)) throw new CommandError(field, 'holds a control character or one outside ASCII');
  if (!test(value)) throw new CommandError(field, problem);
  return value;
}

const BEYOND_ASCII = /[\u{80}-\u{10ffff}]/u;

/** Whether a path, if it is one, needs SMTPUTF8 (RFC 6531 §3.4). */
export function isBeyondAscii(path: string): boolean {
  return BEYOND_ASCII.test(path);
}

/** @throws CommandError where it is neither a domain nor an address literal */
export function checkedName(name: string): string {
  return check('client name', name, isDomainOrLiteral, 'is neither a domain nor an address literal');
}

/**
 * @param field how errors call it
 * @param smtpUtf8 whether it may go beyond ASCII
 * @throws CommandError where it is no mailbox
 */
export function checkedPath(field: string, path: string, smtpUtf8: boolean): string {
  if (
    typeof path === 'string' &&
    PLAIN_PATH.test(path) &&
    path.indexOf('@') <= MAX_LOCAL_PART &&
    isShort(path.length)
  ) {
    return path;
  }
  if (smtpUtf8 && typeof path === 'string' && isBeyondAscii(path)) return checkedUtf8Path(field, path);
  check(field, path, (text) => isShort(text.length), TOO_LONG);
  check(field, path, (text) => !/[<> ]/.test(text), 'holds a space or an angle bracket');
  // The last "@": a quoted local part may hold others.
  const at = path.lastIndexOf('@');
  const localPart = path.slice(0, Math.max(at, 0));
  const isMailbox =
    localPart.length <= MAX_LOCAL_PART && LOCAL_PART.test(localPart) && isDomainOrLiteral(path.slice(at + 1));
  if (!isMailbox) throw new CommandError(field, 'is no mailbox, local-part@domain is wanted');
  return path;
}

const TOO_LONG = `is longer than ${MAX_PATH - 2} octets`;

function isShort(octets: number): boolean {
  return octets + 2 <= MAX_PATH;
}

/** What #address reads as a mailbox, and writes again just as it stands. It counts octets, not characters. */
function checkedUtf8Path(field: string, path: string): string {
  if (/[<> ]/.test(path)) throw new CommandError(field, 'holds a space or an angle bracket');
  let written: string;
  try {
    written = parseMailbox(path).address;
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    throw new CommandError(field, `is no mailbox: ${error.problem} is in it`);
  }
  if (written !== path)
    throw new CommandError(field, 'is not written as it goes on the wire, with its domain in A-labels');
  return path;
}

function isDomainOrLiteral(text: string): boolean {
  if (text.length > MAX_DOMAIN) return false;
  return DOMAIN.test(text) || IPV4_LITERAL.test(text) || IPV6_LITERAL.test(text);
}
