/** A message put together: header, body and the octets that go to the engine. RFC 5322, RFC 2045 to 2049. */
import type { NamedMailbox } from '#address';
import { Assembly } from './assembly.ts';
import type { EncodedPart } from './attachment.ts';
import { boundaries } from './boundary.ts';
import { customFields } from './custom-fields.ts';
import { HeaderError } from './errors.ts';
import { dateField, mailboxField, messageIdField, unstructuredField } from './header.ts';
import { listFields, type MailingList, oneClickFields } from './list-fields.ts';
import { composeBody, type Refrains, type Segment } from './multipart.ts';
import { Refrain } from './refrain.ts';
import { writeOctets } from './slab.ts';
import { textBound, writeText } from './text-body.ts';

/** What the messages of one mailing have in common. */
export interface Letterhead {
  /** Epoch ms. */
  readonly date: number;
  /** One mailbox: with several, Sender would be a must (RFC 5322 §3.6.2). */
  readonly from: NamedMailbox;
  /** Who submits it, where that is not who wrote it. */
  readonly sender?: NamedMailbox | undefined;
  readonly replyTo?: NamedMailbox | undefined;
  /** The mailing list that it goes to. */
  readonly list?: MailingList | null | undefined;
  /** Further fields in this order; not the ones here, nor Bcc, Content-…, Resent-…, Return-Path, Received, DKIM-Signature. */
  readonly headers?: readonly (readonly [name: string, value: string])[] | undefined;
  /** What boundaries are derived from. Default: each message's id. */
  readonly boundarySeed?: string | undefined;
}

/** What is a message's own. */
export interface Letter {
  /** `left@right`, without angle brackets. */
  readonly messageId: string;
  readonly to: NamedMailbox;
  readonly subject: string;
  /** By which this reader leaves the list with one click: an `https:` URI that nobody else can make (RFC 8058 §3.1). */
  readonly unsubscribe?: string | undefined;
  /** Plain text; lines end with LF or CRLF. One of `text` and `html` is needed. */
  readonly text?: string | undefined;
  /** The same for readers that know AMP; beside `html` only. */
  readonly amp?: string | undefined;
  readonly html?: string | undefined;
  /** An event as iCalendar, with its METHOD (RFC 6047). */
  readonly calendar?: string | undefined;
  /** Parts that `html` shows by their content id. */
  readonly inline?: readonly EncodedPart[];
  readonly attachments?: readonly EncodedPart[];
}

export type Message = Letterhead & Letter;

/** A message as octets: lines end with CRLF, the last one too; not dot-stuffed. */
export interface MailData {
  /** In order. Some may be shared with other mails: not to be changed. */
  readonly pieces: readonly Uint8Array[];
  /** Of all pieces together. */
  readonly octets: number;
  /** No octet above 127: any session will carry it. Otherwise the header names a mailbox that needs SMTPUTF8, and so does the mail. */
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
  return new MessageComposer(message).compose(message);
}

/** Composes the messages of one mailing as `composeMessage` does; what they have in common is looked at and written once. */
export class MessageComposer {
  /** Fields in front of those that differ. */
  readonly #before: string;
  /** Fields behind them, to the first content field. */
  readonly #behind: string;
  readonly #isAscii: boolean;
  /** All mails have one link to leave the list by. */
  readonly #hasLink: boolean;
  readonly #boundarySeed: string | undefined;
  readonly #refrains: Refrains = {
    text: new Refrain(),
    amp: new Refrain(),
    html: new Refrain(),
    calendar: new Refrain(),
  };

  /** @throws HeaderError */
  constructor({ date, from, sender, replyTo, list, headers, boundarySeed }: Letterhead) {
    this.#before =
      dateField(date) +
      mailboxField('From', from) +
      (sender === undefined ? '' : mailboxField('Sender', sender)) +
      (replyTo === undefined ? '' : mailboxField('Reply-To', replyTo));
    this.#isAscii = isAscii(this.#before);
    this.#boundarySeed = boundarySeed;
    const ofList = list === undefined || list === null ? '' : listFields(list);
    // A letter's own link stands beside what is written here: no other may.
    const custom = headers === undefined ? '' : customFields(headers, ofList);
    this.#hasLink = /^List-Unsubscribe/im.test(ofList + custom);
    this.#behind = `${ofList}${custom}MIME-Version: 1.0\r\n`;
  }

  /** @throws HeaderError, BodyError (both ComposeError) */
  compose(letter: Letter): MailData {
    const addressed = mailboxField('To', letter.to);
    const header = this.#before + addressed + this.#ownFields(letter) + this.#behind;
    const body = composeBody(letter, this.#refrains, boundaries(this.#boundarySeed ?? letter.messageId));
    // Nothing but a mailbox brings octets above 127: other fields and all encodings are ASCII.
    return assemble(header, body, this.#isAscii && isAscii(addressed));
  }

  /** Refuses what `compose` refuses of a letter's header, and writes nothing. @throws HeaderError */
  checkHeader(letter: Letter): void {
    mailboxField('To', letter.to);
    this.#ownFields(letter);
  }

  /** Those that differ from letter to letter, behind its mailbox. */
  #ownFields(letter: Letter): string {
    const { subject, messageId } = letter;
    return unstructuredField('Subject', subject) + messageIdField('Message-ID', messageId) + this.#linkFields(letter);
  }

  #linkFields({ unsubscribe }: Letter): string {
    if (unsubscribe === undefined) return '';
    if (this.#hasLink) throw new HeaderError('List-Unsubscribe', 'found this field twice, once is wanted');
    return oneClickFields(unsubscribe);
  }
}

/** @param octets as characters */
function isAscii(octets: string): boolean {
  return !/[\u0080-\u00ff]/.test(octets);
}

/** All that is this message's own goes into one buffer, cut only where a shared piece comes between. */
function assemble(header: string, body: readonly Segment[], sevenBit: boolean): MailData {
  let hasDotLine = header.includes('\n.');
  let pieces: (own: Buffer) => Uint8Array[] = (own) => [own];
  let octets = 0;
  const own = writeOctets(boundOf(header, body), (target, start) => {
    const out = new Assembly(target, start);
    out.write(header);
    for (const segment of body) {
      if (typeof segment === 'string') out.write(segment);
      else if ('piece' in segment) {
        out.write(segment.head);
        out.share(segment.piece);
      } else if (writeText(segment, out)) hasDotLine = true;
    }
    out.endLine();
    octets = out.octets;
    pieces = (own) => out.pieces(own);
    return out.at;
  });
  return { pieces: pieces(own), octets, sevenBit, hasDotLine };
}

function boundOf(header: string, body: readonly Segment[]): number {
  let bound = header.length + 2;
  for (const segment of body) {
    if (typeof segment === 'string') bound += segment.length;
    else bound += 'piece' in segment ? segment.head.length : textBound(segment);
  }
  return bound;
}
