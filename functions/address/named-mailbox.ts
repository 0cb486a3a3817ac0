/** A mailbox with the name of its owner: RFC 5322 §3.4 `mailbox`, without its comments and obsolete forms. */
import { problemInName } from './characters.ts';
import { AddressError } from './errors.ts';
import { isAtext } from './local-part.ts';
import { type Mailbox, parseMailbox } from './mailbox.ts';

export interface NamedMailbox {
  /** What a reader shows; `null` where there is none. Not encoded, not quoted. */
  readonly name: string | null;
  readonly mailbox: Mailbox;
}

const WANTED = 'one mailbox (Name <local-part@domain>)';

/**
 * Reads `Name <a@b>`, `"Na, me" <a@b>`, `<a@b>` or `a@b`; spaces around it are passed over. The mailbox is the one
 * between the brackets, whatever the name looks like. Lists and groups are refused.
 * @throws AddressError
 */
export function parseNamedMailbox(text: string): NamedMailbox {
  const trimmed = trimSpaces(text);
  // An addr-spec holds no "<", so the last one opens the brackets.
  const open = trimmed.lastIndexOf('<');
  if (open < 0 || !trimmed.endsWith('>')) return { name: null, mailbox: parseMailbox(trimmed) };
  const mailbox = parseMailbox(trimmed.slice(open + 1, -1));
  return { name: readName(trimmed.slice(0, open), text), mailbox };
}

function trimSpaces(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && text.charAt(start) === ' ') start++;
  while (end > start && text.charAt(end - 1) === ' ') end--;
  return text.slice(start, end);
}

/**
 * Reads a phrase alone: the name of a mailing list, say.
 * @returns what it says, without quotes; `null` where that is nothing
 * @throws AddressError
 */
export function parsePhrase(text: string): string | null {
  return readName(text, text);
}

/** A phrase: atoms and quoted-strings with spaces between (RFC 5322 §3.2.5), and the dot that people write (§4.1). */
function readName(phrase: string, text: string): string | null {
  const refuse = (problem: string): never => {
    throw new AddressError(text, problem, WANTED);
  };
  const words = [''];
  let inQuotes = false;
  let isEscaped = false;
  for (const character of phrase) {
    const problem = problemInName(character.codePointAt(0) ?? 0);
    if (problem !== null) refuse(`${problem} in the name`);
    if (isEscaped || (inQuotes && character !== '"' && character !== '\\')) {
      words.push(`${words.pop() ?? ''}${character}`);
      isEscaped = false;
    } else if (inQuotes && character === '\\') {
      isEscaped = true;
    } else if (character === '"') {
      inQuotes = !inQuotes;
      words.push('');
    } else if (character === ' ') {
      words.push('');
    } else {
      if (!isInPhrase(character)) refuse(`an unquoted "${character}" in the name`);
      words.push(`${words.pop() ?? ''}${character}`);
    }
  }
  if (inQuotes) refuse('a quotation mark that is never closed');
  const name = words.filter((word) => word !== '').join(' ');
  return name === '' ? null : name;
}

function isInPhrase(character: string): boolean {
  const code = character.charCodeAt(0);
  return code > 127 || character === '.' || isAtext(code);
}
