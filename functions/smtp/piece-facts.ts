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
  /** Where lines begin with a dot, the first line apart, which the piece before may have begun. */
  readonly dots: readonly number[];
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
const NUL = 0;

/** RFC 5321 §4.5.3.1.6: 1,000 with CRLF, without the dot that transparency adds. */
export const MAX_LINE_OCTETS = 998;

export const BARE_CR: Fault = { field: 'line end', problem: 'a CR stands without LF' };
export const BARE_LF: Fault = { field: 'line end', problem: 'an LF stands without CR' };
export const LONG_LINE: Fault = { field: 'line length', problem: `a line is longer than ${MAX_LINE_OCTETS} octets` };
export const A_NUL: Fault = { field: 'NUL', problem: 'a NUL is in it' };

/**
 * From these sizes on remembering costs less than looking again: smaller where the piece has its memory to itself, for that is
 * how pieces are made that many mails share.
 */
const REMEMBERED_OCTETS = 8 * 1024;
const REMEMBERED_OWN_OCTETS = 256;
const rememberedFacts = new WeakMap<Uint8Array, PieceFacts>();
const rememberedStuffing = new WeakMap<Uint8Array, Uint8Array>();

function isRemembered({ length, buffer }: Uint8Array): boolean {
  return length >= REMEMBERED_OCTETS || (length >= REMEMBERED_OWN_OCTETS && buffer.byteLength === length);
}

/** @param piece not empty, and not changed any more: what is known of one to be met again is kept as long as it lives */
export function factsOf(piece: Uint8Array): PieceFacts {
  return remembered(rememberedFacts, piece, examine);
}

/** The piece with a dot added to each line but the first that begins with one; itself where there is none. */
export function stuffed(piece: Uint8Array, dots: readonly number[]): Uint8Array {
  return dots.length === 0 ? piece : remembered(rememberedStuffing, piece, () => stuff(piece, dots));
}

function remembered<T>(known: WeakMap<Uint8Array, T>, piece: Uint8Array, make: (piece: Uint8Array) => T): T {
  if (!isRemembered(piece)) return make(piece);
  let made = known.get(piece);
  if (made === undefined) {
    made = make(piece);
    known.set(piece, made);
  }
  return made;
}

function examine(piece: Uint8Array): PieceFacts {
  const lines = new Lines(piece);
  lines.scan();
  const { head, start, dots, fault } = lines;
  return {
    octets: piece.length,
    first: piece[0] ?? 0,
    last: piece[piece.length - 1] ?? 0,
    head,
    tail: head === null ? 0 : piece.length - start,
    sevenBit: isAscii(piece),
    dots,
    fault,
  };
}

const WORD_OCTETS = 4;
const WORDS_FROM_OCTETS = 1024;
const NO_DOTS: readonly number[] = [];
/** In each octet of a word: one more than CR, the highest of those that are looked for; and the octet's highest bit. */
const ABOVE_CR = 0x0e0e0e0e;
const HIGH_BITS = 0x80808080;

/**
 * One pass over the octets, four at a time. Nearly all words have neither CR nor LF nor NUL in them, and that costs one
 * subtraction to know: it takes a borrow from the highest bit of any octet below 14 that had none set. Which octet it is,
 * the slow look tells, so the order of octets in a word does not matter.
 */
class Lines {
  head: number | null = null;
  /** Where the line begins that is not ended. */
  start = 0;
  fault: PieceFacts['fault'] = null;
  readonly #octets: Uint8Array;
  /** Made when there is one: most mails have none. */
  #dots: number[] | null = null;

  constructor(piece: Uint8Array) {
    // Of one class, whoever made the piece: what the engine knows only as some Uint8Array it reads three times as slowly.
    this.#octets = piece instanceof Buffer ? piece : Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
  }

  get dots(): readonly number[] {
    return this.#dots ?? NO_DOTS;
  }

  scan(): void {
    const { buffer, byteOffset, length } = this.#octets;
    // The views that looking at words takes cost more than looking at few octets one by one.
    if (length < WORDS_FROM_OCTETS) {
      this.#look(0, length);
      return;
    }
    const unaligned = (WORD_OCTETS - (byteOffset % WORD_OCTETS)) % WORD_OCTETS;
    const words = new Int32Array(buffer, byteOffset + unaligned, Math.floor((length - unaligned) / WORD_OCTETS));
    this.#look(0, unaligned);
    for (let at = next(words, 0); at < words.length && this.fault === null; at = next(words, at + 1)) {
      const from = unaligned + at * WORD_OCTETS;
      this.#look(from, from + WORD_OCTETS);
    }
    this.#look(unaligned + words.length * WORD_OCTETS, length);
  }

  #look(from: number, to: number): void {
    const octets = this.#octets;
    for (let at = from; at < to; at += 1) {
      const octet = octets[at] ?? 0;
      if (octet > CR) continue;
      if (octet === LF) this.#endLine(at);
      else if (octet === NUL) this.fault ??= { what: A_NUL, at };
      // At the end of the piece its LF may be in the next.
      else if (octet === CR && at + 1 < octets.length && octets[at + 1] !== LF) this.fault ??= { what: BARE_CR, at };
    }
  }

  #endLine(lf: number): void {
    const { start } = this;
    // At the beginning of the piece its CR may be in the one before.
    if (lf > 0 && this.#octets[lf - 1] !== CR) this.fault ??= { what: BARE_LF, at: lf };
    // The first line was begun by the piece before.
    else if (this.head !== null && lf - 1 - start > MAX_LINE_OCTETS) this.fault ??= { what: LONG_LINE, at: start };
    this.head ??= lf + 1;
    this.start = lf + 1;
    if (this.#octets[lf + 1] !== DOT) return;
    this.#dots ??= [];
    this.#dots.push(lf + 1);
  }
}

/** @returns the index of the next word that has an octet below 14 in it; the number of words where there is none */
function next(words: Int32Array, from: number): number {
  let at = from;
  for (; at < words.length; at += 1) {
    const word = words[at] ?? 0;
    if (((word - ABOVE_CR) & ~word & HIGH_BITS) !== 0) break;
  }
  return at;
}

function stuff(piece: Uint8Array, dots: readonly number[]): Uint8Array {
  const out = new Uint8Array(piece.length + dots.length);
  let from = 0;
  for (const [added, dot] of dots.entries()) {
    out.set(piece.subarray(from, dot), from + added);
    out[dot + added] = DOT;
    from = dot;
  }
  out.set(piece.subarray(from), from + dots.length);
  return out;
}
