/** Text that may travel as it is: RFC 2045 §2.7, and what relays and mbox files leave alone. */
import { MAX_LINE_OCTETS } from './folding.ts';
import { isFromLine } from './quoted-printable.ts';

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;

const PLAIN = new Uint8Array(256);
for (let octet = SPACE; octet < 0x7f; octet++) PLAIN[octet] = 1;
PLAIN[TAB] = 1;

/**
 * Copies into `target` from `at` what is fit to travel as it is: printable ASCII in lines that are not too long, with
 * nothing at their end that relays cut off, nothing at their start that mbox files change.
 * @param source in its first `octets`, lines that LF ends, which becomes CRLF
 * @returns the index behind the last octet; `null` where the text is not fit, whatever has been written by then
 */
export function writeSevenBit(source: Uint8Array, octets: number, target: Uint8Array, at: number): number | null {
  let from = 0;
  let to = at;
  while (from < octets) {
    const start = from;
    if (isFromLine(source, start)) return null;
    let octet = LF;
    while (from < octets) {
      octet = source[from] ?? 0;
      if (PLAIN[octet] === 0) break;
      target[to++] = octet;
      from++;
    }
    if (from - start > MAX_LINE_OCTETS || (from > start && isWhite(source[from - 1]))) return null;
    if (from === octets) break;
    if (octet !== LF) return null;
    target[to] = CR;
    target[to + 1] = LF;
    to += 2;
    from++;
  }
  return to;
}

function isWhite(octet: number | undefined): boolean {
  return octet === SPACE || octet === TAB;
}
