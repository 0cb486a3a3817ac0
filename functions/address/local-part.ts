/** The part before the `@`: RFC 5321 §4.1.2 Local-part, with the characters that RFC 6531 §3.3 adds. */
import { nameCodePoint, problemOf } from './characters.ts';

export interface LocalPart {
  /** What it says, without quotes and quoted-pairs. */
  readonly content: string;
  readonly isAscii: boolean;
  /** Index of the first code unit behind it. */
  readonly end: number;
}

/** Octets of a local part on the wire: RFC 5321 §4.5.3.1.1. */
export const MAX_LOCAL_PART_OCTETS = 64;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const DOT = 0x2e;
const AT = 0x40;

/** `atext` of RFC 5322 §3.2.3, by code. */
const ATEXT = new Uint8Array(128);
for (const character of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-/=?^_`{|}~") {
  ATEXT[character.charCodeAt(0)] = 1;
}

/** Whether an ASCII code may stand in an atom. Codes above 127 are not its business. */
export function isAtext(code: number): boolean {
  return ATEXT[code] === 1;
}

/**
 * Reads the local part at the beginning of `text`, in one pass over its code units.
 * @param refuse called with what was found; throws
 */
export function readLocalPart(text: string, refuse: (problem: string) => never): LocalPart {
  return text.charCodeAt(0) === QUOTE ? readQuotedString(text, refuse) : readDotString(text, refuse);
}

function readDotString(text: string, refuse: (problem: string) => never): LocalPart {
  let isAscii = true;
  let afterDot = true;
  let at = 0;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === AT) break;
    if (code === DOT) {
      if (afterDot) refuse(at === 0 ? 'a dot at the start of the local part' : 'two dots in a row');
      afterDot = true;
      continue;
    }
    afterDot = false;
    if (code < 128) {
      if (!isAtext(code)) refuse(problemOfSpecial(code));
      continue;
    }
    isAscii = false;
    if (checkWide(text, at, refuse) > 0xffff) at++;
  }
  if (at === 0) refuse(text === '' ? 'nothing' : 'no local part before "@"');
  if (afterDot) refuse('a dot at the end of the local part');
  return { content: text.slice(0, at), isAscii, end: at };
}

function readQuotedString(text: string, refuse: (problem: string) => never): LocalPart {
  let content = '';
  let isAscii = true;
  for (let at = 1; at < text.length; at++) {
    let code = text.charCodeAt(at);
    if (code === QUOTE) return { content, isAscii, end: at + 1 };
    // quoted-pairSMTP = "\" %d32-126 (RFC 5321 §4.1.2)
    if (code === BACKSLASH) code = text.charCodeAt(++at);
    if (Number.isNaN(code)) break;
    if (code < 128) {
      // Legal in quotes, and refused: a relay that looks for the first ">" would read another forward-path.
      if (code < 0x20 || code === 0x7f || code === 0x3c || code === 0x3e) refuse(problemOfSpecial(code));
      content += text.charAt(at);
      continue;
    }
    isAscii = false;
    const character = String.fromCodePoint(checkWide(text, at, refuse));
    at += character.length - 1;
    content += character;
  }
  return refuse('a quotation mark that is never closed');
}

/** The code point at `at`, which is above 127; refused where it may not stand in a local part. */
function checkWide(text: string, at: number, refuse: (problem: string) => never): number {
  const codePoint = text.codePointAt(at) ?? 0;
  const problem = problemOf(codePoint);
  if (problem !== null) refuse(problem);
  // A full-width "＠" or "．" turns into the real one in whatever normalises the text behind us.
  if (SPECIAL.test(String.fromCodePoint(codePoint).normalize('NFKC'))) {
    refuse(`a look-alike of a special character (${nameCodePoint(codePoint)})`);
  }
  return codePoint;
}

const SPECIAL = /[ "(),.:;<>@[\\\]]/;

function problemOfSpecial(code: number): string {
  if (code === 0x28 || code === 0x29) return 'a comment';
  const problem = problemOf(code);
  return problem ?? `"${String.fromCharCode(code)}"`;
}

/**
 * The local part as it goes on the wire: a dot-string where that can say it, else a quoted-string with no more
 * quoted-pairs than it needs (RFC 5321 §4.1.2: quote as little as possible).
 */
export function writeLocalPart(content: string): string {
  if (isDotString(content)) return content;
  return `"${content.replace(/["\\]/g, '\\$&')}"`;
}

function isDotString(content: string): boolean {
  let afterDot = true;
  for (let at = 0; at < content.length; at++) {
    const code = content.charCodeAt(at);
    if (code === DOT && afterDot) return false;
    if (code < 128 && code !== DOT && !isAtext(code)) return false;
    afterDot = code === DOT;
  }
  return !afterDot;
}
