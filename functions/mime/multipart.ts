/**
 * The tree of a message's body: text in alternatives, images beside the HTML that shows them, files behind them.
 *
 *     multipart/mixed                      where there are attachments
 *       multipart/related                  where there are inline parts
 *         multipart/alternative            where there is plain text and HTML
 *           text/plain, text/html          the plainest first (RFC 2046 §5.1.4)
 *         image/png …
 *       application/pdf …
 */
import { printable } from '#address';
import type { EncodedPart } from './attachment.ts';
import { BodyError } from './errors.ts';
import { parameterisedField } from './header.ts';
import { encodeText, type TextBody } from './text-body.ts';

/** What a message is put together from, in order: ASCII, a text to be encoded, octets that other mails share. */
export type Segment = string | TextBody | EncodedPart;

/** An entity: its content fields, and its body without a line end at the end. */
export interface Entity {
  /** Content-Type and what belongs to it, each field with its CRLF. */
  readonly fields: string;
  readonly mediaType: string;
  readonly body: readonly Segment[];
}

export interface BodyParts {
  readonly text?: string | undefined;
  readonly html?: string | undefined;
  readonly inline?: readonly EncodedPart[] | undefined;
  readonly attachments?: readonly EncodedPart[] | undefined;
}

/**
 * The body of a message as one entity.
 * @param nextBoundary gives a new boundary at each call
 * @throws BodyError
 */
export function composeBody(
  { text, html, inline = [], attachments = [] }: BodyParts,
  nextBoundary: () => string,
): Entity {
  let entity = readableEntity(text, html, nextBoundary);
  if (inline.length > 0) {
    if (html === undefined) throw new BodyError('inline', 'found inline parts, HTML that shows them is wanted');
    checkContentIds(inline);
    // RFC 2387 §3.1: `type` is a must; §3.2: without `start` the root is the first part, as it is here.
    entity = multipart('related', [entity, ...inline], nextBoundary(), [['type', entity.mediaType]]);
  }
  return attachments.length === 0 ? entity : multipart('mixed', [entity, ...attachments], nextBoundary(), []);
}

function readableEntity(text: string | undefined, html: string | undefined, nextBoundary: () => string): Entity {
  const plain = text === undefined ? null : textEntity('text/plain', encodeText('text', text));
  const rich = html === undefined ? null : textEntity('text/html', encodeText('html', html));
  if (plain !== null && rich !== null) return multipart('alternative', [plain, rich], nextBoundary(), []);
  const only = plain ?? rich;
  if (only === null) throw new BodyError('body', 'found neither text nor HTML, one of them is wanted');
  return only;
}

function textEntity(mediaType: string, body: TextBody): Entity {
  const fields = `Content-Type: ${mediaType}; charset=utf-8\r\nContent-Transfer-Encoding: ${body.encoding}\r\n`;
  return { fields, mediaType, body: [body] };
}

function multipart(
  subtype: string,
  parts: readonly (Entity | EncodedPart)[],
  boundary: string,
  parameters: readonly (readonly [string, string])[],
): Entity {
  const mediaType = `multipart/${subtype}`;
  const body: Segment[] = [];
  let delimiter = `--${boundary}\r\n`;
  for (const part of parts) {
    if ('piece' in part) body.push(delimiter, part);
    else body.push(`${delimiter}${part.fields}\r\n`, ...part.body);
    // The CRLF in front belongs to the delimiter, not to the part (RFC 2046 §5.1.1).
    delimiter = `\r\n--${boundary}\r\n`;
  }
  body.push(`\r\n--${boundary}--`);
  return {
    fields: parameterisedField('Content-Type', mediaType, [...parameters, ['boundary', boundary]]),
    mediaType,
    body,
  };
}

/** RFC 2392 §2: a content id names one part. */
function checkContentIds(inline: readonly EncodedPart[]): void {
  const seen = new Set<string>();
  for (const { contentId } of inline) {
    if (contentId === null) throw new BodyError('inline', 'found an inline part without a content id, one is wanted');
    if (seen.has(contentId))
      throw new BodyError('inline', `found two inline parts called ${printable(contentId)}, one is wanted`);
    seen.add(contentId);
  }
}
