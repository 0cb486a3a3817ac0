/**
 * A text as body part: canonical line ends, and the transfer encoding chosen by measuring (RFC 2045 §6).
 *
 * A text is a sequence of lines. `\n` and `\r\n` both end one and become CRLF, which is what every transfer encoding of
 * text starts from (RFC 2049 §4); nothing else is changed. A lone CR, a NUL and half a surrogate pair are no text, and
 * are refused. Then: 7bit if it is short-lined ASCII that no relay has reason to touch, else the shorter of
 * quoted-printable and base64.
 */
import { base64Octets, writeBase64 } from './base64.ts';
import { BodyError } from './errors.ts';
import { MAX_LINE_OCTETS } from './folding.ts';
import { quotedPrintableBound, startsWithFrom, writeQuotedPrintable } from './quoted-printable.ts';

export type TextEncoding = '7bit' | 'quoted-printable' | 'base64';

export interface TextBody {
  readonly encoding: TextEncoding;
  /** UTF-8, line ends CRLF, not yet encoded. */
  readonly octets: Buffer;
  /** The most octets that `writeTextBody` writes. */
  readonly bound: number;
  /** As encoded, some line begins with a dot. */
  readonly hasDotLine: boolean;
}

interface Measure {
  /** Octets that quoted-printable escapes wherever they stand, `=` not counted. */
  readonly escaped: number;
  readonly equals: number;
  readonly lines: number;
  readonly hasDotLine: boolean;
  /** Fit to travel as it is. */
  readonly isRobust: boolean;
}

/** @throws BodyError naming `field` where `text` is no text */
export function encodeText(field: 'text' | 'html', text: string): TextBody {
  const canonical = canonicalText(field, text);
  const octets = Buffer.from(canonical);
  const { escaped, equals, lines, hasDotLine, isRobust } = measure(octets);
  // A boundary begins with "=_": kept out of 7bit bodies, it cannot occur in any (boundary.ts).
  if (isRobust && !canonical.includes('--=_')) return { encoding: '7bit', octets, bound: octets.length, hasDotLine };
  const base64 = base64Octets(octets.length);
  const quotedPrintable = quotedPrintableBound(octets.length, escaped + equals, lines);
  if (base64 < quotedPrintable) return { encoding: 'base64', octets, bound: base64, hasDotLine: false };
  return { encoding: 'quoted-printable', octets, bound: quotedPrintable, hasDotLine: false };
}

/** Writes into `target` from `at`, without a line end of its own at the end; gives the index behind the last octet. */
export function writeTextBody(body: TextBody, target: Buffer, at: number): number {
  if (body.encoding === '7bit') return at + body.octets.copy(target, at);
  const write = body.encoding === 'base64' ? writeBase64 : writeQuotedPrintable;
  return write(body.octets, target, at);
}

function canonicalText(field: 'text' | 'html', text: string): string {
  if (typeof text !== 'string') throw new BodyError(field, `found ${typeof text}, a string is wanted`);
  if (!text.isWellFormed()) throw new BodyError(field, 'found a lone surrogate, whole characters are wanted');
  if (text.includes('\0')) throw new BodyError(field, 'found a NUL (U+0000), text is wanted');
  if (!text.includes('\r')) return text.replaceAll('\n', '\r\n');
  if (/\r(?!\n)/.test(text)) throw new BodyError(field, 'found a CR without LF, lines ended by LF or CRLF are wanted');
  return text.replace(/\r?\n/g, '\r\n');
}

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const DOT = 0x2e;
const EQUALS = 0x3d;
const F = 0x46;

function measure(octets: Uint8Array): Measure {
  let escaped = 0;
  let equals = 0;
  let lines = 0;
  let hasDotLine = false;
  let isRobust = true;
  let lineStart = 0;
  for (let at = 0; at <= octets.length; at++) {
    const octet = at < octets.length ? (octets[at] ?? LF) : LF;
    if (octet === LF) {
      const lineEnd = at < octets.length ? at - 1 : at;
      if (!isRobustLine(octets, lineStart, lineEnd)) isRobust = false;
      if (octets[lineStart] === DOT) hasDotLine = true;
      lines++;
      lineStart = at + 1;
    } else if (octet === EQUALS) {
      equals++;
    } else if (octet > 0x7e || (octet < SPACE && octet !== TAB && octet !== CR)) {
      escaped++;
    }
  }
  return { escaped, equals, lines, hasDotLine, isRobust: isRobust && escaped === 0 };
}

/** Not too long, nothing at its end that relays cut off, nothing at its start that mbox files change. */
function isRobustLine(octets: Uint8Array, start: number, end: number): boolean {
  if (end - start > MAX_LINE_OCTETS) return false;
  const last = end > start ? octets[end - 1] : undefined;
  if (last === SPACE || last === TAB) return false;
  return octets[start] !== F || !startsWithFrom(octets, start);
}
