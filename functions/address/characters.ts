/** What a code point is to an address: harmless, or a way to make two readers see two different mailboxes. */

/** `U+000D`: how a code point is named where showing it would do its harm. */
export function nameCodePoint(codePoint: number): string {
  return `U+${codePoint.toString(16).toUpperCase().padStart(4, '0')}`;
}

// Each pattern is asked about one code point at a time, so none can backtrack.
const CONTROL = /\p{Cc}/u;
const SURROGATE = /\p{Cs}/u;
const LINE_SEPARATOR = /[\p{Zl}\p{Zp}]/u;
const SPACE = /\p{Zs}/u;
const INVISIBLE = /[\p{Cf}\p{Default_Ignorable_Code_Point}]/u;
const NO_CHARACTER = /[\p{Noncharacter_Code_Point}\ufffd]/u;

const PROBLEMS: readonly (readonly [RegExp, string])[] = [
  [CONTROL, 'a control character'],
  [SURROGATE, 'a lone surrogate'],
  [LINE_SEPARATOR, 'a line separator'],
  [SPACE, 'a space'],
  [INVISIBLE, 'an invisible character'],
  [NO_CHARACTER, 'a code point that is no character'],
];

/** Why a code point may not stand in an addr-spec, whatever the part; `null` where it may. */
export function problemOf(codePoint: number): string | null {
  const character = String.fromCodePoint(codePoint);
  for (const [pattern, problem] of PROBLEMS) {
    if (pattern.test(character)) return `${problem} (${nameCodePoint(codePoint)})`;
  }
  return null;
}

/**
 * The direction-changing and zero-width characters that let a display name show another text than it holds. Joiners
 * (U+200C, U+200D), direction marks and variation selectors stay: Persian names, Hebrew ones and emoji need them.
 */
const DECEPTIVE = /[\u200b\u2060-\u2064\u202a-\u202e\u2066-\u206f\ufeff\ufff9-\ufffb]/u;

/** Why a code point may not stand in a display name; `null` where it may. */
export function problemInName(codePoint: number): string | null {
  const character = String.fromCodePoint(codePoint);
  if (DECEPTIVE.test(character)) return `an invisible character (${nameCodePoint(codePoint)})`;
  if (!CONTROL.test(character) && !SURROGATE.test(character) && !LINE_SEPARATOR.test(character)) return null;
  return problemOf(codePoint);
}

const SHOWN_CHARACTERS = 80;
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;

/** A text fit for one line of a log or a terminal: in quotes, cut to 80 characters, what cannot be seen escaped. */
export function printable(text: string): string {
  const cut = text.slice(0, SHOWN_CHARACTERS);
  let shown = '';
  for (const character of cut) {
    if (character === '"' || character === '\\') shown += `\\${character}`;
    else if (UNPRINTABLE.test(character)) shown += escapeUnits(character);
    else shown += character;
  }
  return text.length > SHOWN_CHARACTERS ? `"${shown}…"` : `"${shown}"`;
}

function escapeUnits(character: string): string {
  let escaped = '';
  for (let at = 0; at < character.length; at++) {
    escaped += `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`;
  }
  return escaped;
}
