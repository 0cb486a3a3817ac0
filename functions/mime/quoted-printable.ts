/** Quoted-printable for text whose line ends are CRLF: RFC 2045 §6.7. */

/** Octets of an encoded line without its CRLF, the soft line break's `=` included. */
const MAX_LINE_OCTETS = 76;

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const DOT = 0x2e;
const EQUALS = 0x3d;
const F = 0x46;

/** 0: as it is; 1: always `=XX`; 2: depends on its place. By octet. */
const KIND = new Uint8Array(256).fill(1);
for (let octet = 0x21; octet < 0x7f; octet++) KIND[octet] = 0;
KIND[EQUALS] = 1;
for (const octet of [TAB, SPACE, CR, DOT, F]) KIND[octet] = 2;

const HEX = Buffer.from('0123456789ABCDEF', 'latin1');

/**
 * The most octets that encoding can give.
 * @param escaped octets that must be escaped wherever they stand
 * @param lines lines of the text
 */
export function quotedPrintableBound(octets: number, escaped: number, lines: number): number {
  // A line of the text may have its first and its last octet escaped by place, 2 octets each.
  const unbroken = octets + 2 * escaped + 4 * (lines + 1);
  // A soft line break costs 3 octets, and 2 where the next line then begins with a dot, on lines of at least 73.
  return unbroken + 5 * Math.ceil(unbroken / (MAX_LINE_OCTETS - 5));
}

/**
 * Encodes into `target` from `at`; gives the index behind the last octet. Besides what it must, it escapes a dot and
 * an "F" of "From " at the beginning of a line, so that neither transparency nor an mbox file touches them (RFC 2049 §3).
 * @param source text in which CR and LF stand as CRLF only
 */
export function writeQuotedPrintable(source: Uint8Array, target: Uint8Array, at: number): number {
  let to = at;
  let lineStart = at;
  for (let from = 0; from < source.length; from++) {
    const octet = source[from] ?? 0;
    if (octet === CR) {
      target[to++] = CR;
      target[to++] = LF;
      from++;
      lineStart = to;
      continue;
    }
    const isEscaped = KIND[octet] === 1 || (KIND[octet] === 2 && isEscapedHere(source, from, to === lineStart));
    // One octet stays free for "=", except on the last stretch of a line, which needs none; never waited for.
    if (to - lineStart + (isEscaped ? 3 : 1) > MAX_LINE_OCTETS - 1) {
      target[to++] = EQUALS;
      target[to++] = CR;
      target[to++] = LF;
      lineStart = to;
      from--;
      continue;
    }
    if (isEscaped) {
      target[to++] = EQUALS;
      target[to++] = HEX[octet >> 4] ?? 0;
      target[to++] = HEX[octet & 15] ?? 0;
    } else {
      target[to++] = octet;
    }
  }
  return to;
}

function isEscapedHere(source: Uint8Array, from: number, isLineStart: boolean): boolean {
  const octet = source[from];
  // White space at the end of a line, or of the text, is lost on the way (§6.7 (3)).
  if (octet === SPACE || octet === TAB) return from + 1 === source.length || source[from + 1] === CR;
  return isLineStart && (octet === DOT || startsWithFrom(source, from));
}

/** Whether "From " stands at `from`. */
export function startsWithFrom(source: Uint8Array, from: number): boolean {
  return (
    source[from] === F &&
    source[from + 1] === 0x72 &&
    source[from + 2] === 0x6f &&
    source[from + 3] === 0x6d &&
    source[from + 4] === SPACE
  );
}
