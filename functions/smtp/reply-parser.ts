/**
 * Octets in, replies out (RFC 5321 §4.2). The grammar is `[2-5][0-5][0-9]`, alone or with `-` or SP and text, and lines
 * end by CRLF only. What is not a reply is refused at once: an octet misread here makes every later reply another
 * command's. All sizes are bounded, whatever the server sends.
 */
import { isUtf8 } from 'node:buffer';
import { ProtocolError, type Step } from './errors.ts';
import { quoted } from './printable.ts';
import { enhancedStatusOf, type Reply } from './reply.ts';

/** RFC 5321 §4.5.3.1.5 asks for 512 octets at least. */
const MAX_LINE_OCTETS = 2048;
const MAX_REPLY_OCTETS = 64 * 1024;
const MAX_REPLY_LINES = 512;

/** Servers say the same to most commands: so many replies are kept, and only short ones. */
const MAX_KNOWN = 32;
const KNOWN_LINE_OCTETS = 80;

const LF = 0x0a;
const CR = 0x0d;
const SP = 0x20;
const HYPHEN = 0x2d;

/** A reply and the octets of each of its lines on the wire, CRLF included. */
export interface ReceivedReply extends Reply {
  readonly lineOctets: readonly number[];
}

/** Reads one connection's replies. After it has thrown, it is of no more use. */
export class ReplyParser {
  #line: Uint8Array = new Uint8Array(0);
  #code: number | null = null;
  #texts: string[] = [];
  #lineOctets: number[] = [];
  #octets = 0;
  readonly #known = new Map<string, ReceivedReply>();
  readonly #redact: (text: string) => string;

  /** @param options.redact takes secrets out of what error messages quote; default: nothing to take out */
  constructor(options: { redact?: (text: string) => string } = {}) {
    this.#redact = options.redact ?? ((text) => text);
  }

  /** Octets of a reply that has begun and not ended. */
  get pendingOctets(): number {
    return this.#octets + this.#line.length;
  }

  /**
   * @param step what the client is about, for the error
   * @returns the replies that end in this chunk, in order
   * @throws ProtocolError
   */
  push(chunk: Uint8Array, step: Step = 'idle'): ReceivedReply[] {
    const octets = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const replies: ReceivedReply[] = [];
    let start = 0;
    for (let end = octets.indexOf(LF); end !== -1; end = octets.indexOf(LF, start)) {
      const reply = this.#isWithin
        ? this.#takeRest(octets.subarray(start, end + 1), step)
        : this.#takeFirst(octets, start, end + 1, step);
      start = end + 1;
      if (reply !== null) replies.push(reply);
    }
    if (start < octets.length) this.#hold(octets.subarray(start), step);
    return replies;
  }

  /** Whether a reply has begun and not ended. */
  get #isWithin(): boolean {
    return this.#code !== null || this.#line.length > 0;
  }

  #takeRest(rest: Uint8Array, step: Step): ReceivedReply | null {
    const line = joined(this.#line, rest);
    this.#line = new Uint8Array(0);
    return this.#takeLine(line, step);
  }

  /** A reply of one line that is the same as one before, octet for octet, is not read again. */
  #takeFirst(octets: Buffer, start: number, end: number, step: Step): ReceivedReply | null {
    if (end - start > KNOWN_LINE_OCTETS) return this.#takeLine(octets.subarray(start, end), step);
    const key = octets.toString('latin1', start, end);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const reply = this.#takeLine(octets.subarray(start, end), step);
    if (reply !== null && this.#known.size < MAX_KNOWN) this.#known.set(key, reply);
    return reply;
  }

  #hold(rest: Uint8Array, step: Step): void {
    this.#line = Buffer.concat([this.#line, rest]);
    if (this.#line.length >= MAX_LINE_OCTETS) throw this.#refusal(step, 'line is too long', this.#line);
    // A line that cannot become a reply is refused now, not when its end comes: that may be never.
    if (!mayBegin(this.#line)) throw this.#refusal(step, 'reply code is wanted', this.#line);
  }

  #takeLine(line: Uint8Array, step: Step): ReceivedReply | null {
    if (line.length > MAX_LINE_OCTETS) throw this.#refusal(step, 'line is too long', line);
    // RFC 5321 §2.3.8: CR and LF only together, as line end.
    if (line.indexOf(CR) !== line.length - 2) throw this.#refusal(step, 'line must end by CRLF, once', line);
    if (!mayBegin(line)) throw this.#refusal(step, 'reply code is wanted', line);
    const code = digit(line[0]) * 100 + digit(line[1]) * 10 + digit(line[2]);
    // RFC 5321 §4.2.1: each line of a reply has the same code.
    if (this.#code !== null && this.#code !== code)
      throw this.#refusal(step, `second code ${this.#code} is wanted`, line);
    this.#code = code;
    this.#texts.push(decoded(line.subarray(4, -2)));
    this.#lineOctets.push(line.length);
    this.#octets += line.length;
    if (this.#octets > MAX_REPLY_OCTETS || this.#texts.length > MAX_REPLY_LINES) {
      throw this.#refusal(step, 'reply is too long', line);
    }
    return line[3] === HYPHEN ? null : this.#takeReply(code);
  }

  #takeReply(code: number): ReceivedReply {
    const lines = this.#texts;
    const lineOctets = this.#lineOctets;
    this.#code = null;
    this.#texts = [];
    this.#lineOctets = [];
    this.#octets = 0;
    return { code, lines, enhancedStatus: enhancedStatusOf(code, lines[0] ?? ''), lineOctets };
  }

  #refusal(step: Step, problem: string, line: Uint8Array): ProtocolError {
    const shown = quoted(this.#redact(decoded(line.subarray(0, MAX_LINE_OCTETS))));
    const hint = isTlsRecord(line) ? '; the server speaks TLS here from the first octet' : '';
    return new ProtocolError(`server sent ${shown}, which is no reply: ${problem}${hint}`, { step });
  }
}

/** Whether these octets are a line of a reply, or can become one: `[2-5][0-5][0-9]` alone or with `-` or SP. */
function mayBegin(line: Uint8Array): boolean {
  const [first = 0x32, second = 0x30, third = 0x30, fourth = SP] = line;
  return (
    first >= 0x32 &&
    first <= 0x35 &&
    second >= 0x30 &&
    second <= 0x35 &&
    third >= 0x30 &&
    third <= 0x39 &&
    (fourth === SP || fourth === HYPHEN || fourth === CR)
  );
}

function digit(octet: number | undefined): number {
  return (octet ?? 0x30) - 0x30;
}

/** UTF-8 where it is that, else each octet a character: nothing is lost, nothing can fail. */
function decoded(octets: Uint8Array): string {
  const buffer = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
  return isUtf8(octets) ? buffer.toString('utf8') : buffer.toString('latin1');
}

function joined(head: Uint8Array, tail: Uint8Array): Uint8Array {
  return head.length === 0 ? tail : Buffer.concat([head, tail]);
}

/** A TLS alert or handshake record, version 3.x: what a server on an implicit TLS port sends to a client in clear. */
function isTlsRecord(line: Uint8Array): boolean {
  return (line[0] === 0x15 || line[0] === 0x16) && (line.length < 2 || line[1] === 0x03);
}
