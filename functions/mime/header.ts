/**
 * The one gate through which a header field leaves: what passes is exactly one field, and says what was given. What
 * would be another field, or end the header, is refused with its field named; nothing is taken out or replaced.
 */
import { AddressError, type NamedMailbox, parseMailbox, printable } from '#address';
import { formatDateTime } from './date-time.ts';
import { encodedWords } from './encoded-word.ts';
import { HeaderError } from './errors.ts';
import { ENCODED_LINE_OCTETS, foldField, WANTED_LINE_OCTETS } from './folding.ts';
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
  if (isWhole && fitsLines(name, words, maxLineOctets)) return foldField(name, words);
  return foldField(name, encodedWords(name, text), ENCODED_LINE_OCTETS);
}

function fitsLines(name: string, words: readonly string[], maxLineOctets: number): boolean {
  return words.every((word, index) => (index === 0 ? name.length + 1 : 0) + 1 + word.length <= maxLineOctets);
}

/**
 * A field whose syntax is its own and ASCII (`References`, `List-Unsubscribe`): as it is, folded at its spaces.
 * @throws HeaderError
 */
export function structuredField(name: string, value: string): string {
  checkText(name, value);
  if (!PRINTABLE_ASCII.test(value)) {
    throw new HeaderError(name, 'found a character beyond ASCII, which this field cannot carry');
  }
  if (/^ | $/.test(value)) throw new HeaderError(name, 'found a space at an end of the value, none is wanted');
  return foldField(name, value.split(' '));
}

/** `atext` of RFC 5322 §3.2.3. */
const ATEXT = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]";
const ATOMS = new RegExp(`^${ATEXT}+(?: ${ATEXT}+)*$`);
/** What a phrase says longer than this goes into encoded-words, which can be folded. */
const MAX_UNFOLDED_PHRASE_OCTETS = 64;

/**
 * A field of one mailbox (RFC 5322 §3.6.2). One that needs SMTPUTF8 stands in it as UTF-8 (RFC 6532 §3.2), each octet as a
 * character; the name takes encoded-words all the same, which every reader knows.
 * @throws HeaderError
 */
export function mailboxField(name: string, { name: owner, mailbox }: NamedMailbox): string {
  const address = addressOctets(name, mailbox.address);
  // A quoted local part that stands bare is read as something else by many a reader, to whom quotes begin a name.
  if ((owner === null || owner === '') && !address.startsWith('"')) return foldField(name, [address]);
  return phraseField(name, owner, `<${address}>`);
}

/**
 * A field of a phrase and what it names, in angle brackets.
 * @param bracketed checked by the caller
 * @throws HeaderError
 */
export function phraseField(name: string, phrase: string | null, bracketed: string): string {
  if (phrase === null || phrase === '') return foldField(name, [bracketed]);
  const units = plainPhrase(checkText(name, phrase));
  if (units !== null) return foldField(name, [...units, bracketed]);
  return foldField(name, [...encodedWords(name, phrase), bracketed], ENCODED_LINE_OCTETS);
}

/** A mailbox may have been made by hand: it is looked at, not believed. */
function addressOctets(name: string, address: string): string {
  const isPlain = PRINTABLE_ASCII.test(address) && !/[<>]/.test(address);
  if (isPlain) return address;
  if (!PRINTABLE_ASCII.test(address) && isRead(address)) return Buffer.from(address).toString('latin1');
  throw new HeaderError(name, `found ${printable(address)}, an address that was read by parseMailbox is wanted`);
}

function isRead(address: string): boolean {
  try {
    return parseMailbox(address).address === address;
  } catch (error) {
    if (error instanceof AddressError) return false;
    throw error;
  }
}

/** A phrase as atoms or one quoted-string (RFC 5322 §3.2.5); `null` where it takes encoded-words. */
function plainPhrase(phrase: string): string[] | null {
  if (phrase.length > MAX_UNFOLDED_PHRASE_OCTETS || !isLiteral(phrase)) return null;
  if (ATOMS.test(phrase)) return phrase.split(' ');
  return [`"${phrase.replace(/["\\]/g, '\\$&')}"`];
}

export function dateField(epochMs: number): string {
  return `Date: ${formatDateTime(epochMs)}\r\n`;
}

/** `id-left@id-right`, both dot-atom-text, of RFC 5322 §3.6.4. */
const MESSAGE_ID = new RegExp(`^${ATEXT}+(?:\\.${ATEXT}+)*@${ATEXT}+(?:\\.${ATEXT}+)*$`);
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
