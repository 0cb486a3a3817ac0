/** A message put together: header, body and the octets that go to the engine. RFC 5322, RFC 2045 to 2049. */
import type { NamedMailbox } from '#address';
import type { EncodedPart } from './attachment.ts';
import { boundaries } from './boundary.ts';
import { customFields } from './custom-fields.ts';
import { dateField, mailboxField, messageIdField, unstructuredField } from './header.ts';
import { composeBody, type Entity, type Segment } from './multipart.ts';
import { writeOctets } from './slab.ts';

export interface Message {
  /** Epoch ms. */
  readonly date: number;
  /** `left@right`, without angle brackets. */
  readonly messageId: string;
  /** One mailbox: with several, Sender would be a must (RFC 5322 §3.6.2). */
  readonly from: NamedMailbox;
  /** Who submits it, where that is not who wrote it. */
  readonly sender?: NamedMailbox;
  readonly replyTo?: NamedMailbox;
  readonly to: NamedMailbox;
  readonly subject: string;
  /** Further fields in this order; not the ones above, nor Bcc, Content-…, Resent-…, Return-Path, Received, DKIM-Signature. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
  /** Plain text; lines end with LF or CRLF. One of `text` and `html` is needed. */
  readonly text?: string;
  readonly html?: string;
  /** Parts that `html` shows by their content id. */
  readonly inline?: readonly EncodedPart[];
  readonly attachments?: readonly EncodedPart[];
  /** What boundaries are derived from. Default: the message id. */
  readonly boundarySeed?: string;
}

/** A message as octets: lines end with CRLF, the last one too; not dot-stuffed. */
export interface MailData {
  /** In order. Some may be shared with other mails: not to be changed. */
  readonly pieces: readonly Uint8Array[];
  /** Of all pieces together. */
  readonly octets: number;
  /** No octet above 127: any session will carry it. */
  readonly sevenBit: boolean;
  /** Some line begins with a dot, so that transparency has something to do (RFC 5321 §4.5.2). */
  readonly hasDotLine: boolean;
}

/**
 * Composes a message. The same message gives the same octets, and only what is its own is written: attachments come
 * as the pieces they already are.
 * @throws HeaderError, BodyError (both ComposeError)
 *
 * @example
 * const from = parseNamedMailbox('Cartero News <news@example.com>');
 * const to = parseNamedMailbox('person@example.org');
 * const data = composeMessage({ date: 0, messageId: '1@example.com', from, to, subject: '¡Hola!', text: 'Hola\n' });
 * Buffer.concat(data.pieces).toString(); // 'Date: Thu, 01 Jan 1970 00:00:00 +0000\r\nFrom: …'
 */
export function composeMessage(message: Message): MailData {
  const header = messageHeader(message);
  const entity = composeBody(message, boundaries(message.boundarySeed ?? message.messageId));
  const segments: Segment[] = [`${header}MIME-Version: 1.0\r\n${entity.fields}\r\n`, ...entity.body];
  if (needsLineEnd(entity)) segments.push('\r\n');
  const pieces = assemble(segments);
  return {
    pieces,
    octets: pieces.reduce((sum, piece) => sum + piece.length, 0),
    // Header and encodings above let nothing else through.
    sevenBit: true,
    hasDotLine:
      header.includes('\n.') ||
      segments.some((segment) => typeof segment === 'object' && 'hasDotLine' in segment && segment.hasDotLine),
  };
}

function messageHeader({ date, from, sender, replyTo, to, subject, messageId, headers }: Message): string {
  return (
    dateField(date) +
    mailboxField('From', from) +
    (sender === undefined ? '' : mailboxField('Sender', sender)) +
    (replyTo === undefined ? '' : mailboxField('Reply-To', replyTo)) +
    mailboxField('To', to) +
    unstructuredField('Subject', subject) +
    messageIdField('Message-ID', messageId) +
    (headers === undefined ? '' : customFields(headers))
  );
}

/** Mail data ends with CRLF (RFC 5321 §4.1.1.4). A text alone may have its own; of anything else the end is ours. */
function needsLineEnd({ body }: Entity): boolean {
  const [only, more] = body;
  if (more !== undefined || typeof only !== 'object' || 'piece' in only) return true;
  return !only.isClosed;
}

/** All that is this message's own goes into one buffer, cut only where a shared piece comes between. */
function assemble(segments: readonly Segment[]): Uint8Array[] {
  const own = writeOctets(
    segments.reduce((sum, segment) => sum + ownOctets(segment), 0),
    (target) => {
      let end = 0;
      for (const segment of segments) end += writeOwn(segment, target, end);
      return end;
    },
  );
  const pieces: Uint8Array[] = [];
  let start = 0;
  let end = 0;
  for (const segment of segments) {
    end += ownOctets(segment);
    if (typeof segment === 'string' || !('piece' in segment)) continue;
    pieces.push(own.subarray(start, end), segment.piece);
    start = end;
  }
  pieces.push(own.subarray(start));
  return pieces;
}

function ownOctets(segment: Segment): number {
  if (typeof segment === 'string') return segment.length;
  return 'piece' in segment ? 0 : segment.encoded.length;
}

function writeOwn(segment: Segment, target: Buffer, at: number): number {
  if (typeof segment === 'string') return target.write(segment, at, 'latin1');
  if ('piece' in segment) return 0;
  const { encoded } = segment;
  return typeof encoded === 'string' ? target.write(encoded, at, 'latin1') : encoded.copy(target, at);
}
