/** What a message contains, parsed when somebody looks at it. */
import PostalMime, { type Attachment, decodeWords, type Email } from 'postal-mime';
import { safeFileName } from './attachment-name.ts';
import { harmlessHtml } from './harmless-html.ts';
import type { InboxStore } from './inbox-store.ts';

export interface MessageView {
  /** In the message's order, encoded-words decoded. */
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly hasHtml: boolean;
  /** `null` where there is no text body part; its beginning where it is very long. */
  readonly text: string | null;
  readonly attachments: readonly AttachmentView[];
  /** Why the message could not be read, or `null`. */
  readonly problem: string | null;
}

export interface AttachmentView {
  /** Its place, from 0: the end of its URL. */
  readonly part: number;
  readonly name: string;
  readonly type: string;
  readonly octets: number;
  /** Shown within the HTML. */
  readonly inline: boolean;
}

export interface PartContent {
  readonly name: string;
  readonly type: string;
  readonly content: Uint8Array;
}

const LONGEST_TEXT = 1_000_000;
/** A page asks for one message's view, its HTML and its images, one after the other. */
const KEPT_MESSAGES = 3;

export class MessageViews {
  readonly #store: InboxStore;
  readonly #kept = new Map<number, Promise<Email | null>>();

  constructor(store: InboxStore) {
    this.#store = store;
  }

  async view(id: number): Promise<MessageView | null> {
    try {
      const email = await this.#parsed(id);
      return email && viewOf(email);
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      return { headers: [], hasHtml: false, text: null, attachments: [], problem };
    }
  }

  /** Fit for the sandboxed frame; `null` where there is none. @param partUrl begins the URLs of body parts */
  async html(id: number, partUrl: string): Promise<string | null> {
    const email = await this.#parsed(id);
    if (email?.html === undefined) return null;
    const { attachments } = email;
    return harmlessHtml(email.html, (contentId) => {
      const place = attachments.findIndex((part) => bareContentId(part) === contentId);
      return place < 0 ? null : `${partUrl}${place}`;
    });
  }

  async part(id: number, place: number): Promise<PartContent | null> {
    const part = (await this.#parsed(id))?.attachments[place];
    return part ? { name: safeFileName(part.filename), type: part.mimeType, content: octetsOf(part) } : null;
  }

  #parsed(id: number): Promise<Email | null> {
    const kept = this.#kept.get(id);
    if (kept) return kept;
    const parsing = this.#store.read(id).then((octets) => octets && PostalMime.parse(octets));
    this.#kept.set(id, parsing);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT_MESSAGES && oldest !== undefined) this.#kept.delete(oldest);
    return parsing;
  }
}

function viewOf(email: Email): MessageView {
  return {
    headers: email.headers.map(({ originalKey, value }) => ({ name: originalKey, value: decodeWords(value) })),
    hasHtml: email.html !== undefined,
    text: email.text?.slice(0, LONGEST_TEXT) ?? null,
    attachments: email.attachments.map((part, place) => ({
      part: place,
      name: safeFileName(part.filename),
      type: part.mimeType,
      octets: octetsOf(part).byteLength,
      inline: part.related === true || part.disposition === 'inline',
    })),
    problem: null,
  };
}

function bareContentId(part: Attachment): string {
  return (part.contentId ?? '').trim().replace(/^<|>$/g, '');
}

function octetsOf({ content }: Attachment): Uint8Array {
  if (typeof content === 'string') return Buffer.from(content);
  return content instanceof Uint8Array ? content : new Uint8Array(content);
}
