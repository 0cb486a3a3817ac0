/** Quoted-printable for text whose line ends are CRLF: RFC 2045 §6.7. */

/** Octets of an encoded line without its CRLF, and without the `=` that a soft line break needs. */
const LINE_OCTETS = 75;

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const DOT = 0x2e;
const EQUALS = 0x3d;
const F = 0x46;

const PLAIN = 0;
const ESCAPED = 1;
/** Escaped or not by where it stands. */
const BY_PLACE = 2;

const KIND = new Uint8Array(256).fill(ESCAPED);
for (let octet = 0x21; octet < 0x7f; octet++) KIND[octet] = PLAIN;
KIND[EQUALS] = ESCAPED;
for (const octet of [TAB, SPACE, CR, DOT, F]) KIND[octet] = BY_PLACE;

const HEX = Buffer.from('0123456789ABCDEF', 'latin1');

/** More octets than encoding ever gives: all of them escaped, on lines that soft line breaks end after 73 or more. */
export function quotedPrintableBound(octets: number): number {
  return 3 * octets + 3 * Math.ceil((3 * octets) / (LINE_OCTETS - 2));
}

/**
 * Encodes to the beginning of `target`; gives the number of octets written. Besides what it must, it escapes a dot and
 * the "F" of "From " at the beginning of a line, so that neither transparency nor an mbox file touches them (RFC 2049 §3).
 * @param source text in which CR and LF stand as CRLF only
 */
export function writeQuotedPrintable(source: Uint8Array, target: Uint8Array): number {
  let from = 0;
  let to = 0;
  let limit = LINE_OCTETS;
  while (from < source.length) {
    const octet = source[from] ?? 0;
    const kind = KIND[octet];
    if (kind === PLAIN && to < limit) {
      target[to++] = octet;
      from++;
      continue;
    }
    if (octet === CR) {
      target[to++] = CR;
      target[to++] = LF;
      from += 2;
      limit = to + LINE_OCTETS;
      continue;
    }
    const isEscaped =
      kind === ESCAPED || (kind === BY_PLACE && isEscapedHere(source, from, to + LINE_OCTETS === limit));
    if (to + (isEscaped ? 3 : 1) > limit) {
      target[to++] = EQUALS;
      target[to++] = CR;
      target[to++] = LF;
      limit = to + LINE_OCTETS;
      continue;
    }
    if (isEscaped) {
      target[to++] = EQUALS;
      target[to++] = HEX[octet >> 4] ?? 0;
      target[to++] = HEX[octet & 15] ?? 0;
    } else {
      target[to++] = octet;
    }
    from++;
  }
  return to;
}

function isEscapedHere(source: Uint8Array, from: number, isLineStart: boolean): boolean {
  const octet = source[from];
  // White space at the end of a line, or of the text, is lost on the way (§6.7 (3)).
  if (octet === SPACE || octet === TAB) return from + 1 === source.length || source[from + 1] === CR;
  return isLineStart && (octet === DOT || isFromLine(source, from));
}

function isFromLine(source: Uint8Array, from: number): boolean {
  return (
    source[from] === F &&
    source[from + 1] === 0x72 &&
    source[from + 2] === 0x6f &&
    source[from + 3] === 0x6d &&
    source[from + 4] === SPACE
  );
}
