/** From a planned row to an envelope and the octets of its mail. The same plan and row give the same octets, always. */
import { type Mailbox, parseMailbox, recipientKey } from '#address';
import {
  ComposeError,
  type DkimSigner,
  type EncodedContent,
  type EncodedPart,
  encodeAttachment,
  encodeContent,
  type Letter,
  type MailData,
  MessageComposer,
} from '#mime';
import { RenderError, type TemplateSet } from '#render';
import type { Envelope } from '#smtp';
import { attachmentKey, isTemplate, type LoadedCampaign, lastSegment, typeOf } from './campaign-source.ts';
import { keyOfRun, type LinkKey, linkWith, signedToken } from './list-link.ts';
import { OwnFiles } from './own-files.ts';

export interface Mail {
  readonly envelope: Envelope;
  readonly data: MailData;
}

/** What a row brings to its mail. */
export interface MailRow {
  readonly recipient: string;
  readonly messageId: string;
  readonly fields: Readonly<Record<string, unknown>>;
  /** Epoch ms, where it is not that of the run's other mails. */
  readonly date?: number;
  /** By the place of the attachment in the campaign; `null` where the campaign's own is meant. */
  readonly files?: readonly ({ readonly object: string; readonly content: string } | null)[];
}

/** The row's own mail cannot be made; its neighbours' can. `cause` tells more. */
export class MailError extends Error {
  readonly code = 'ERR_MAIL';
  /** Where the trouble lies, without the words around it. */
  readonly problem: string;
  constructor(recipient: string, problem: string, options?: ErrorOptions) {
    super(`Cannot compose the mail for ${JSON.stringify(recipient)}: ${problem}`, options);
    this.name = 'MailError';
    this.problem = problem;
  }
}

const NO_ATTACHMENTS: readonly EncodedPart[] = [];

/** Composes the mails of one run. What all mails share is read and encoded once. */
export class MailComposer {
  readonly #loaded: LoadedCampaign;
  readonly #date: number;
  /** By the Date of their mails: whoever is sent to by their own clock has another one. */
  readonly #messages = new Map<number, MessageComposer>();
  readonly #ownFiles: OwnFiles;
  readonly #linkKey: LinkKey;
  readonly #plain = new PlainTexts();
  readonly #sign: (data: MailData, date: number) => MailData;
  readonly #inline: readonly EncodedPart[];
  /** `null` where the file differs from recipient to recipient. */
  readonly #attachments: readonly (EncodedPart | EncodedContent | null)[];

  private constructor(
    loaded: LoadedCampaign,
    options: ComposerOptions,
    inline: readonly EncodedPart[],
    attachments: readonly (EncodedPart | EncodedContent | null)[],
  ) {
    this.#loaded = loaded;
    this.#date = options.date;
    this.#messagesOf(options.date);
    this.#ownFiles = new OwnFiles(options.readFile);
    this.#linkKey = keyOfRun(options.linkKeys ?? [], options.date);
    const { signer } = options;
    this.#sign = (data, date) => signer?.sign(data, date) ?? data;
    this.#inline = inline;
    this.#attachments = attachments;
  }

  /** @throws ComposeError where a field of the campaign, or a file's name, type or cid, cannot stand in a header */
  static async open(loaded: LoadedCampaign, options: ComposerOptions): Promise<MailComposer> {
    const { campaign, source } = loaded;
    const inline: EncodedPart[] = [];
    for (const file of campaign.inline) {
      const content = await source.files.read(file.object);
      inline.push(
        encodeAttachment({
          name: lastSegment(file.object),
          type: typeOf(file),
          content,
          disposition: 'inline',
          contentId: file.cid,
        }),
      );
    }
    const attachments: (EncodedPart | EncodedContent | null)[] = [];
    for (const file of campaign.attachments) {
      if (isTemplate(file.object)) attachments.push(null);
      else {
        const content = await source.files.read(file.object);
        // A name that depends on the row leaves only the content to be shared.
        attachments.push(
          file.name !== undefined && isTemplate(file.name)
            ? encodeContent(content)
            : encode(file.name ?? lastSegment(file.object), typeOf(file), content),
        );
      }
    }
    return new MailComposer(loaded, options, inline, attachments);
  }

