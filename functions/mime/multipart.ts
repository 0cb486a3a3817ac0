/**
 * The tree of a message's body: text in alternatives, images beside the HTML that shows them, files behind them.
 *
 *     multipart/mixed                      where there are attachments
 *       multipart/related                  where there are inline parts
 *         multipart/alternative            where there is more than one text
 *           text/plain                     the plainest first (RFC 2046 §5.1.4)
 *           text/x-amp-html                in front of the HTML, since some readers show the last that they know
 *           text/html
 *           text/calendar; method=…        an event; last, and seen only by readers that know it
 *         image/png …
 *       application/pdf …
 */
import { printable } from '#address';
import type { EncodedPart } from './attachment.ts';
import { SAMPLE_BOUNDARY } from './boundary.ts';
import { calendarText } from './calendar.ts';
import { BodyError } from './errors.ts';
import { parameterisedField } from './header.ts';
import type { Refrain } from './refrain.ts';
import { type TextBody, type TextField, textBody } from './text-body.ts';

/**
 * What a message is put together from, in order: ASCII, a text with its content fields still to be written, octets that
 * other mails share.
 */
export type Segment = string | TextBody | EncodedPart;

/** An entity, from its content fields to its body's end, without a line end there. */
interface Entity {
  readonly mediaType: string;
  readonly segments: readonly Segment[];
}

export interface BodyParts {
  readonly text?: string | undefined;
  readonly amp?: string | undefined;
  readonly html?: string | undefined;
  readonly calendar?: string | undefined;
  readonly inline?: readonly EncodedPart[] | undefined;
  readonly attachments?: readonly EncodedPart[] | undefined;
}

const NONE: readonly EncodedPart[] = [];

/** What the texts of one mailing have in common, each kind for itself. */
export type Refrains = Readonly<Record<TextField, Refrain>>;

/**
 * The body of a message with its content fields.
 * @param nextBoundary gives a new boundary at each call
 * @throws BodyError
 */
export function composeBody(parts: BodyParts, refrains: Refrains, nextBoundary: () => string): readonly Segment[] {
  const { html, inline = NONE, attachments = NONE } = parts;
  let entity = readableEntity(parts, refrains, nextBoundary);
  if (inline.length > 0) {
    if (html === undefined) throw new BodyError('inline', 'found inline parts, HTML that shows them is wanted');
    checkContentIds(inline);
    // RFC 2387 §3.1: `type` is a must; §3.2: without `start` the root is the first part, as it is here.
    entity = multipart('related', entity, inline, nextBoundary());
  }
  return attachments.length === 0 ? entity.segments : multipart('mixed', entity, attachments, nextBoundary()).segments;
}

function readableEntity(parts: BodyParts, refrains: Refrains, nextBoundary: () => string): Entity {
  const { text, amp, html, calendar } = parts;
  const texts: TextBody[] = [];
  const add = (field: TextField, content: string | undefined, mediaType: string) => {
    if (content !== undefined) texts.push(textBody(field, content, mediaType, refrains[field]));
  };
  add('text', text, 'text/plain');
  add('amp', amp, 'text/x-amp-html');
  add('html', html, 'text/html');
  if (calendar !== undefined) {
    const event = calendarText(calendar);
    add('calendar', event.text, event.mediaType);
  }
  const [first, ...others] = texts;
  if (first === undefined || (text === undefined && html === undefined))
    throw new BodyError('body', 'found neither text nor HTML, one of them is wanted');
  if (amp !== undefined && html === undefined)
    throw new BodyError('amp', 'found AMP without HTML, which most readers need beside it');
  const entity = { mediaType: first.mediaType, segments: [first] };
  return others.length === 0 ? entity : multipart('alternative', entity, others, nextBoundary());
}

function multipart(
  subtype: 'alternative' | 'related' | 'mixed',
  first: Entity,
  others: readonly (EncodedPart | TextBody)[],
  boundary: string,
): Entity {
  const mediaType = `multipart/${subtype}`;
  // The CRLF in front belongs to the delimiter, not to the part (RFC 2046 §5.1.1).
  const delimiter = `\r\n--${boundary}\r\n`;
  const segments: Segment[] = [
    `${typeField(mediaType, subtype === 'related' ? first.mediaType : null, boundary)}${delimiter}`,
    ...first.segments,
  ];
  for (const part of others) segments.push(delimiter, part);
  segments.push(`\r\n--${boundary}--`);
  return { mediaType, segments };
}

/** Fields folded before, without their boundary: boundaries are all of one length, so the folds are the same. */
const folded = new Map<string, readonly [before: string, behind: string]>();

function typeField(mediaType: string, root: string | null, boundary: string): string {
  const key = `${mediaType} ${root}`;
  const [before, behind] = folded.get(key) ?? fold(key, mediaType, root);
  return before + boundary + behind;
}

function fold(key: string, mediaType: string, root: string | null): readonly [string, string] {
  const parameters: [string, string][] = root === null ? [] : [['type', root]];
  const field = parameterisedField('Content-Type', mediaType, [...parameters, ['boundary', SAMPLE_BOUNDARY]]);
  const [before = '', behind = ''] = field.split(SAMPLE_BOUNDARY);
  folded.set(key, [before, behind]);
  return [before, behind];
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
