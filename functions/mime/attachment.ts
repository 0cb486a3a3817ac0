/** A file as body part in base64: encoded once, its octets then shared by every mail that carries it. */
import { isAscii, isUtf8 } from 'node:buffer';
import { printable } from '#address';
import { base64Octets, writeBase64 } from './base64.ts';
import { HeaderError } from './errors.ts';
import { checkText, parameterisedField } from './header.ts';
import { isPlainValue, plainFallback } from './parameter.ts';

export interface Attachment {
  /** File name as the reader is to see it; no path. */
  readonly name: string;
  /** `type/subtype`, without parameters; not `multipart/…` or `message/…`. */
  readonly type: string;
  /** Encoded before, where mails carry it under different names. */
  readonly content: Uint8Array | EncodedContent;
  readonly disposition: 'attachment' | 'inline';
  /** By which HTML shows it as `cid:…` (RFC 2392); without angle brackets. */
  readonly contentId?: string;
}

/** A file's content in base64, without a name. Only `encodeAttachment` looks inside. */
export interface EncodedContent {
  /** Without a line end at its end. Shared: not to be changed. */
  readonly base64: Uint8Array;
  /** It goes beyond ASCII, and is UTF-8. */
  readonly isUtf8: boolean;
}

/** An encoded body part. Only the composer looks inside. */
export interface EncodedPart {
  /** What each mail writes for itself: header and empty line where others carry the content under other names, else nothing. */
  readonly head: string;
  /** Header, empty line and base64, or base64 alone; without a line end at its end. Shared: not to be changed. */
  readonly piece: Uint8Array;
  /** Of both. */
  readonly octets: number;
  readonly contentId: string | null;
}

/**
 * Encodes a file as body part. The result may be used in any number of messages at once; `content` is not kept.
 * @throws HeaderError naming the field that name, type or content id would have spoilt
 */
export function encodeAttachment(attachment: Attachment): EncodedPart {
  const { content, contentId = null } = attachment;
  const head = `${contentFields(attachment)}\r\n`;
  if (!(content instanceof Uint8Array)) {
    const { base64 } = content;
    return { head, piece: base64, octets: head.length + base64.length, contentId };
  }
  const piece = Buffer.allocUnsafeSlow(head.length + base64Octets(content.length));
  const start = piece.write(head, 'latin1');
  writeBase64(content, piece, start);
  return { head: '', piece, octets: piece.length, contentId };
}

/** Encodes a file that has another name in each mail; `content` is not kept. */
export function encodeContent(content: Uint8Array): EncodedContent {
  const base64 = Buffer.allocUnsafeSlow(base64Octets(content.length));
  writeBase64(content, base64, 0);
  return { base64, isUtf8: isBeyondAscii(content) };
}

function contentFields({ name, type, content, disposition, contentId }: Attachment): string {
  checkFileName(name);
  checkMediaType(type);
  // RFC 2231 stands in Content-Disposition only, and the plain name here: both forms of one parameter in one field is an error to some readers.
  const plain = isPlainValue(name) ? name : plainFallback(name);
  return (
    parameterisedField('Content-Type', type, [...charset(type, content), ['name', plain]]) +
    'Content-Transfer-Encoding: base64\r\n' +
    parameterisedField('Content-Disposition', checkDisposition(disposition), [['filename', name]]) +
    (contentId === undefined ? '' : `Content-ID: <${checkContentId(contentId)}>\r\n`)
  );
}

/**
 * RFC 2046 §4.1.2: a text that names no charset is US-ASCII; so one that is not says UTF-8, where it is that.
 * QUIRK: its line ends stay as the file has them, though a text's are CRLF (§4.1.1): a file that arrives with other
 * octets than were attached fails its checksum and its signature.
 */
function charset(type: string, content: Attachment['content']): [name: string, value: string][] {
  if (!/^text\//i.test(type)) return [];
  const isNamed = content instanceof Uint8Array ? isBeyondAscii(content) : content.isUtf8;
  return isNamed ? [['charset', 'utf-8']] : [];
}

function isBeyondAscii(content: Uint8Array): boolean {
  return !isAscii(content) && isUtf8(content);
}

/** Direction changes can show `exe.gpj` as `jpg.exe`'s mirror; so they, and what has no width, are kept out of file names. */
const DECEPTIVE = /[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]/;

function checkFileName(name: string): void {
  const field = 'Content-Disposition';
  checkText(field, name);
  if (DECEPTIVE.test(name)) {
    throw new HeaderError(field, `found ${printable(name)}, a file name without invisible characters is wanted`);
  }
  if (name === '' || name === '.' || name === '..' || name.includes('/')) {
    throw new HeaderError(field, `found ${printable(name)}, a file name without a path is wanted`);
  }
}

/** `type/subtype` of RFC 6838 §4.2. */
const MEDIA_TYPE = /^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}\/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}$/;

function checkMediaType(type: string): void {
  if (typeof type !== 'string' || !MEDIA_TYPE.test(type)) {
    throw new HeaderError('Content-Type', `found ${printable(String(type))}, type/subtype is wanted`);
  }
  // RFC 2045 §6.4: these may not be encoded in base64.
  if (/^(?:multipart|message)\//i.test(type)) {
    throw new HeaderError('Content-Type', `found ${printable(type)}, a type that is not composite is wanted`);
  }
}

function checkDisposition(disposition: string): string {
  if (disposition === 'attachment' || disposition === 'inline') return disposition;
  throw new HeaderError(
    'Content-Disposition',
    `found ${printable(String(disposition))}, attachment or inline is wanted`,
  );
}

// QUIRK: RFC 2392 wants left@right; HTML is written with "cid:logo", and every reader follows it.
const CONTENT_ID = /^[A-Za-z0-9!#$&'*+/=?^_`{|}~.-]+(?:@[A-Za-z0-9!#$&'*+/=?^_`{|}~.-]+)?$/;
const MAX_CONTENT_ID_OCTETS = 250;

function checkContentId(contentId: string): string {
  if (typeof contentId === 'string' && contentId.length <= MAX_CONTENT_ID_OCTETS && CONTENT_ID.test(contentId)) {
    return contentId;
  }
  throw new HeaderError(
    'Content-ID',
    `found ${printable(String(contentId))}, letters, digits and signs without a space are wanted`,
  );
}
