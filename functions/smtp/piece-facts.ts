/** What can be said of one piece of mail data by itself, wherever it comes to stand. */
import { isAscii } from 'node:buffer';
import type { MailDataField } from './errors.ts';

export interface PieceFacts {
  readonly octets: number;
  readonly first: number;
  readonly last: number;
  /** Octets up to the first LF, and it; `null` where there is none. */
  readonly head: number | null;
  /** Octets after the last LF; 0 where there is none. */
  readonly tail: number;
  readonly sevenBit: boolean;
  /** With a dot added to each line but the first that begins with one; the piece itself where there is none. */
  readonly stuffed: Uint8Array;
  /** What no neighbour can heal, and at which octet of the piece. */
  readonly fault: { readonly what: Fault; readonly at: number } | null;
}

export interface Fault {
  readonly field: MailDataField;
  readonly problem: string;
}

export const CR = 0x0d;
export const LF = 0x0a;
export const DOT = 0x2e;

/** RFC 5321 §4.5.3.1.6: 1,000 with CRLF, without the dot that transparency adds. */
export const MAX_LINE_OCTETS = 998;

export const BARE_CR: Fault = { field: 'line end', problem: 'a CR stands without LF' };
export const BARE_LF: Fault = { field: 'line end', problem: 'an LF stands without CR' };
export const LONG_LINE: Fault = { field: 'line length', problem: `a line is longer than ${MAX_LINE_OCTETS} octets` };
export const NUL: Fault = { field: 'NUL', problem: 'a NUL is in it' };

/** From this size on remembering costs less than looking again. */
const REMEMBERED_OCTETS = 8 * 1024;
const remembered = new WeakMap<Uint8Array, PieceFacts>();

/** @param piece not empty, and not changed any more: what is known of a large one is kept as long as it lives */
export function factsOf(piece: Uint8Array): PieceFacts {
  if (piece.length < REMEMBERED_OCTETS) return examine(piece);
  const known = remembered.get(piece) ?? examine(piece);
  remembered.set(piece, known);
  return known;
}

function examine(piece: Uint8Array): PieceFacts {
  const lines = scanLines(piece);
  const nul = piece.indexOf(0);
  const faults = [lines.fault, nul === -1 ? null : { what: NUL, at: nul }].filter((fault) => fault !== null);
  return {
    octets: piece.length,
    first: piece[0] ?? 0,
    last: piece[piece.length - 1] ?? 0,
    head: lines.head,
    tail: lines.tail,
    sevenBit: isAscii(piece),
    stuffed: lines.dots.length === 0 ? piece : stuff(piece, lines.dots),
    fault: faults.sort((a, b) => a.at - b.at)[0] ?? null,
  };
}

/** Walks from LF to LF by native search. The first line is begun by the piece before, the last ended by the next. */
function scanLines(piece: Uint8Array): Pick<PieceFacts, 'head' | 'tail' | 'fault'> & { dots: readonly number[] } {
  const dots: number[] = [];
  let head: number | null = null;
  let start = 0;
  let fault: PieceFacts['fault'] = null;
  for (let lf = piece.indexOf(LF); lf !== -1 && fault === null; lf = piece.indexOf(LF, start)) {
    fault = lineFault(piece, start, lf);
    head ??= lf + 1;
    start = lf + 1;
    if (piece[start] === DOT) dots.push(start);
  }
  const cr = fault === null ? piece.indexOf(CR, start) : -1;
  if (cr !== -1 && cr < piece.length - 1) fault = { what: BARE_CR, at: cr };
  return { head, tail: head === null ? 0 : piece.length - start, fault, dots };
}

/** The only CR of a line is the one before its LF; where the LF comes first, the piece before must end in CR. */
function lineFault(piece: Uint8Array, start: number, lf: number): PieceFacts['fault'] {
  const cr = piece.indexOf(CR, start);
  if (cr !== -1 && cr < lf - 1) return { what: BARE_CR, at: cr };
  if (cr !== lf - 1 && lf > 0) return { what: BARE_LF, at: lf };
  if (start > 0 && lf - start - 1 > MAX_LINE_OCTETS) return { what: LONG_LINE, at: start };
  return null;
}

function stuff(piece: Uint8Array, dots: readonly number[]): Uint8Array {
  const stuffed = new Uint8Array(piece.length + dots.length);
  let from = 0;
  for (const [added, dot] of dots.entries()) {
    stuffed.set(piece.subarray(from, dot), from + added);
    stuffed[dot + added] = DOT;
    from = dot;
  }
  stuffed.set(piece.subarray(from), from + dots.length);
  return stuffed;
}
