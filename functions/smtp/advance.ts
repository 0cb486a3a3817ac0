/**
 * A mail transaction that is sent ahead of its replies (RFC 2920, RFC 3030): what it says, and whose turn it is when a
 * reply comes. How far ahead is its course's to say: `chunking` or `pipelining`.
 */
import type { Correspondent } from './awaited-replies.ts';
import { Command } from './command.ts';
import type { PreparedTransaction } from './envelope.ts';
import { type SmtpError, type Step, type WithheldError, withheld } from './errors.ts';
import { type RecipientResult, Reckoning } from './reckoning.ts';
import type { Reply } from './reply.ts';
import type { Recorder, Transcript } from './transcript.ts';

/** Asked once, before the end-of-mail-data indicator leaves. */
export type Release = () => Promise<boolean>;

/** What its course is told: each at most once, but `refused`. */
export interface AdvanceListener {
  /** The reply to DATA is a 354. */
  goAhead(advance: Advance): void;
  /** A recipient was refused or deferred. */
  refused(): void;
  /** RSET was refused: the server wants no more of this, or not in this way. */
  resetRefused(reply: Reply): void;
  /** The whole envelope was refused, from RSET on; nothing of it was taken. */
  groupRefused(advance: Advance): void;
  /** Client and server are no longer in step. */
  outOfStep(error: SmtpError): void;
  /** Its last reply is in. */
  answered(advance: Advance): void;
  /** It is over without. */
  gone(advance: Advance): void;
}

/** Everything up to DATA or BDAT, and which of its replies is awaited. */
export class Advance implements Correspondent {
  readonly prepared: PreparedTransaction;
  readonly release: Release;
  reckoning: Reckoning;
  /** Resolves when nothing more can be learnt of it, and the caller is not being asked. Never rejects. */
  readonly done: Promise<RecipientResult[]>;
  readonly #listener: AdvanceListener;
  readonly #transcript: Transcript;
  /** Gets its conversation. */
  readonly record: Recorder;
  #resolve: (results: RecipientResult[]) => void = () => {};
  /** Replies heard, as an index into the steps: RSET, MAIL, RCPT of each, then the last. */
  #heard = 0;
  #isOver = false;
  #isData = false;
  #envelopeIsHeard: () => void = () => {};
  #isAsking = false;

  constructor(
    prepared: PreparedTransaction,
    options: { release: Release; record: Recorder },
    surroundings: { listener: AdvanceListener; transcript: Transcript },
  ) {
    this.prepared = prepared;
    this.release = options.release;
    this.record = options.record;
    this.#listener = surroundings.listener;
    this.#transcript = surroundings.transcript;
    this.reckoning = new Reckoning(prepared.recipients.length);
    this.done = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  get awaited(): Step {
    if (this.#heard === 0) return 'RSET';
    if (this.#heard === 1) return 'MAIL';
    const recipients = this.prepared.recipients.length;
    if (this.#heard < 2 + recipients) return 'RCPT';
    return this.#heard === 2 + recipients && this.#isData ? 'DATA' : 'end of data';
  }

  /**
   * RSET, but for a session's first; MAIL, each RCPT, and the command that begins the mail data. RSET comes before every
   * one: behind a transaction whose recipients were all refused, servers keep the old reverse-path (RFC 5321 §4.1.1.5).
   * @param last DATA, BDAT, or `null` where it is sent later, by `line`
   * @returns the commands in one text, all recorded as sent, and how many replies they will bring
   */
  envelope(isFirst: boolean, last: Command | null): { text: string; replies: number } {
    const { mail, recipients } = this.prepared;
    this.#heard = isFirst ? 1 : 0;
    let text = isFirst ? '' : this.line(RSET);
    text += this.line(mail);
    for (const recipient of recipients) text += this.line(recipient);
    const replies = (isFirst ? 1 : 2) + recipients.length;
    if (last === null) return { text, replies };
    this.#isData = last === DATA;
    return { text: text + this.line(last), replies: replies + 1 };
  }

  /** Nothing of it was taken: its envelope can be said again. */
  restart(): void {
    this.reckoning = new Reckoning(this.prepared.recipients.length);
  }

  /** Resolves when each reply to the envelope is in, or it is over. */
  envelopeHeard(): Promise<void> {
    return new Promise((resolve) => {
      this.#envelopeIsHeard = resolve;
    });
  }

  /** Asks the caller. @param tell told once whether it may go on, else why it may not */
  askRelease(tell: (answer: true | WithheldError) => void): void {
    this.#isAsking = true;
    const answered = (answer: true | WithheldError): void => {
      this.#isAsking = false;
      tell(answer);
      if (this.#isOver) this.#finish();
    };
    try {
      this.release().then(
        (yes) => answered(yes === true ? true : withheld()),
        (cause: unknown) => answered(withheld(cause)),
      );
    } catch (cause) {
      answered(withheld(cause));
    }
  }

  /** The same as a promise, which never rejects. */
  released(): Promise<true | WithheldError> {
    return new Promise((resolve) => this.askRelease(resolve));
  }

  /** @returns the command's line with CRLF, recorded as sent */
  line(command: Command): string {
    const line = `${command.line}\r\n`;
    this.#transcript.client(command.shown, Buffer.byteLength(line), this.record);
    return line;
  }

  /** The mail data, and the indicator where it is a thing of its own, are on their way. */
  notes(text: string, octets: number): void {
    this.#transcript.client(text, octets, this.record);
  }

  heard(reply: Reply, lineOctets: readonly number[]): void {
    this.#transcript.server(reply.code, reply.lines, lineOctets, this.record);
    const at = this.#heard;
    this.#heard += 1;
    const last = 2 + this.prepared.recipients.length;
    if (at === last && this.#isData && reply.code === 354) {
      this.#listener.goAhead(this);
      return;
    }
    const error = this.#reckon(at, last, reply);
    if (error !== null) {
      this.#listener.outOfStep(error);
      return;
    }
    if (reply.code >= 400) this.#listener.refused();
    if (reply.code >= 400 && at === 0) this.#listener.resetRefused(reply);
    if (at === last - 1) this.#envelopeIsHeard();
    if (at === last && this.#isData && this.reckoning.isGroupRefused) this.#listener.groupRefused(this);
    else if (at >= last) this.answered();
  }

  /** @param at which of the commands is answered; @param last which of them is DATA or BDAT */
  #reckon(at: number, last: number, reply: Reply): SmtpError | null {
    if (at === 0) return this.reckoning.rset(reply);
    if (at === 1) return this.reckoning.mail(reply);
    if (at < last) return this.reckoning.rcpt(at - 2, reply);
    return at === last && this.#isData ? this.reckoning.noData(reply) : this.reckoning.final(reply);
  }

  answered(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#listener.answered(this);
    this.#finish();
  }

  /** The connection is over, or the caller withheld it. */
  lost(error: SmtpError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#transcript.note(error.message, this.record);
    this.reckoning.lost(error);
    this.#listener.gone(this);
    this.#finish();
    this.#envelopeIsHeard();
  }

  #finish(): void {
    if (!this.#isAsking) this.#resolve(this.reckoning.results());
  }
}

export const RSET: Command = Command.rset();
export const DATA: Command = Command.data();
