/** Quoted-printable of text in UTF-8: RFC 2045 §6.7. */

/** Octets of an encoded line without its CRLF, and without the `=` that a soft line break needs. */
const LINE_OCTETS = 75;

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const DOT = 0x2e;
const EQUALS = 0x3d;
const F = 0x46;

/** What stands for itself, wherever the line does not begin or end with it. */
const PLAIN = new Uint8Array(256);
for (let octet = SPACE; octet < 0x7f; octet++) PLAIN[octet] = 1;
PLAIN[TAB] = 1;
PLAIN[EQUALS] = 0;

const HEX = Buffer.from('0123456789ABCDEF', 'latin1');

/** More octets than encoding ever gives: all of them escaped, on lines that soft line breaks end after 73 or more. */
export function quotedPrintableBound(octets: number): number {
  return 3 * octets + 3 * Math.ceil((3 * octets) / (LINE_OCTETS - 2));
}

/**
 * Encodes into `target` from `at`; gives the index behind the last octet. Besides what it must, it escapes a dot and the
 * "F" of "From " at the beginning of a line, so that neither transparency nor an mbox file touches them (RFC 2049 §3).
 * @param source in its first `octets`, lines that LF ends, which becomes CRLF; without CR
 */
export function writeQuotedPrintable(source: Uint8Array, octets: number, target: Uint8Array, at: number): number {
  let from = 0;
  let to = at;
  let limit = to + LINE_OCTETS;
  let isStart = true;
  while (from < octets) {
    if (isStart && isTouchedAtStart(source, from)) to = writeEscaped(source[from++] ?? 0, target, to);
    isStart = false;
    // Most octets are plain: until one is not, or the line is full, they are copied without a further look.
    const stop = Math.min(octets, from + limit - to);
    while (from < stop) {
      const plain = source[from] ?? 0;
      if (PLAIN[plain] === 0) break;
      target[to++] = plain;
      from++;
    }
    const octet = source[from] ?? 0;
    if (from === octets || octet === LF) {
      if (from > 0 && isWhite(source[from - 1])) to = escapeWhite(target, to, limit);
      if (from === octets) return to;
      target[to++] = CR;
      target[to++] = LF;
      from++;
    } else if (PLAIN[octet] === 1 || to + 3 > limit) {
      to = writeSoftBreak(target, to);
    } else {
      to = writeEscaped(octet, target, to);
      from++;
      continue;
    }
    limit = to + LINE_OCTETS;
    isStart = true;
  }
  return to;
}

function writeEscaped(octet: number, target: Uint8Array, to: number): number {
  target[to] = EQUALS;
  target[to + 1] = HEX[octet >> 4] ?? 0;
  target[to + 2] = HEX[octet & 15] ?? 0;
  return to + 3;
}

function writeSoftBreak(target: Uint8Array, to: number): number {
  target[to] = EQUALS;
  target[to + 1] = CR;
  target[to + 2] = LF;
  return to + 3;
}

/** White space at the end of a line, or of the text, is lost on the way (§6.7 (3)): what was just written is escaped. */
function escapeWhite(target: Uint8Array, to: number, limit: number): number {
  const white = target[to - 1] ?? 0;
  const start = to + 2 > limit ? writeSoftBreak(target, to - 1) : to - 1;
  return writeEscaped(white, target, start);
}

function isWhite(octet: number | undefined): boolean {
  return octet === SPACE || octet === TAB;
}

function isTouchedAtStart(source: Uint8Array, from: number): boolean {
  return source[from] === DOT || isFromLine(source, from);
}

/** Whether a line that begins at `from` is one that mbox files change. */
export function isFromLine(source: Uint8Array, from: number): boolean {
  return (
    source[from] === F &&
    source[from + 1] === 0x72 &&
    source[from + 2] === 0x6f &&
    source[from + 3] === 0x6d &&
    source[from + 4] === SPACE
  );
}
