/**
 * One mail transaction (RFC 5321 §3.3), and what it means for each recipient.
 *
 *     MAIL ──► RCPT … ──► DATA ──► content ──► withheld ──► indicator ──► accepted | refused | deferred
 *      │          │         │         │            │            └─ no valid final reply: uncertain
 *      │          │         │         └────────────┴─ connection lost, nobody may know more: unsent
 *      │          │         └─ 4yz, 5yz: deferred, refused; RSET
 *      │          └─ none accepted: each by its own reply; RSET
 *      └─ 4yz, 5yz: deferred, refused
 *
 * Until the indicator, all can be said for certain: whatever fails, the server cannot have the mail. `withheld` is where the
 * caller makes its intent durable and then says yes or no. A no cuts the connection: a lone dot would send a mail that is
 * cut short, and RSET is mail data there. Handing the indicator to the socket is the point of no return: after it only a
 * valid 2yz, 4yz or 5yz tells, and everything else leaves the recipients `uncertain` (RFC 1047).
 *
 * What the server said before the indicator is heard first, so that it is not taken for the reply to it. What remains is
 * the time that words take to travel: a reply that is under way when the indicator leaves, or that arrives in the same turn
 * of the event loop, looks like the reply to it, for no reply says what it answers. Only a server that replies before the
 * mail data has ended, against RFC 5321 §4.3.2, can be mistaken so.
 */

import { DATA, type Release, RSET } from './advance.ts';
import type { Course } from './course.ts';
import type { Dialogue } from './dialogue.ts';
import type { PreparedTransaction } from './envelope.ts';
import { type SmtpError, unexpectedReply, withheld } from './errors.ts';
import { outcomeOf, type RecipientResult, Reckoning } from './reckoning.ts';
import { isClosing } from './reply.ts';
import type { Recorder } from './transcript.ts';

/** One mail transaction at a time, each command once the reply to the one before it is in. */
export class LockstepCourse implements Course {
  readonly #dialogue: Dialogue;
  #isUnderWay = false;

  constructor(dialogue: Dialogue) {
    this.#dialogue = dialogue;
  }

  get room(): number {
    return this.#isUnderWay ? 0 : 1;
  }

  async run(
    prepared: PreparedTransaction,
    { release, record }: { release: Release; record: Recorder },
  ): Promise<RecipientResult[]> {
    this.#isUnderWay = true;
    const before = this.#dialogue.transcript.redirect(record);
    try {
      return await new Transaction(this.#dialogue, prepared, release).run();
    } finally {
      this.#isUnderWay = false;
      this.#dialogue.transcript.redirect(before);
    }
  }
}

class Transaction {
  readonly #dialogue: Dialogue;
  readonly #prepared: PreparedTransaction;
  readonly #release: Release;
  readonly #reckoning: Reckoning;
  #isInMailData = false;

  constructor(dialogue: Dialogue, prepared: PreparedTransaction, release: Release) {
    this.#dialogue = dialogue;
    this.#prepared = prepared;
    this.#release = release;
    this.#reckoning = new Reckoning(prepared.recipients.length);
  }

  async run(): Promise<RecipientResult[]> {
    try {
      await this.#steps();
      this.#dialogue.rest();
      return this.#reckoning.results();
    } catch (thrown) {
      this.#lost(this.#dialogue.failBy(thrown));
      return this.#reckoning.results();
    }
  }

  async #steps(): Promise<void> {
    if (this.#dialogue.isStale) await this.#dialogue.hear();
    if (!(await this.#mail())) return;
    if (!(await this.#rcpts())) return this.#reset();
    if (!(await this.#data())) return this.#reset();
    await this.#content();
    await this.#endOfData();
  }

  async #mail(): Promise<boolean> {
    const reply = await this.#dialogue.ask(this.#prepared.mail, 'MAIL');
    this.#throwIfOutOfStep(this.#reckoning.mail(reply));
    return this.#reckoning.isUndecided;
  }

  /** RFC 5321 §3.3: the transaction goes on with those recipients that were accepted. */
  async #rcpts(): Promise<boolean> {
    for (const [index, command] of this.#prepared.recipients.entries()) {
      const reply = await this.#dialogue.ask(command, 'RCPT');
      this.#throwIfOutOfStep(this.#reckoning.rcpt(index, reply));
      // A 421 to one recipient is that one's; the dialogue is over for the others.
      this.#throwIfOver();
    }
    return this.#reckoning.isUndecided;
  }

  async #data(): Promise<boolean> {
    const reply = await this.#dialogue.ask(DATA, 'DATA');
    if (reply.code === 354) return true;
    this.#throwIfOutOfStep(this.#reckoning.noData(reply));
    return false;
  }

  async #content(): Promise<void> {
    this.#isInMailData = true;
    const { pieces, octets } = this.#prepared.data;
    await this.#dialogue.sendMailData(pieces, octets);
    let mayLeave: boolean;
    try {
      mayLeave = await this.#release();
    } catch (cause) {
      throw this.#withheld(cause);
    }
    if (mayLeave !== true) throw this.#withheld();
    // Making the intent durable may have kept the process from its sockets.
    await this.#dialogue.hear();
  }

  async #endOfData(): Promise<void> {
    this.#throwIfOver();
    // From here on it may have left: the mark stands before the deed.
    this.#reckoning.indicated = true;
    const reply = await this.#dialogue.endMailData();
    this.#throwIfOutOfStep(this.#reckoning.final(reply));
  }

  /**
   * Servers keep the reverse-path of a transaction whose recipients or data they refused, and would send the next mail
   * under it: RSET comes first (RFC 5321 §4.1.1.5).
   */
  async #reset(): Promise<void> {
    if (this.#dialogue.failure !== null) return;
    const reply = await this.#dialogue.ask(RSET, 'RSET');
    if (outcomeOf(reply) === 'accepted') return;
    const error = unexpectedReply('RSET', reply, '250');
    if (outcomeOf(reply) === null) this.#dialogue.fail(error);
    else await this.#dialogue.quit(error);
  }

  /** What a failed connection means for the recipients that have no result yet. */
  #lost(error: SmtpError): void {
    const { reply } = error;
    // A valid 421 that comes while the content is under way says: not now.
    const isNotNow = this.#isInMailData && !this.#reckoning.indicated && reply !== undefined && isClosing(reply);
    if (isNotNow) this.#reckoning.settle({ outcome: 'deferred', step: 'mail data', reply });
    else this.#reckoning.lost(error);
  }

  #throwIfOver(): void {
    const failure = this.#dialogue.check();
    if (failure !== null) throw failure;
  }

  #throwIfOutOfStep(error: SmtpError | null): void {
    if (error === null) return;
    this.#dialogue.fail(error);
    throw error;
  }

  #withheld(cause?: unknown): SmtpError {
    return this.#dialogue.failBy(this.#dialogue.failure ?? withheld(cause));
  }
}
