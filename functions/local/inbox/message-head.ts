/**
 * What a list of messages shows of each, read from the message's first octets alone: nothing here looks at the body,
 * so that receiving costs the same for a mail of 1 kB and of 20 MB.
 */
import { decodeWords } from 'postal-mime';

export interface MessageHead {
  /** Header fields as a reader sees them, encoded-words decoded (RFC 2047); `''` where absent. */
  readonly from: string;
  readonly to: string;
  readonly subject: string;
  /** A text/html part begins within the octets looked at. */
  readonly hasHtml: boolean;
  /** The message is multipart/mixed, as messages with attachments are. */
  readonly hasAttachment: boolean;
}

/** How many octets of a message are enough for `readHead`. */
export const HEAD_OCTETS = 16 * 1024;

const LONGEST_FIELD = 500;

/** @param octets the message's beginning */
export function readHead(octets: Uint8Array): MessageHead {
  const text = Buffer.from(octets.buffer, octets.byteOffset, Math.min(octets.byteLength, HEAD_OCTETS)).toString();
  const end = /\r?\n\r?\n/.exec(text);
  const fields = headerFields(end ? text.slice(0, end.index) : text);
  const type = fields.get('content-type') ?? '';
  return {
    from: shown(fields.get('from')),
    to: shown(fields.get('to')),
    subject: shown(fields.get('subject')),
    hasHtml: /^content-type:\s*text\/html/im.test(text),
    hasAttachment: /^multipart\/mixed/i.test(type),
  };
}

/** The first field of each name, unfolded (RFC 5322 §2.2.3). */
function headerFields(head: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of head.replace(/\r?\n(?=[ \t])/g, '').split(/\r?\n/)) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0)).trimEnd().toLowerCase();
    if (name !== '' && !fields.has(name)) fields.set(name, line.slice(colon + 1).trim());
  }
  return fields;
}

function shown(field: string | undefined): string {
  if (field === undefined) return '';
  const decoded = decodeWords(field.slice(0, 8 * LONGEST_FIELD));
  return decoded.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ').slice(0, LONGEST_FIELD);
}
