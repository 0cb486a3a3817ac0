/**
 * How text that came from outside is shown: on one line, with nothing in it that a terminal, a log or a table could
 * take for its own. Servers put control octets, ANSI sequences and line breaks of other alphabets into replies.
 */

/** Longest text shown in an error or a record, in characters. */
export const SHOWN_CHARACTERS = 512;

// C0, DEL, C1, line and paragraph separators, and the marks that turn the direction of what follows.
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** What most texts are: there is nothing to do. */
const PLAIN = /^[ -~]*$/;

/** One line, control characters as `\u001b`, cut at {@link SHOWN_CHARACTERS}. Backslashes stay as they are. */
export function printable(text: string): string {
  if (text.length <= SHOWN_CHARACTERS && PLAIN.test(text)) return text;
  const cut = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
  return escapeControls(cut.toWellFormed());
}

/** The whole text, control characters as `\u001b`. */
export function escapeControls(text: string): string {
  return text.replace(CONTROL, escapeCharacter);
}

/** The same between double quotes, for error messages. */
export function quoted(text: string): string {
  return `"${printable(text)}"`;
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
