/**
 * The one gate through which a header field leaves: what passes is exactly one field, and says what was given. What
 * would be another field, or end the header, is refused with its field named; nothing is taken out or replaced.
 */
import { type NamedMailbox, printable } from '#address';
import { formatDateTime } from './date-time.ts';
import { encodedWords } from './encoded-word.ts';
import { HeaderError } from './errors.ts';
import { foldField, MAX_LINE_OCTETS, WANTED_LINE_OCTETS } from './folding.ts';
import { parameter } from './parameter.ts';

const MAX_NAME_OCTETS = 76;
/** `ftext` of RFC 5322 §2.2: 33 to 126, but no colon. */
const FIELD_NAME = /^[!-9;-~]+$/;

/** @throws HeaderError where `name` is no field name */
export function checkFieldName(name: string): void {
  if (typeof name !== 'string' || !FIELD_NAME.test(name)) {
    throw new HeaderError(
      String(name),
      `found ${printable(String(name))} as name, printable ASCII without a colon is wanted`,
    );
  }
  if (name.length > MAX_NAME_OCTETS)
    throw new HeaderError(name, `found a name of ${name.length} octets, at most ${MAX_NAME_OCTETS} are wanted`);
}

// Line separators as well: some reader takes each of them for an end of line.
const UNFIT = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/** Text that may stand in a field: no control character, no line separator, no half of a surrogate pair. @throws HeaderError */
export function checkText(field: string, text: string): string {
  if (typeof text !== 'string') throw new HeaderError(field, `found ${typeof text}, a string is wanted`);
  const unfit = UNFIT.exec(text)?.[0];
  if (unfit !== undefined) {
    const codePoint = unfit.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
    throw new HeaderError(field, `found a control character (U+${codePoint}), text on one line is wanted`);
  }
  if (!text.isWellFormed()) throw new HeaderError(field, 'found a lone surrogate, whole characters are wanted');
  return text;
}

const PRINTABLE_ASCII = /^[ -~]*$/;
const STRAY_SPACE = /^ | $| {2}/;

/** Whether text can stand in a field as it is, and be read as it is: no reader may decode it or lose a space. */
function isLiteral(text: string): boolean {
  return PRINTABLE_ASCII.test(text) && !text.includes('=?') && !STRAY_SPACE.test(text);
}

/**
 * A field of unstructured text (RFC 5322 §3.6.5), in encoded-words where it cannot stand as it is.
 * @param maxLineOctets a word that makes a line longer than this is encoded too, so that it can be folded
 */
export function unstructuredField(name: string, text: string, maxLineOctets = WANTED_LINE_OCTETS): string {
  checkText(name, text);
  const isWhole = isLiteral(text);
  if (isWhole && name.length + 2 + text.length <= WANTED_LINE_OCTETS) return `${name}: ${text}\r\n`;
  const words = isWhole ? text.split(' ') : [];
  if (!isWhole || !fitsLines(name, words, maxLineOctets)) return foldField(name, encodedWords(name, text));
  return foldField(name, words);
}

function fitsLines(name: string, words: readonly string[], maxLineOctets: number): boolean {
  return words.every((word, index) => (index === 0 ? name.length + 1 : 0) + 1 + word.length <= maxLineOctets);
}

/** A field whose syntax is its own and ASCII (`References`, `List-Unsubscribe`): as it is, folded at its spaces. @throws HeaderError */
export function structuredField(name: string, value: string): string {
  checkText(name, value);
  if (!PRINTABLE_ASCII.test(value))
    throw new HeaderError(name, 'found a character beyond ASCII, which this field cannot carry');
  return foldField(name, value.trim().split(' '));
}

const ATOMS = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
/** What a phrase says longer than this goes into encoded-words, which can be folded. */
const MAX_UNFOLDED_PHRASE_OCTETS = 64;