  #messagesOf(date: number): MessageComposer {
    const known = this.#messages.get(date);
    if (known !== undefined) return known;
    const { campaign } = this.#loaded;
    const messages = new MessageComposer({
      ...campaign,
      date,
      boundarySeed: `${date} ${campaign.from.mailbox.address}`,
    });
    this.#messages.set(date, messages);
    return messages;
  }

  /** @throws MailError */
  async compose(row: MailRow): Promise<Mail> {
    const { date = this.#date } = row;
    try {
      const letter = await this.#letterOf(row);
      if (letter.subject.trim() === '') throw new MailError(row.recipient, 'the subject is blank for this row');
      const data = this.#sign(this.#messagesOf(date).compose(letter), date);
      return { envelope: { reversePath: this.#loaded.campaign.returnPath, forwardPaths: [row.recipient] }, data };
    } catch (error) {
      throw toldOf(row, error);
    }
  }

  /**
   * What the mail would say, for whoever looks at it. Everything is refused that `compose` refuses, but for a blank subject;
   * what cannot be refused is not written.
   * @throws MailError
   */
  async letter(row: MailRow): Promise<DividedLetter> {
    try {
      const pieces: Partial<Record<BodyPart, readonly string[]>> = {};
      const letter = await this.#letterOf(row, (part, fields) => {
        const divided = this.#loaded.templates.pieces(part, fields);
        pieces[part] = divided;
        // Joined it would be copied: whoever reads the pieces never asks for the whole.
        return divided.reduce((whole, piece) => whole + piece, '');
      });
      const messages = this.#messagesOf(row.date ?? this.#date);
      const isSure = letter.html !== undefined && Object.values(pieces).every((each) => this.#plain.all(each));
      if (!isSure) messages.compose(letter);
      else if (letter.calendar === undefined) messages.checkHeader(letter);
      else messages.compose({ ...letter, text: '', amp: undefined, html: undefined, inline: [], attachments: [] });
      return { ...letter, pieces };
    } catch (error) {
      throw toldOf(row, error);
    }
  }

  async #letterOf(
    planned: MailRow,
    write: (part: BodyPart, fields: MailRow['fields']) => string = (part, fields) =>
      this.#loaded.templates[part](fields),
  ): Promise<Letter> {
    const { campaign, templates } = this.#loaded;
    const mailbox = parseMailbox(planned.recipient);
    const unsubscribe = this.#linkOf(mailbox);
    const page = unsubscribe ?? campaign.list?.unsubscribe;
    const given = page === undefined ? planned.fields : { ...planned.fields, unsubscribe: page };
    const fields = templates.prepared(given);
    const row = { ...planned, fields };
    const name = typeof fields.name === 'string' && fields.name !== '' ? fields.name : null;
    return {
      messageId: row.messageId,
      to: { name, mailbox },
      subject: templates.subject(fields),
      unsubscribe,
      text: templates.hasText ? readable(templates, write('text', fields)) : undefined,
      amp: templates.hasAmp ? write('amp', fields) : undefined,
      html: templates.hasHtml ? write('html', fields) : undefined,
      calendar: templates.hasCalendar ? templates.calendar(fields) : undefined,
      inline: this.#inline,
      attachments: campaign.attachments.length === 0 ? NO_ATTACHMENTS : await this.#attachmentsOf(row),
    };
  }

  /** By which one recipient leaves the list with one click. */
  #linkOf(mailbox: Mailbox): string | undefined {
    const { list, oneClick } = this.#loaded.campaign;
    if (list === null || oneClick === null) return undefined;
    const claims = { purpose: 'unsubscribe', list: list.id, recipient: recipientKey(mailbox) } as const;
    return linkWith(oneClick, signedToken(this.#linkKey, claims));
  }

  async #attachmentsOf({ recipient, fields, files }: MailRow): Promise<EncodedPart[]> {
    const { campaign, templates } = this.#loaded;
    const parts: EncodedPart[] = [];
    for (const [index, attachment] of campaign.attachments.entries()) {
      const shared = this.#attachments[index] ?? null;
      if (shared !== null && 'piece' in shared) {
        parts.push(shared);
        continue;
      }
      const file = files?.[index] ?? null;
      const object = file?.object ?? attachment.object;
      const content = shared ?? (file === null ? null : await this.#ownFiles.encoded(file.content));
      if (content === null) throw new Error(`Cannot compose: the plan pins no file for attachments.${index}`);
      const name =
        attachment.name === undefined ? lastSegment(object) : templates.named(attachmentKey(index, 'name'), fields);
      try {
        parts.push(encode(name, typeOf({ ...attachment, object }), content));
      } catch (error) {
        // By the campaign's word for it: nobody wrote a Content-Disposition.
        if (!(error instanceof ComposeError)) throw error;
        throw new MailError(recipient, `"attachments.${index}": ${error.problem}`, { cause: error });
      }
    }
    return parts;
  }
}

/** HTML in which nothing is to be read makes no text, rather than a blank one. */
function readable(templates: TemplateSet, text: string): string | undefined {
  return text === '' && templates.isTextMade ? undefined : text;
}

export interface ComposerOptions {
  /** Epoch ms; the Date of every mail whose row has none of its own. */
  readonly date: number;
  /** Reads what the plan pinned, by its SHA-256. */
  readonly readFile: (content: string) => Promise<Uint8Array>;
  /** What signs the links of list mail. Default: none, and such links open nothing: for mail that is only looked at. */
  readonly linkKeys?: readonly LinkKey[];
  /** Signs each mail by the time of its Date. Default: nobody does. */
  readonly signer?: DkimSigner | undefined;
}

type BodyPart = 'text' | 'amp' | 'html';

/** A letter, and its texts as its templates have written them, piece by piece. */
export interface DividedLetter extends Letter {
  readonly pieces: Readonly<Partial<Record<BodyPart, readonly string[]>>>;
}

/** Texts that are kept, of so many characters together. */
const MAX_PLAIN_CHARACTERS = 1 << 22;
const SHORT_TEXT = 512;

/** Knows of the texts that mails share that no composer refuses them. */
class PlainTexts {
  readonly #known = new Set<string>();
  #characters = 0;

  all(texts: readonly string[]): boolean {
    return texts.every((text) => (text.length < SHORT_TEXT ? isPlain(text) : this.#isPlain(text)));
  }

  #isPlain(text: string): boolean {
    if (this.#known.has(text)) return true;
    if (!isPlain(text)) return false;
    if (this.#characters >= MAX_PLAIN_CHARACTERS) {
      this.#known.clear();
      this.#characters = 0;
    }
    this.#known.add(text);
    this.#characters += text.length;
    return true;
  }
}

/** No text of such signs is refused by the composer, wherever it is divided. */
function isPlain(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0') && (!text.includes('\r') || !/\r(?!\n)/.test(text));
}

/** The row's own trouble as its MailError; any other error as it is. */
function toldOf({ recipient }: MailRow, error: unknown): unknown {
  if (error instanceof RenderError) {
    const variable = error.variable === null ? '' : `"${error.variable}": `;
    const place = error.line === null ? error.template : `${error.template}:${error.line}`;
    return new MailError(recipient, `${variable}${error.problem} (${place})`, { cause: error });
  }
  if (error instanceof ComposeError)
    return new MailError(recipient, `"${error.field}": ${error.problem}`, { cause: error });
  return error;
}

function encode(name: string, type: string, content: Uint8Array | EncodedContent): EncodedPart {
  return encodeAttachment({ name, type, content, disposition: 'attachment' });
}
