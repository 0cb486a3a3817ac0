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
  const isShorterInBase64 = isBase64Shorter(text);
  const encode = isShorterInBase64 ? encodedB : encodedQ;
  const costOf = isShorterInBase64 ? base64Cost : qCost;
  const words: string[] = [];
  const firstRoom = ENCODED_LINE_OCTETS - name.length - ': '.length;
  let room = Math.max(MIN_ENCODED_WORD_OCTETS, Math.min(MAX_ENCODED_WORD_OCTETS, firstRoom)) - FRAME_OCTETS;
  let start = 0;
  let at = 0;
  let octets = 0;
  while (at < text.length) {
    const codePoint = text.codePointAt(at) ?? 0;
    const cost = costOf(octets, codePoint);
    if (cost > room) {
      words.push(encode(text.slice(start, at)));
      room = MAX_ENCODED_WORD_OCTETS - FRAME_OCTETS;
      start = at;
      octets = 0;
      continue;
    }
    octets += isShorterInBase64 ? utf8Octets(codePoint) : cost - octets;
    at += codePoint > 0xffff ? 2 : 1;
  }
  words.push(encode(text.slice(start)));
  return words;
}

function isBase64Shorter(text: string): boolean {
  const octets = Buffer.from(text);
  let q = 0;
  for (const octet of octets) q += PLAIN[octet] === 1 || octet === SPACE ? 1 : 3;
  return base64Octets(octets.length) < q;
}

function base64Octets(octets: number): number {
  return Math.ceil(octets / 3) * 4;
}

/** Encoded octets of a word in B that holds `octets` and one code point more. */
function base64Cost(octets: number, codePoint: number): number {
  return base64Octets(octets + utf8Octets(codePoint));
}

/** Encoded octets of a word in Q that has `octets` encoded ones and gets one code point more. */
function qCost(octets: number, codePoint: number): number {
  if (codePoint > 127) return octets + 3 * utf8Octets(codePoint);
  return octets + (PLAIN[codePoint] === 1 || codePoint === SPACE ? 1 : 3);
}

function utf8Octets(codePoint: number): number {
  if (codePoint < 0x80) return 1;
  if (codePoint < 0x800) return 2;
  return codePoint < 0x10000 ? 3 : 4;
}

function encodedB(text: string): string {
  return `=?utf-8?B?${Buffer.from(text).toString('base64')}?=`;
}

function encodedQ(text: string): string {
  let encoded = '';
  for (const octet of Buffer.from(text)) encoded += Q_OCTETS[octet] ?? '';
  return `=?utf-8?Q?${encoded}?=`;
}
