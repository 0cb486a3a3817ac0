/**
 * A text as body part: canonical line ends, and the transfer encoding chosen by measuring (RFC 2045 §6).
 *
 * A text is a sequence of lines. `\n` and `\r\n` both end one and become CRLF, which is what every transfer encoding of
 * text starts from (RFC 2049 §4); nothing else is changed. A lone CR, a NUL and half a surrogate pair are no text, and
 * are refused. Then: 7bit if it is short-lined ASCII that no relay has reason to touch, else the shorter of
 * quoted-printable and base64.
 */
import type { Assembly } from './assembly.ts';
import { base64Octets, writeBase64 } from './base64.ts';
import { BodyError } from './errors.ts';
import { quotedPrintableBound, writeQuotedPrintable } from './quoted-printable.ts';
import type { Refrain } from './refrain.ts';
import { writeSevenBit } from './seven-bit.ts';
import type { Stretch } from './stretch.ts';
import { utf8Of } from './utf8.ts';

/** A text that was looked at, and is still to be encoded. */
export interface TextBody {
  /** With its parameters but for the charset. */
  readonly mediaType: string;
  /** Its line ends are LF. */
  readonly text: string;
  /** In UTF-8. */
  readonly octets: number;
  /** The same text in order: strings, and whole lines that other mails have, too. */
  readonly parts: readonly (string | Stretch)[];
}

/** Which of a message's texts it is. */
export type TextField = 'text' | 'amp' | 'html' | 'calendar';

/**
 * @param mediaType with its parameters; one of few, for its content fields are kept
 * @param refrain what the mailing's texts of this field have in common
 * @throws BodyError naming `field` where `text` is no text
 */
export function textBody(field: TextField, text: string, mediaType: string, refrain: Refrain): TextBody {
  const lines = linesOf(field, text);
  const parts = refrain.partsOf(lines);
  let octets = 0;
  for (const part of parts) octets += typeof part === 'string' ? Buffer.byteLength(part) : part.octets;
  return { mediaType, text: lines, octets, parts };
}

function linesOf(field: TextField, text: string): string {
  if (typeof text !== 'string') throw new BodyError(field, `found ${typeof text}, a string is wanted`);
  if (!text.isWellFormed()) throw new BodyError(field, 'found a lone surrogate, whole characters are wanted');
  if (text.includes('\0')) throw new BodyError(field, 'found a NUL (U+0000), text is wanted');
  if (!text.includes('\r')) return text;
  const lines = text.replaceAll('\r\n', '\n');
  if (lines.includes('\r')) throw new BodyError(field, 'found a CR without LF, lines ended by LF or CRLF are wanted');
  return lines;
}

/** More octets than `writeText` ever writes; what is shared is not written. */
export function textBound({ octets, parts }: TextBody): number {
  let own = octets;
  for (const part of parts) if (typeof part !== 'string') own -= part.octets;
  // Base64 of the text with CRLF is never longer: 4/3 of twice the octets, and its own line ends.
  return MAX_CONTENT_FIELDS_OCTETS + quotedPrintableBound(own);
}

const MAX_CONTENT_FIELDS_OCTETS = 120;

type ContentFields = Readonly<Record<'7bit' | 'quoted-printable' | 'base64', string>>;

/** Content fields and the empty line behind them, by media type and encoding. */
const CONTENT_FIELDS = new Map<string, ContentFields>();

function contentFieldsOf(mediaType: string): ContentFields {
  const known = CONTENT_FIELDS.get(mediaType);
  if (known !== undefined) return known;
  const withEncoding = (encoding: string) =>
    `Content-Type: ${mediaType}; charset=utf-8\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n`;
  const fields = {
    '7bit': withEncoding('7bit'),
    'quoted-printable': withEncoding('quoted-printable'),
    base64: withEncoding('base64'),
  };
  CONTENT_FIELDS.set(mediaType, fields);
  return fields;
}

/**
 * Writes content fields, an empty line and the encoded text, which ends without a line end that the text has not.
 * @param out has room for `textBound`
 * @returns whether, as encoded, some line begins with a dot
 */
export function writeText(body: TextBody, out: Assembly): boolean {
  const { text, octets, mediaType } = body;
  const fields = contentFieldsOf(mediaType);
  const start = out.mark();
  // Nothing that could be taken for a boundary goes as it is (boundary.ts).
  if (octets === text.length && !text.includes('--=_')) {
    out.write(fields['7bit']);
    if (writeAsSevenBit(body, out)) return text.startsWith('.') || text.includes('\n.');
    out.backTo(start);
  }
  if (!isBase64Sure(body)) {
    out.write(fields['quoted-printable']);
    const before = out.octets;
    writeAsQuotedPrintable(body, out);
    const written = out.octets - before;
    if (written <= base64Octets(octets) || written <= base64Octets(canonicalOctets(body))) return false;
    out.backTo(start);
  }
  out.write(fields.base64);
  writeAsBase64(body, out);
  return false;
}

/** Line for line, so that it does not matter where stretches begin and end. @returns whether it may travel so */
function writeAsSevenBit({ parts }: TextBody, out: Assembly): boolean {
  for (const part of parts) {
    if (typeof part === 'string') {
      // ASCII: as many octets as characters.
      const end = writeSevenBit(utf8Of(part, part.length), part.length, out.target, out.at);
      if (end === null) return false;
      out.at = end;
    } else {
      const { sevenBit } = part;
      if (sevenBit === null) return false;
      out.share(sevenBit);
    }
  }
  return true;
}

function writeAsQuotedPrintable({ parts }: TextBody, out: Assembly): void {
  for (const part of parts) {
    if (typeof part === 'string') {
      const octets = Buffer.byteLength(part);
      out.at = writeQuotedPrintable(utf8Of(part, octets), octets, out.target, out.at);
    } else {
      out.share(part.quotedPrintable);
    }
  }
}

/** Base64 knows no lines, so nothing of it is shared. */
function writeAsBase64({ text, parts }: TextBody, out: Assembly): void {
  const content = Buffer.from(text.replaceAll('\n', '\r\n'));
  if (parts.length === 1) {
    out.at = writeBase64(content, out.target, out.at);
    return;
  }
  // The room that was asked for is for what is not shared.
  const encoded = Buffer.allocUnsafeSlow(base64Octets(content.length));
  writeBase64(content, encoded, 0);
  out.share(encoded);
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
