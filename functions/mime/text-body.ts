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
import { quotedPrintableBound, writeQuotedPrintable } from './quoted-printable.ts';
import { writeSevenBit } from './seven-bit.ts';

/** A text that was looked at, and is still to be encoded. */
export interface TextBody {
  readonly mediaType: 'text/plain' | 'text/html';
  /** Its line ends are LF. */
  readonly text: string;
  /** In UTF-8. */
  readonly octets: number;
}

export interface WrittenText {
  /** Index behind the last octet. */
  readonly end: number;
  /** As encoded, some line begins with a dot. */
  readonly hasDotLine: boolean;
}

/** @throws BodyError naming `field` where `text` is no text */
export function textBody(field: 'text' | 'html', text: string): TextBody {
  const mediaType = field === 'text' ? 'text/plain' : 'text/html';
  const lines = linesOf(field, text);
  return { mediaType, text: lines, octets: Buffer.byteLength(lines) };
}

function linesOf(field: 'text' | 'html', text: string): string {
  if (typeof text !== 'string') throw new BodyError(field, `found ${typeof text}, a string is wanted`);
  if (!text.isWellFormed()) throw new BodyError(field, 'found a lone surrogate, whole characters are wanted');
  if (text.includes('\0')) throw new BodyError(field, 'found a NUL (U+0000), text is wanted');
  if (!text.includes('\r')) return text;
  const lines = text.replaceAll('\r\n', '\n');
  if (lines.includes('\r')) throw new BodyError(field, 'found a CR without LF, lines ended by LF or CRLF are wanted');
  return lines;
}

/** More octets than `writeText` ever writes. */
export function textBound({ octets }: TextBody): number {
  // Base64 of the text with CRLF is never longer: 4/3 of twice the octets, and its own line ends.
  return MAX_CONTENT_FIELDS_OCTETS + quotedPrintableBound(octets);
}

const MAX_CONTENT_FIELDS_OCTETS = 100;

/** Content fields and the empty line behind them, by media type and encoding: there are no others. */
const CONTENT_FIELDS = {
  'text/plain': contentFields('text/plain'),
  'text/html': contentFields('text/html'),
} as const;

function contentFields(mediaType: string) {
  const withEncoding = (encoding: string) =>
    `Content-Type: ${mediaType}; charset=utf-8\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n`;
  return {
    '7bit': withEncoding('7bit'),
    'quoted-printable': withEncoding('quoted-printable'),
    base64: withEncoding('base64'),
  };
}

/** Where a text lies as UTF-8 while it is being encoded. */
let source = Buffer.alloc(64 * 1024);

/**
 * Writes content fields, an empty line and the encoded text, which ends without a line end that the text has not.
 * @param target has room for `textBound`
 */
export function writeText(body: TextBody, target: Buffer, at: number): WrittenText {
  const { text, octets, mediaType } = body;
  const fields = CONTENT_FIELDS[mediaType];
  if (source.length < octets) source = Buffer.alloc(2 * octets);
  source.write(text, 'utf8');
  // Nothing that could be taken for a boundary goes as it is (boundary.ts).
  if (octets === text.length && !text.includes('--=_')) {
    const start = at + target.write(fields['7bit'], at, 'latin1');
    const end = writeSevenBit(source, octets, target, start);
    if (end !== null) return { end, hasDotLine: text.startsWith('.') || text.includes('\n.') };
  }
  if (!isBase64Sure(body)) {
    const start = at + target.write(fields['quoted-printable'], at, 'latin1');
    const end = writeQuotedPrintable(source, octets, target, start);
    if (end - start <= base64Octets(octets) || end - start <= base64Octets(canonicalOctets(body)))
      return { end, hasDotLine: false };
  }
  const start = at + target.write(fields.base64, at, 'latin1');
  return { end: writeBase64(Buffer.from(text.replaceAll('\n', '\r\n')), target, start), hasDotLine: false };
}

/**
 * Escaping adds 2 to each octet beyond ASCII: 6 to a character that has 3 octets and 1 unit of UTF-16, and more by their
 * difference to any other. So three times the difference is the least it can add; often that settles it.
 */
function isBase64Sure(body: TextBody): boolean {
  const least = 3 * (body.octets - body.text.length);
  if (least < body.octets / 3) return false;
  const octets = canonicalOctets(body);
  return octets + least > base64Octets(octets);
}

/** Of the text with CRLF at the end of its lines. */
function canonicalOctets({ text, octets }: TextBody): number {
  let count = octets;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++;
  return count;
}
