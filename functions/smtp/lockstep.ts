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

import type { Release } from './advance.ts';
import { Command } from './command.ts';
import type { Course } from './course.ts';
import type { Dialogue } from './dialogue.ts';
import type { PreparedTransaction } from './envelope.ts';
import { SmtpError, type Step, unexpectedReply, WithheldError } from './errors.ts';
import { queueIdOf } from './queue-id.ts';
import { isTooManyRecipients, outcomeOf, type RecipientResult } from './reckoning.ts';
import { isClosing, type Reply, severityOf } from './reply.ts';
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
  readonly #results: (RecipientResult | null)[];
  #phase: 'envelope' | 'content' | 'released' = 'envelope';

  constructor(dialogue: Dialogue, prepared: PreparedTransaction, release: Release) {
    this.#dialogue = dialogue;
    this.#prepared = prepared;
    this.#release = release;
    this.#results = prepared.recipients.map(() => null);
  }

  async run(): Promise<RecipientResult[]> {
    try {
      await this.#steps();
      this.#dialogue.rest();
    } catch (thrown) {
      const error = this.#asFailure(thrown);
      this.#settle(this.#lost(error));
    }
    return this.#results.map((result) => result ?? this.#unsettled());
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
    return this.#leadsOn('MAIL', reply);
  }

  /** RFC 5321 §3.3: the transaction goes on with those recipients that were accepted. */
  async #rcpts(): Promise<boolean> {
    for (const [index, command] of this.#prepared.recipients.entries()) {
      const reply = await this.#dialogue.ask(command, 'RCPT');
      const outcome = outcomeOf(reply);
      if (outcome === null) throw this.#outOfStep('RCPT', reply, '250');
      if (outcome === 'accepted') continue;
      const tooMany = this.#results.slice(0, index).includes(null) && isTooManyRecipients(reply);
      this.#results[index] = { outcome: tooMany ? 'deferred' : outcome, step: 'RCPT', reply };
      // A 421 to one recipient is that one's; the dialogue is over for the others.
      this.#throwIfOver();
    }
    return this.#results.includes(null);
  }

  async #data(): Promise<boolean> {
    const reply = await this.#dialogue.ask(Command.data(), 'DATA');
    if (reply.code === 354) return true;
    if (severityOf(reply) === 'completed') throw this.#outOfStep('DATA', reply, '354');
    return this.#leadsOn('DATA', reply, '354');
  }

  async #content(): Promise<void> {
    this.#phase = 'content';
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
    this.#phase = 'released';
    const reply = await this.#dialogue.endMailData();
    const outcome = outcomeOf(reply);
    if (outcome === null) throw this.#outOfStep('end of data', reply, '250');
    this.#settle(
      outcome === 'accepted' ? { outcome, reply, queueId: queueIdOf(reply) } : { outcome, step: 'end of data', reply },
    );
  }

  /**
   * Servers keep the reverse-path of a transaction whose recipients or data they refused, and would send the next mail
   * under it: RSET comes first (RFC 5321 §4.1.1.5).
   */
  async #reset(): Promise<void> {
    if (this.#dialogue.failure !== null) return;
    const reply = await this.#dialogue.ask(Command.rset(), 'RSET');
    if (outcomeOf(reply) === 'accepted') return;
    const error = unexpectedReply('RSET', reply, '250');
    if (outcomeOf(reply) === null) this.#dialogue.fail(error);
    else await this.#dialogue.quit(error);
  }

  /** @returns whether the reply leads on; else all recipients that are left have their result */
  #leadsOn(step: Step, reply: Reply, wanted = '250'): boolean {
    const outcome = outcomeOf(reply);
    if (outcome === null) throw this.#outOfStep(step, reply, wanted);
    if (outcome === 'accepted') return true;
    this.#settle({ outcome, step, reply });
    return false;
  }

  #settle(result: RecipientResult): void {
    for (const [index, known] of this.#results.entries()) this.#results[index] = known ?? result;
  }

  /** No step leaves a recipient without a result. Should one do so, nobody knows where the dialogue stands. */
  #unsettled(): RecipientResult {
    return this.#lost(this.#asFailure(new Error('a recipient was left without a result')));
  }

  /** What a failed connection means for the recipients that have no result yet. */
  #lost(error: SmtpError): RecipientResult {
    if (this.#phase === 'released') return { outcome: 'uncertain', error };
    // A valid 421 that comes while the content is under way says: not now.
    if (this.#phase === 'content' && error.reply !== undefined && isClosing(error.reply)) {
      return { outcome: 'deferred', step: 'mail data', reply: error.reply };
    }
    return { outcome: 'unsent', error };
  }

  #throwIfOver(): void {
    const failure = this.#dialogue.check();
    if (failure !== null) throw failure;
  }

  #outOfStep(step: Step, reply: Reply, wanted: string): SmtpError {
    const error = unexpectedReply(step, reply, wanted);
    this.#dialogue.fail(error);
    return error;
  }

  #withheld(cause?: unknown): SmtpError {
    const error =
      this.#dialogue.failure ??
      new WithheldError('the caller withheld the end-of-mail-data indicator', { step: 'mail data', cause });
    this.#dialogue.fail(error);
    return error;
  }

  /** Also what is no fault of the connection ends it: nobody knows any more where the dialogue stands. */
  #asFailure(thrown: unknown): SmtpError {
    const error = thrown instanceof SmtpError ? thrown : this.#dialogue.broken(thrown);
    this.#dialogue.fail(error);
    return error;
  }
}
