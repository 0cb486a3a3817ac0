/** Text beyond ASCII in a header: encoded-words of RFC 2047, in UTF-8, as Q or B, whichever is shorter. */
import { ENCODED_LINE_OCTETS } from './folding.ts';

/** RFC 2047 §2: an encoded-word has 75 octets at the most. */
const MAX_ENCODED_WORD_OCTETS = 75;
const PREFIX_OCTETS = '=?utf-8?Q?'.length;
const FRAME_OCTETS = PREFIX_OCTETS + '?='.length;
/** Less room than this on a line is not worth a word; the first one then runs on regardless. */
const MIN_ENCODED_WORD_OCTETS = 32;

/** What Q may leave as it is in a phrase, the narrowest of its places (RFC 2047 §5 (3)), by code. */
const PLAIN = new Uint8Array(256);
for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/') {
  PLAIN[character.charCodeAt(0)] = 1;
}
const SPACE = 0x20;
/** What Q takes for an octet: itself, `_` or `=41`. */
const Q_OCTETS: readonly string[] = Array.from({ length: 256 }, (_, octet) => {
  if (PLAIN[octet] === 1) return String.fromCharCode(octet);
  return octet === SPACE ? '_' : `=${octet.toString(16).toUpperCase().padStart(2, '0')}`;
});

/**
 * The encoded-words that say `text`, to be set apart by single spaces, which a reader drops (RFC 2047 §6.2).
 * No code point is divided between two of them (§5 (3)).
 * @param name of the field; the first word is made to fit behind it
 * @param text well-formed UTF-16
 */
export function encodedWords(name: string, text: string): string[] {
  const { octets, qOctets } = measure(text);
  const base64 = base64Octets(octets);
  const firstRoom = ENCODED_LINE_OCTETS - name.length - ': '.length;
  const room = Math.max(MIN_ENCODED_WORD_OCTETS, Math.min(MAX_ENCODED_WORD_OCTETS, firstRoom)) - FRAME_OCTETS;
  if (base64 < qOctets) return base64 <= room ? [encodedB(text)] : divided(text, room, 3, base64Octets, encodedB);
  return qOctets <= room ? [encodedQ(text)] : divided(text, room, 1, (_, q) => q, encodedQ);
}

/** Octets of a text in UTF-8, and in Q. */
function measure(text: string): { octets: number; qOctets: number } {
  let octets = 0;
  let qOctets = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) {
      octets += 1;
      qOctets += unit === SPACE || PLAIN[unit] === 1 ? 1 : 3;
      continue;
    }
    // Half of a surrogate pair: four octets for two of them.
    const added = unit < 0x800 || (unit >= 0xd800 && unit < 0xe000) ? 2 : 3;
    octets += added;
    qOctets += 3 * added;
  }
  return { octets, qOctets };
}

/**
 * A text as more words than one.
 * @param firstRoom octets of the first word without its frame
 * @param group octets that are encoded together. Words but the last end with a whole group wherever they can: base64 then
 * needs no padding, at which readers stop that decode neighbours as one (GMime 3.2), though each stands alone (RFC 2047 §6.2)
 * @param costOf octets of a word without its frame, by those of its text in UTF-8 and in Q
 */
function divided(
  text: string,
  firstRoom: number,
  group: number,
  costOf: (octets: number, qOctets: number) => number,
  encode: (text: string) => string,
): string[] {
  const words: string[] = [];
  let room = firstRoom;
  let start = 0;
  let whole = 0;
  let octets = 0;
  let qOctets = 0;
  for (let at = 0; at < text.length; ) {
    if (octets % group === 0) whole = at;
    const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
    const more = measure(character);
    if (costOf(octets + more.octets, qOctets + more.qOctets) > room) {
      const end = whole > start ? whole : at;
      words.push(encode(text.slice(start, end)));
      room = MAX_ENCODED_WORD_OCTETS - FRAME_OCTETS;
      at = end;
      start = end;
      octets = 0;
      qOctets = 0;
      continue;
    }
    octets += more.octets;
    qOctets += more.qOctets;
    at += character.length;
  }
  words.push(encode(text.slice(start)));
  return words;
}

function base64Octets(octets: number): number {
  return Math.ceil(octets / 3) * 4;
}

function encodedB(text: string): string {
  return `=?utf-8?B?${Buffer.from(text).toString('base64')}?=`;
}

function encodedQ(text: string): string {
  let encoded = '';
  let plainFrom = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (PLAIN[unit] === 1) continue;
    if (plainFrom < at) encoded += text.slice(plainFrom, at);
    const codePoint = unit < 0xd800 ? unit : (text.codePointAt(at) ?? 0);
    encoded += octetsInQ(codePoint);
    if (codePoint > 0xffff) at++;
    plainFrom = at + 1;
  }
  return `=?utf-8?Q?${encoded}${text.slice(plainFrom)}?=`;
}

/** A code point's octets in UTF-8 (RFC 3629 §3), each as Q has it. */
function octetsInQ(codePoint: number): string {
  const q = (octet: number): string => Q_OCTETS[octet] ?? '';
  const later = (shift: number): string => q(0x80 | ((codePoint >> shift) & 0x3f));
  if (codePoint < 0x80) return q(codePoint);
  if (codePoint < 0x800) return q(0xc0 | (codePoint >> 6)) + later(0);
  if (codePoint < 0x10000) return q(0xe0 | (codePoint >> 12)) + later(6) + later(0);
  return q(0xf0 | (codePoint >> 18)) + later(12) + later(6) + later(0);
}
