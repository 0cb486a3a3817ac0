/**
 * SASLprep (RFC 4013): user names and passwords as client and server compare them, whatever keyboard wrote them. They are
 * query strings (RFC 5802 §5.1), so code points that Unicode 3.2 has not assigned may be in them.
 */
import { SettingsError } from './errors.ts';

// The tables are RFC 3454's.
/** B.1: mapped to nothing. */
const NOTHING = /\u00ad|\u034f|\u1806|[\u180b-\u180d]|\u200c|\u200d|\u2060|[\ufe00-\ufe0f]|\ufeff/gu;
/** C.1.2: spaces that are not ASCII's. U+200B is in B.1 too; it is taken for a space, as most implementations do. */
const SPACES = /[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/gu;
/** C.2.1 to C.9: controls, private use, noncharacters, surrogates, what is not for plain text, display and tags. */
const PROHIBITED = new RegExp(
  [
    '[\\u0000-\\u001f\\u007f-\\u009f\\u06dd\\u070f\\u180e\\u200c\\u200d\\u2028\\u2029\\u2060-\\u2063\\u206a-\\u206f',
    '\\ufeff\\ufff9-\\ufffd\\u{1d173}-\\u{1d17a}',
    '\\ue000-\\uf8ff\\u{f0000}-\\u{ffffd}\\u{100000}-\\u{10fffd}',
    '\\p{Noncharacter_Code_Point}\\p{Surrogate}',
    '\\u2ff0-\\u2ffb\\u0340\\u0341\\u200e\\u200f\\u202a-\\u202e\\u{e0001}\\u{e0020}-\\u{e007f}]',
  ].join(''),
  'u',
);
/** D.1: written from right to left. */
const RIGHT_TO_LEFT = new RegExp(
  [
    '[\\u05be\\u05c0\\u05c3\\u05d0-\\u05ea\\u05f0-\\u05f4\\u061b\\u061f\\u0621-\\u063a\\u0640-\\u064a\\u066d-\\u066f',
    '\\u0671-\\u06d5\\u06dd\\u06e5\\u06e6\\u06fa-\\u06fe\\u0700-\\u070d\\u0710\\u0712-\\u072c\\u0780-\\u07a5\\u07b1',
    '\\u200f\\ufb1d\\ufb1f-\\ufb28\\ufb2a-\\ufb36\\ufb38-\\ufb3c\\ufb3e\\ufb40\\ufb41\\ufb43\\ufb44\\ufb46-\\ufbb1',
    '\\ufbd3-\\ufd3d\\ufd50-\\ufd8f\\ufd92-\\ufdc7\\ufdf0-\\ufdfc\\ufe70-\\ufe74\\ufe76-\\ufefc]',
  ].join(''),
  'u',
);
// QUIRK: letters stand for table D.2, whose few signs that are no letters are left to the server.
const LETTER = /\p{L}/u;

/**
 * @returns the prepared text
 * @throws SettingsError where RFC 4013 prohibits it; the text itself is not quoted
 */
export function saslprep(field: 'user' | 'password', text: string): string {
  if (/^[ -~]+$/.test(text)) return text;
  // §2.1 mapping, §2.2 normalisation. Node's Unicode is later than 3.2; what both know is normalised alike.
  const prepared = text.replace(SPACES, ' ').replace(NOTHING, '').normalize('NFKC');
  const problem = problemOf(prepared);
  if (problem !== null) throw new SettingsError(field, `${problem}, which SASLprep prohibits (RFC 4013)`);
  return prepared;
}

function problemOf(prepared: string): string | null {
  if (prepared === '') return 'has nothing in it that counts';
  // §2.3
  if (PROHIBITED.test(prepared)) return 'holds a control character or another that is no text';
  return isWellDirected(Array.from(prepared)) ? null : 'mixes writing from right to left with other writing';
}

/** §2.4, RFC 3454 §6: right to left from the first character to the last, with no letter of the other direction. */
function isWellDirected(characters: readonly string[]): boolean {
  const isRightToLeft = characters.map((character) => RIGHT_TO_LEFT.test(character));
  if (!isRightToLeft.includes(true)) return true;
  const hasOther = characters.some((character, at) => isRightToLeft[at] === false && LETTER.test(character));
  return !hasOther && isRightToLeft[0] === true && isRightToLeft.at(-1) === true;
}