/** A field of one mailbox (RFC 5322 §3.6.2). @throws HeaderError also for an address that needs SMTPUTF8 */
export function mailboxField(name: string, { name: owner, mailbox }: NamedMailbox): string {
  const { address } = mailbox;
  if (!mailbox.isAscii) {
    throw new HeaderError(name, `found ${printable(address)}, which needs SMTPUTF8; an address in ASCII is wanted`);
  }
  if (!PRINTABLE_ASCII.test(address) || /[<>]/.test(address)) {
    throw new HeaderError(name, `found ${printable(address)}, an address that was read by parseMailbox is wanted`);
  }
  if (owner === null || owner === '') return foldField(name, [address]);
  return foldField(name, [...phraseUnits(name, checkText(name, owner)), `<${address}>`]);
}

function phraseUnits(field: string, phrase: string): string[] {
  if (phrase.length <= MAX_UNFOLDED_PHRASE_OCTETS && isLiteral(phrase)) {
    if (ATOMS.test(phrase)) return phrase.split(' ');
    return [`"${phrase.replace(/["\\]/g, '\\$&')}"`];
  }
  return encodedWords(field, phrase);
}

export function dateField(epochMs: number): string {
  return `Date: ${formatDateTime(epochMs)}\r\n`;
}

/** `id-left@id-right`, both dot-atom-text, of RFC 5322 §3.6.4. */
const MESSAGE_ID =
  /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
const MAX_MESSAGE_ID_OCTETS = 250;

/** @param id without its angle brackets @throws HeaderError */
export function messageIdField(name: string, id: string): string {
  if (typeof id !== 'string' || id.length > MAX_MESSAGE_ID_OCTETS || !MESSAGE_ID.test(id)) {
    throw new HeaderError(
      name,
      `found ${printable(String(id))}, left@right of at most ${MAX_MESSAGE_ID_OCTETS} octets is wanted`,
    );
  }
  return `${name}: <${id}>\r\n`;
}

/**
 * Content-Type or Content-Disposition with its parameters, each of them kept whole on a line.
 * @param value checked by the caller: a token, or two with a slash
 */
export function parameterisedField(
  name: string,
  value: string,
  parameters: readonly (readonly [string, string])[],
): string {
  const units = parameters.flatMap(([key, text]) => parameter(key, checkText(name, text)));
  const parts = [value, ...units];
  return foldField(
    name,
    parts.map((part, index) => (index < parts.length - 1 ? `${part};` : part)),
  );
}

/** Fields of custom headers that are written at most once: RFC 5322 §3.6, RFC 2369 §3, RFC 2919 §3, RFC 8058. */
const ONCE = new Set(['cc', 'in-reply-to', 'references', 'auto-submitted', 'feedback-id', 'precedence']);
/** Fields with a syntax of their own, in which an encoded-word would be read as it stands (RFC 2047 §5). */
const STRUCTURED = new Set([...ONCE, 'errors-to', 'disposition-notification-to', 'return-receipt-to']);
/** Fields that the composer writes, and those that are not a sender's to write. */
const RESERVED = new Set([
  'date',
  'from',
  'sender',
  'reply-to',
  'to',
  'subject',
  'message-id',
  'mime-version',
  'bcc',
  'return-path',
  'received',
  'dkim-signature',
]);

/**
 * The fields that a campaign adds, through the same gate, in the order given.
 * @throws HeaderError for a field that the composer writes itself, or that is not a sender's to write
 */
export function customFields(headers: readonly (readonly [name: string, value: string])[]): string {
  const written = new Set<string>();
  let fields = '';
  for (const [name, value] of headers) {
    checkFieldName(name);
    const key = name.toLowerCase();
    if (RESERVED.has(key) || key.startsWith('content-') || key.startsWith('resent-')) {
      throw new HeaderError(name, 'found a field that is not to be given here, another name is wanted');
    }
    const isList = key.startsWith('list-');
    if ((isList || ONCE.has(key)) && written.has(key)) {
      throw new HeaderError(name, 'found this field twice, once is wanted');
    }
    written.add(key);
    const isStructured = isList || STRUCTURED.has(key);
    fields += isStructured ? structuredField(name, value) : unstructuredField(name, value, MAX_LINE_OCTETS);
  }
  return fields;
}
