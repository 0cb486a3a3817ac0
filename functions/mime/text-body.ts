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
import { quotedPrintableBound, writeQuotedPrintable } from './quoted-printable.ts';
import { writeOctets } from './slab.ts';

export interface TextBody {
  readonly encoding: '7bit' | 'quoted-printable' | 'base64';
  /** The encoded text: a string of ASCII, or octets. Without a line end that the text has not. */
  readonly encoded: string | Buffer;
  /** The encoded text ends with CRLF, or is empty. */
  readonly isClosed: boolean;
  /** As encoded, some line begins with a dot. */
  readonly hasDotLine: boolean;
}

/** @throws BodyError naming `field` where `text` is no text */
export function encodeText(field: 'text' | 'html', text: string): TextBody {
  const canonical = canonicalText(field, text);
  const isClosed = canonical === '' || canonical.endsWith('\n');
  if (isRobust(canonical)) {
    const hasDotLine = canonical.startsWith('.') || canonical.includes('\n.');
    return { encoding: '7bit', encoded: canonical, isClosed, hasDotLine };
  }
  const octets = Buffer.from(canonical);
  const base64 = base64Octets(octets.length);
  // Escaping adds 2 to each octet beyond ASCII: 6 to a character that has 3 octets and 1 unit of UTF-16, and more by
  // their difference to any other. So three times the difference is the least it can add; often that settles it.
  const least = octets.length + 3 * (octets.length - canonical.length);
  const quotedPrintable = least > base64 ? null : quotedPrintableOf(octets);
  if (quotedPrintable !== null && quotedPrintable.length <= base64) {
    return { encoding: 'quoted-printable', encoded: quotedPrintable, isClosed, hasDotLine: false };
  }
  const encoded = writeOctets(base64, (target) => writeBase64(octets, target, 0));
  return { encoding: 'base64', encoded, isClosed: false, hasDotLine: false };
}

function quotedPrintableOf(octets: Buffer): Buffer {
  return writeOctets(quotedPrintableBound(octets.length), (target) => writeQuotedPrintable(octets, target));
}

function canonicalText(field: 'text' | 'html', text: string): string {
  if (typeof text !== 'string') throw new BodyError(field, `found ${typeof text}, a string is wanted`);
  if (!text.isWellFormed()) throw new BodyError(field, 'found a lone surrogate, whole characters are wanted');
  if (text.includes('\0')) throw new BodyError(field, 'found a NUL (U+0000), text is wanted');
  if (!text.includes('\r')) return text.replaceAll('\n', '\r\n');
  if (/\r(?!\n)/.test(text)) throw new BodyError(field, 'found a CR without LF, lines ended by LF or CRLF are wanted');
  return text.replace(/\r?\n/g, '\r\n');
}

const NOT_PLAIN = /[^\t\r\n -~]/;

/**
 * Fit to travel as it is: ASCII in lines that are not too long, with nothing at their end that relays cut off, nothing
 * at their start that mbox files change, and nothing that could be taken for a boundary (boundary.ts).
 */
function isRobust(canonical: string): boolean {
  if (NOT_PLAIN.test(canonical) || canonical.includes('--=_')) return false;
  let start = 0;
  while (start < canonical.length) {
    const found = canonical.indexOf('\r\n', start);
    const end = found < 0 ? canonical.length : found;
    if (end - start > MAX_LINE_OCTETS || canonical.startsWith('From ', start)) return false;
    if (end > start && (canonical[end - 1] === ' ' || canonical[end - 1] === '\t')) return false;
    start = end + 2;
  }
  return true;
}
