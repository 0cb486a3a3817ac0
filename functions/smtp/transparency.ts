/**
 * Mail data, looked at before it is sent, and made transparent (RFC 5321 §4.5.2): a line that begins with a dot gets
 * another one. The check is what keeps a mail one mail. A bare CR or LF, which some servers take for a line end, could
 * smuggle `<LF>.<LF>MAIL FROM…` past this client; it is refused, as are NUL and lines that are too long.
 *
 * A mail comes in pieces, some of them shared by all mails of a run. What is known of a large piece is kept, so that an
 * attachment is looked at once however many mails carry it. Pieces must not be changed once they were handed over.
 */
import { isAscii } from 'node:buffer';
import { MailDataError } from './errors.ts';
import {
  BARE_CR,
  BARE_LF,
  CR,
  DOT,
  type Fault,
  factsOf,
  LF,
  LONG_LINE,
  MAX_LINE_OCTETS,
  type PieceFacts,
  stuffed,
} from './piece-facts.ts';

/** A mail's octets, not dot-stuffed. What a composer says of them is looked up here all the same, not believed. */
export interface MailData {
  readonly pieces: readonly Uint8Array[];
  /** The pieces' octets together. */
  readonly octets: number;
  /** Whether no octet is above 127. */
  readonly sevenBit: boolean;
  /** Whether some line begins with a dot. */
  readonly hasDotLine: boolean;
  /**
   * It need not consist of lines: NUL, bare CR and LF, lines of any length. Such mail data is taken where the server offers
   * CHUNKING and BINARYMIME (RFC 3030 §3). Default false.
   */
  readonly binary?: boolean;
}

/** Mail data that may be sent. */
export interface TransparentData {
  /** Dot-stuffed, made when asked for; pieces without such lines are the caller's own, not copies. */
  readonly pieces: readonly Uint8Array[];
  /** Octets of these on the wire. */
  readonly octets: number;
  /** As it was given, empty pieces left out: for BDAT, which knows no transparency (RFC 3030 §2). */
  readonly content: readonly Uint8Array[];
  /** Octets before stuffing: the message size as SIZE declares it (RFC 1870 §5 does not count the added dots). */
  readonly size: number;
  readonly sevenBit: boolean;
  /** It does not consist of lines: only BDAT can carry it. */
  readonly isBinary: boolean;
}

/**
 * The indicator is `CRLF.CRLF` (RFC 5321 §4.1.1.4). Its first CRLF is the one that ends the last line of the mail, which
 * is sent with the content: as long as these three octets are held back, the server has not seen the end of the data.
 */
export const END_OF_MAIL_DATA: Uint8Array = Buffer.from('.\r\n', 'latin1');

const A_DOT: Uint8Array = Buffer.from('.', 'latin1');

/** @throws MailDataError naming the first octet that is not in order */
export function transparent(data: Pick<MailData, 'pieces'>): TransparentData {
  return new Checked(data.pieces);
}

/** Mail data of which nothing is demanded but that there is some. @throws MailDataError */
export function asBinary(data: Pick<MailData, 'pieces'>): TransparentData {
  const content = data.pieces.filter((piece) => piece.length > 0);
  const size = content.reduce((sum, piece) => sum + piece.length, 0);
  if (size === 0) throw new MailDataError('last line', 'there is none', 0);
  return {
    content,
    size,
    octets: size,
    sevenBit: content.every((piece) => isAscii(piece)),
    isBinary: true,
    get pieces(): never {
      throw new MailDataError('line end', 'it is binary, which DATA cannot carry');
    },
  };
}

class Checked implements TransparentData {
  readonly isBinary = false;
  readonly content: readonly Uint8Array[];
  readonly size: number;
  readonly octets: number;
  readonly sevenBit: boolean;
  readonly #parts: readonly Part[];
  #pieces: readonly Uint8Array[] | null = null;

  constructor(pieces: readonly Uint8Array[]) {
    const content: Uint8Array[] = [];
    const parts: Part[] = [];
    const line = new OpenLine();
    let size = 0;
    let added = 0;
    let sevenBit = true;
    for (const piece of pieces) {
      if (piece.length === 0) continue;
      const facts = factsOf(piece);
      line.check(facts, size);
      // RFC 5321 §4.5.2: only at the beginning of a line, wherever the pieces are cut.
      const beginsWithDot = line.isEmpty && facts.first === DOT;
      content.push(piece);
      parts.push({ piece, dots: facts.dots, beginsWithDot });
      added += facts.dots.length + (beginsWithDot ? 1 : 0);
      size += piece.length;
      sevenBit &&= facts.sevenBit;
      line.take(facts);
    }
    if (!line.isEmpty || size === 0) throw new MailDataError('last line', 'the last line must end by CRLF', size);
    this.content = content;
    this.size = size;
    this.octets = size + added;
    this.sevenBit = sevenBit;
    this.#parts = parts;
  }

  get pieces(): readonly Uint8Array[] {
    if (this.octets === this.size) return this.content;
    this.#pieces ??= this.#parts.flatMap(({ piece, dots, beginsWithDot }) => {
      const own = stuffed(piece, dots);
      return beginsWithDot ? [A_DOT, own] : [own];
    });
    return this.#pieces;
  }
}

interface Part {
  readonly piece: Uint8Array;
  readonly dots: readonly number[];
  readonly beginsWithDot: boolean;
}

/** The line that is not ended where two pieces meet. */
class OpenLine {
  #octets = 0;
  #endsInCr = false;

  get isEmpty(): boolean {
    return this.#octets === 0;
  }

  /** @param offset of the piece in the mail data, for the error */
  check(facts: PieceFacts, offset: number): void {
    if (this.#endsInCr && facts.first !== LF) throw fault(BARE_CR, offset - 1);
    if (!this.#endsInCr && facts.first === LF) throw fault(BARE_LF, offset);
    if (facts.fault !== null) throw fault(facts.fault.what, offset + facts.fault.at);
    const line = this.#octets + (facts.head ?? facts.octets);
    // An open line may have its CR already, and then two octets are no part of its text once the LF is there.
    if (line - (facts.head === null ? 1 : 2) > MAX_LINE_OCTETS) throw fault(LONG_LINE, offset);
  }

  take(facts: PieceFacts): void {
    this.#octets = facts.head === null ? this.#octets + facts.octets : facts.tail;
    this.#endsInCr = facts.last === CR;
  }
}

function fault(what: Fault, offset: number): MailDataError {
  return new MailDataError(what.field, `${what.problem} (octet ${offset})`, offset);
}
