/**
 * Mail transactions one behind the other (RFC 2920), with one write and one round trip each:
 *
 *     [RSET MAIL RCPT … DATA] ─► 354 ─► intent ─► [content . RSET MAIL RCPT … DATA] ─► 250, …, 354 ─► intent ─► …
 *
 * The envelope of the next mail goes out behind the indicator of the one before it, whose reply comes first: so there is one
 * indicator in flight at the most. A 354 where no recipient was taken is answered by the indicator alone (RFC 2920 §3.1).
 */
import { Advance, type AdvanceListener, DATA, type Release } from './advance.ts';
import { type Course, isLarge, remove } from './course.ts';
import type { Dialogue } from './dialogue.ts';
import type { PreparedTransaction } from './envelope.ts';
import type { SmtpError } from './errors.ts';
import type { RecipientResult } from './reckoning.ts';
import type { Recorder } from './transcript.ts';
import { END_OF_MAIL_DATA } from './transparency.ts';

/** One whose mail data is under way, and one whose envelope goes ahead. */
const PLACES = 2;

export class PipeliningCourse implements Course, AdvanceListener {
  readonly #dialogue: Dialogue;
  readonly #begun: Advance[] = [];
  /** Their envelopes are to be sent. */
  readonly #waiting: Advance[] = [];
  /** Its envelope is sent, and its mail data is not ended: nothing may be written behind it. */
  #ahead: Advance | null = null;
  #isStarting = false;
  #isFirst = true;
  /** Envelopes do not go with mail data. */
  #isPatient = false;

  constructor(dialogue: Dialogue) {
    this.#dialogue = dialogue;
    dialogue.onOver((error) => this.#over(error));
  }

  get room(): number {
    return Math.max(0, PLACES - this.#begun.length);
  }

  run(prepared: PreparedTransaction, options: { release: Release; record: Recorder }): Promise<RecipientResult[]> {
    const { transcript } = this.#dialogue;
    const advance = new Advance(prepared, options, { listener: this, transcript });
    this.#begun.push(advance);
    this.#waiting.push(advance);
    if (this.#ahead === null) void this.#start();
    return advance.done;
  }

  goAhead(advance: Advance): void {
    this.#sendMailData(advance).catch((thrown: unknown) => this.#dialogue.failBy(thrown));
  }

  refused(): void {
    // One indicator is in flight at the most, whatever the server says.
  }

  resetRefused(): void {
    // What the other commands of the group are answered tells more.
  }

  /** Haraka takes no command that came with mail data (against RFC 2920 §3.1): from now on the envelope waits for the reply. */
  groupRefused(advance: Advance): void {
    this.#isPatient = true;
    this.#ahead = null;
    advance.restart();
    this.#waiting.unshift(advance);
    void this.#start();
  }

  outOfStep(error: SmtpError): void {
    this.#dialogue.fail(error);
  }

  answered(advance: Advance): void {
    remove(this.#begun, advance);
    if (this.#ahead === advance) this.#ahead = null;
    if (this.#ahead === null && this.#waiting.length > 0) void this.#start();
  }

  gone(advance: Advance): void {
    remove(this.#begun, advance);
  }

  /** The session may have been idle: what the server said meanwhile is heard first. */
  async #start(): Promise<void> {
    if (this.#isStarting) return;
    this.#isStarting = true;
    await this.#dialogue.hear().catch(() => {});
    this.#isStarting = false;
    // Where envelopes wait, the reply to what is in flight comes here again.
    if (this.#ahead !== null || (this.#isPatient && this.#dialogue.isAwaiting)) return;
    if (!this.#dialogue.isOpen) return this.#abandon();
    this.#send([], []);
  }

  /** Writes what is given, and behind it the envelope of the next mail, where there is one. */
  #send(pieces: Uint8Array[], expected: { who: Advance; replies: number }[]): void {
    const isWithData = expected.length > 0;
    const next = this.#dialogue.isOpen && !(isWithData && this.#isPatient) ? this.#waiting.shift() : undefined;
    this.#ahead = next ?? null;
    if (next !== undefined) {
      const { text, replies } = next.envelope(this.#isFirst, DATA);
      this.#isFirst = false;
      expected.push({ who: next, replies });
      pieces.push(Buffer.from(text));
    }
    if (pieces.length > 0) this.#dialogue.sendAhead(pieces, expected);
  }

  /** After the 354. */
  async #sendMailData(advance: Advance): Promise<void> {
    const { reckoning, prepared } = advance;
    if (reckoning.isMisled) return this.#dialogue.fail(reckoning.misled());
    if (!reckoning.hasTaken) {
      advance.notes('.', END_OF_MAIL_DATA.length);
      return this.#send([END_OF_MAIL_DATA], [{ who: advance, replies: 1 }]);
    }
    const { pieces, octets } = prepared.data;
    const isInBlocks = isLarge(advance);
    if (isInBlocks) {
      advance.notes('<mail data>', octets);
      await this.#dialogue.sendBlocks(pieces);
    }
    const released = await advance.released();
    if (released !== true) return this.#dialogue.fail(released);
    // Making the intent durable may have kept the process from its sockets.
    await this.#dialogue.hear();
    if (!isInBlocks) advance.notes('<mail data>', octets);
    advance.notes('.', END_OF_MAIL_DATA.length);
    // From here on it may have left: the mark stands before the deed.
    reckoning.indicated = true;
    const rest = isInBlocks ? [END_OF_MAIL_DATA] : [...pieces, END_OF_MAIL_DATA];
    this.#send(rest, [{ who: advance, replies: 1 }]);
  }

  /** Nothing of these was written. */
  #abandon(): void {
    for (const advance of this.#waiting.splice(0)) advance.lost(this.#dialogue.closing());
  }

  #over(error: SmtpError): void {
    this.#waiting.length = 0;
    for (const advance of [...this.#begun]) advance.lost(error);
  }
}
