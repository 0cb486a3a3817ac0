/** The fields by which readers know a mailing list and its subscribers leave it: RFC 2919, RFC 2369, RFC 8058. */
import { AddressError, parsePhrase, printable } from '#address';
import { HeaderError } from './errors.ts';
import { MAX_LINE_OCTETS } from './folding.ts';
import { phraseField } from './header.ts';

/** What the mails of one list say of it. */
export interface MailingList {
  /** What a reader shows; `null` where there is nothing but the id. */
  readonly name: string | null;
  /** `label.domain`, without angle brackets; the same for as long as the list lives. */
  readonly id: string;
  /** Where a subscriber is helped: an `https:` or `mailto:` URI. */
  readonly help?: string | undefined;
  /** Where each subscriber leaves by hand: an `https:` URI. A link of each one's own belongs to the letter. */
  readonly unsubscribe?: string | undefined;
}

/** `dot-atom-text "." dot-atom-text` of RFC 2919 §2. */
const LIST_ID = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)+$/;
/** RFC 2919 §2. */
const MAX_LIST_ID_OCTETS = 255;

/**
 * Reads `News <news.example.com>` or `<news.example.com>`.
 * @throws HeaderError where it is not one list's id in angle brackets
 */
export function parseListId(text: string): Pick<MailingList, 'name' | 'id'> {
  const open = text.lastIndexOf('<');
  const id = text.slice(open + 1, -1);
  if (open < 0 || !text.endsWith('>') || !isListId(id)) throw refusedId(text);
  try {
    return { name: parsePhrase(text.slice(0, open)), id };
  } catch (error) {
    if (error instanceof AddressError) throw new HeaderError('List-Id', `found ${error.problem}, a name is wanted`);
    throw error;
  }
}

function isListId(id: string): boolean {
  return id.length <= MAX_LIST_ID_OCTETS && LIST_ID.test(id);
}

function refusedId(text: string): HeaderError {
  return new HeaderError('List-Id', `found ${printable(text)}, a name and <label.domain> are wanted`);
}

/** What all mails of a list say alike. @throws HeaderError */
export function listFields({ name, id, help, unsubscribe }: MailingList): string {
  if (!isListId(id)) throw refusedId(id);
  return (
    phraseField('List-Id', name, `<${id}>`) +
    (help === undefined ? '' : uriField('List-Help', help, HELP)) +
    (unsubscribe === undefined ? '' : uriField('List-Unsubscribe', unsubscribe, SECURE))
  );
}

/**
 * A link by which one subscriber leaves with one click (RFC 8058 §3.1), in both fields that this takes.
 * @param uri `https:`, hard to forge, and of this subscriber alone
 * @throws HeaderError
 */
export function oneClickFields(uri: string): string {
  return `${uriField('List-Unsubscribe', uri, SECURE)}List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n`;
}

// No angle bracket and no white space, which would end a URI in its field; no comma, which some readers take for the next one.
const SECURE = /^https:\/\/[!-+\--;=?-~]+$/;
const HELP = /^(?:https:\/\/|mailto:)[!-+\--;=?-~]+$/;

/** RFC 2369 §2: a URI in angle brackets. What has its form is ASCII without a space, so that it stands as it is, on one line. */
function uriField(name: string, uri: string, form: RegExp): string {
  if (typeof uri !== 'string' || !form.test(uri)) {
    const wanted = form === SECURE ? 'https://' : 'https:// or mailto:';
    throw new HeaderError(name, `found ${printable(String(uri))}, a URI in ASCII that begins with ${wanted} is wanted`);
  }
  const field = `${name}: <${uri}>`;
  if (field.length > MAX_LINE_OCTETS)
    throw new HeaderError(name, `found ${field.length} octets on its line, at most ${MAX_LINE_OCTETS} are wanted`);
  return `${field}\r\n`;
}
