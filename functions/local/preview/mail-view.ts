/** A composed mail taken apart, as a mail program would. */
import PostalMime, { type Attachment, decodeWords, type Email } from 'postal-mime';
import { harmlessHtml } from '../inbox/harmless-html.ts';
import { type PartSize, partSizes } from './part-tree.ts';

export interface MailView {
  readonly subject: string;
  readonly from: string;
  readonly to: string;
  /** The first words of the HTML, or of the text, which lists of mails show behind the subject. */
  readonly preheader: string;
  readonly octets: number;
  readonly hasHtml: boolean;
  readonly text: string | null;
  /** In the order in which they stand, encoded-words read. */
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly parts: readonly PartSize[];
}

const PREHEADER = 140;

export function viewOf(email: Email, octets: Uint8Array): MailView {
  const { html, text, headers } = email;
  const header = (key: string): string => decodeWords(headers.find((field) => field.key === key)?.value ?? '');
  return {
    subject: header('subject'),
    from: header('from'),
    to: header('to'),
    preheader: preheaderOf(html, text),
    octets: octets.byteLength,
    hasHtml: html !== undefined,
    text: text ?? null,
    headers: headers.map(({ originalKey, value }) => ({ name: originalKey, value: decodeWords(value) })),
    parts: partSizes(octets),
  };
}

export function parseMail(octets: Uint8Array): Promise<Email> {
  return PostalMime.parse(octets);
}

/** Fit for the sandboxed frame. @param partUrl begins the URLs of body parts */
export function frameHtml({ html, attachments }: Email, partUrl: string): string | null {
  if (html === undefined) return null;
  return harmlessHtml(html, (id) => {
    const place = attachments.findIndex(({ contentId }) => contentId?.trim().replace(/^<|>$/g, '') === id);
    return place < 0 ? null : `${partUrl}${place}`;
  });
}

export function contentOf({ content }: Attachment): Uint8Array {
  if (typeof content === 'string') return Buffer.from(content);
  return content instanceof Uint8Array ? content : new Uint8Array(content);
}

/** Roughly what readers do: no styles, no head, no tags, white space as one space. It is only ever set as text. */
function preheaderOf(html: string | undefined, text: string | undefined): string {
  const words =
    html === undefined
      ? (text ?? '')
      : html
          .replace(/<(head|style|script|title)\b[\s\S]*?<\/\1>/gi, ' ')
          .replace(/<!--[\s\S]*?-->/g, ' ')
          .replace(/<[^>]*>/g, ' ')
          .replace(/&#(?:x([0-9a-f]{1,6})|(\d{1,7}));/gi, (_, hex, decimal) => characterOf(hex, decimal))
          .replace(/&(?:nbsp|zwnj|zwj|shy);/g, ' ')
          .replace(/&lt;/g, '<')
          .replace(/&gt;/g, '>')
          .replace(/&quot;/g, '"')
          .replace(/&amp;/g, '&');
  // What fills up the list behind a preheader is made of characters that show nothing.
  return words
    .replace(/(?:\s|\u00ad|\u034f|\u200b|\u200c|\u200d)+/g, ' ')
    .trim()
    .slice(0, PREHEADER);
}

function characterOf(hex: string | undefined, decimal: string | undefined): string {
  const point = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
  return point <= 0x10ffff ? String.fromCodePoint(point) : '';
}
