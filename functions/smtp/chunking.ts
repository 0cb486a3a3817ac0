/**
 * Several mail transactions in flight on one connection (RFC 3030, RFC 2920):
 *
 *     intent ─► [RSET MAIL RCPT … BDAT n LAST content] [RSET MAIL …] … ─► their replies, in order
 *
 * A BDAT that is the last is the indicator, and it is announced before its content: so the caller's intent is durable
 * before the first octet of a transaction is written, and a no costs nothing. Everything that was released in one turn of the
 * event loop leaves in one write.
 *
 * The window is how many may be unanswered. It grows by one with each acceptance and falls to one with each refusal: servers
 * close the connection on clients that offer them one dead address after the other, and healthy mails would be behind it.
 *
 * Large mail data waits for the server's word on its envelope, block by block, and what is behind it waits too.
 */
import { Advance, type AdvanceListener, type Release, RSET } from './advance.ts';
import { Command } from './command.ts';
import { type Course, isLarge, remove } from './course.ts';
import type { Dialogue } from './dialogue.ts';
import type { PreparedTransaction } from './envelope.ts';
import { type SmtpError, unexpectedReply } from './errors.ts';
import { outcomeOf, type RecipientResult } from './reckoning.ts';
import type { Reply } from './reply.ts';
import type { Recorder } from './transcript.ts';

export class ChunkingCourse implements Course, AdvanceListener {
  readonly #dialogue: Dialogue;
  readonly #depth: number;
  #window = 1;
  /** Begun and not over. */
  readonly #begun: Advance[] = [];
  /** Written and not answered. */
  #written = 0;
  /** Released, or large, and not written yet. */
  readonly #outbox: Advance[] = [];
  #isPumping = false;
  /** Nothing needs to be reset before the next transaction: it is the first, or RSET was said alone. */
  #isFirst = true;
  /** A transaction was refused since: the next RSET is said alone, for it may be refused, too. */
  #isToBeReset = false;
  /** Called when a transaction is answered, where the pump waits for one. */
  #wake: () => void = () => {};

  /** @param depth most transactions in flight */
  constructor(dialogue: Dialogue, depth: number) {
    this.#dialogue = dialogue;
    this.#depth = depth;
    dialogue.onOver((error) => this.#over(error));
  }

  get room(): number {
    return Math.max(0, this.#window - this.#begun.length);
  }

  run(prepared: PreparedTransaction, options: { release: Release; record: Recorder }): Promise<RecipientResult[]> {
    const { transcript } = this.#dialogue;
    const advance = new Advance(prepared, options, { listener: this, transcript });
    this.#begun.push(advance);
    if (isLarge(advance)) this.#put(advance);
    else {
      advance.askRelease((answer) => {
        if (answer === true) this.#put(advance);
        else advance.lost(this.#dialogue.failure ?? answer);
      });
    }
    return advance.done;
  }

  #put(advance: Advance): void {
    this.#outbox.push(advance);
    if (!this.#isPumping) void this.#pump();
  }

  goAhead(): void {
    // Told of DATA alone: to BDAT a 354 is out of step.
  }

  refused(): void {
    this.#window = 1;
    this.#isToBeReset = true;
  }

  /** Exim does so after ten refused mails, and hangs up. */
  resetRefused(reply: Reply): void {
    this.#dialogue.farewell(reply);
  }

  groupRefused(): void {
    // Told of DATA alone.
  }

  outOfStep(error: SmtpError): void {
    this.#dialogue.fail(error);
  }

  answered(advance: Advance): void {
    this.#written -= 1;
    remove(this.#begun, advance);
    if (!advance.reckoning.hasRefused) this.#window = Math.min(this.#depth, this.#window + 1);
    this.#wake();
  }

  gone(advance: Advance): void {
    remove(this.#begun, advance);
    this.#wake();
  }

  async #pump(): Promise<void> {
    this.#isPumping = true;
    try {
      while (this.#outbox.length > 0) {
        // Making intents durable may have kept the process from its sockets, and others are released in this turn.
        await this.#dialogue.hear();
        await this.#hasRoom();
        if (this.#isToBeReset && this.#dialogue.isOpen) await this.#resetAlone();
        if (!this.#dialogue.isOpen) return this.#abandon();
        const large = this.#outbox[0];
        if (large !== undefined && isLarge(large)) await this.#writeLarge(large);
        else this.#writeSmall();
      }
    } catch (error) {
      this.#dialogue.failBy(error);
      this.#abandon();
    } finally {
      this.#isPumping = false;
    }
  }

  /** A refusal may have narrowed the window since these were begun. */
  async #hasRoom(): Promise<void> {
    while (this.#written >= this.#window && this.#dialogue.isOpen) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** One round trip, in which nothing is at stake. */
  async #resetAlone(): Promise<void> {
    const next = this.#outbox[0];
    if (next === undefined) return;
    const { transcript } = this.#dialogue;
    const before = transcript.redirect(next.record);
    const reply = await this.#dialogue.ask(RSET, 'RSET').finally(() => transcript.redirect(before));
    this.#isToBeReset = false;
    this.#isFirst = true;
    if (outcomeOf(reply) !== 'accepted') this.#dialogue.fail(unexpectedReply('RSET', reply, '250'));
  }

  #writeSmall(): void {
    const pieces: Uint8Array[] = [];
    const expected: { who: Advance; replies: number }[] = [];
    while (this.#written < this.#window) {
      const advance = this.#outbox[0];
      if (advance === undefined || isLarge(advance)) break;
      this.#outbox.shift();
      const { content } = advance.prepared.data;
      const octets = countOf(content);
      const { text, replies } = advance.envelope(this.#isFirst, Command.bdat(octets, true));
      this.#isFirst = false;
      pieces.push(Buffer.from(text), ...content);
      advance.notes('<mail data>', octets);
      advance.reckoning.indicated = true;
      expected.push({ who: advance, replies });
      this.#written += 1;
    }
    this.#dialogue.sendAhead(pieces, expected);
  }

  async #writeLarge(advance: Advance): Promise<void> {
    this.#outbox.shift();
    this.#written += 1;
    const heard = advance.envelopeHeard();
    const { text, replies } = advance.envelope(this.#isFirst, null);
    this.#isFirst = false;
    this.#dialogue.sendAhead([Buffer.from(text)], [{ who: advance, replies }]);
    await heard;
    if (!this.#dialogue.isOpen) {
      // A 421 to its own envelope is a result; what has none is lost.
      advance.lost(this.#dialogue.closing());
      return;
    }
    if (!advance.reckoning.hasTaken) {
      if (advance.reckoning.isMisled) this.#dialogue.fail(advance.reckoning.misled());
      advance.answered();
      return;
    }
    const released = await advance.released();
    if (released !== true) {
      this.#written -= 1;
      return advance.lost(this.#dialogue.failure ?? released);
    }
    await this.#dialogue.hear();
    if (!this.#dialogue.isOpen) return advance.lost(this.#dialogue.closing());
    const { content } = advance.prepared.data;
    const octets = countOf(content);
    const bdat = advance.line(Command.bdat(octets, true));
    advance.notes('<mail data>', octets);
    advance.reckoning.indicated = true;
    this.#dialogue.sendAhead([Buffer.from(bdat)], [{ who: advance, replies: 1 }]);
    await this.#dialogue.sendBlocks(content);
  }

  /** Whatever was not written was not begun for the server. */
  #abandon(): void {
    for (const advance of this.#outbox.splice(0)) advance.lost(this.#dialogue.closing());
  }

  #over(error: SmtpError): void {
    this.#outbox.length = 0;
    for (const advance of [...this.#begun]) advance.lost(error);
    this.#wake();
  }
}

/** RFC 3030 §2: the count is of the octets that follow, so it is taken from them. */
function countOf(pieces: readonly Uint8Array[]): number {
  let octets = 0;
  for (const piece of pieces) octets += piece.length;
  return octets;
}
