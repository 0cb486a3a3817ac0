/**
 * What the relay's word on a mail means: for the mail, for the pace, for the connection it came over, and whether the relay itself
 * is at fault.
 */
import {
  LimitError,
  type Place,
  type RecipientResult,
  type Reply,
  replyText,
  type SmtpError,
  type Step,
  unexpectedReply,
} from '#smtp';
import type { AdaptivePace } from './adaptive-pace.ts';
import type { Work } from './due-work.ts';
import type { Settlement } from './ports.ts';
import { outcomeOf } from './retry.ts';

/** Given: a relay that says nothing of the mail has failed, and the mail is as it was before, where that can be. */
export interface Probe {
  /** Set when the relay has said something of the mail. */
  isAnswered: boolean;
}

/** The relay cannot be used now; nobody was burnt. `cause` is what the relay did. */
export class RelayFault extends Error {
  readonly code = 'ERR_RELAY_FAULT';
  override readonly cause: SmtpError;
  constructor(cause: SmtpError) {
    super(cause.message, { cause });
    this.name = 'RelayFault';
    this.cause = cause;
  }
}

/** What is to be written of one delivery. `nextAt` given: it stays in hand. */
export interface Verdict {
  readonly state: Settlement['state'];
  readonly reply?: Reply;
  readonly queueId?: string | null;
  readonly problem?: string;
  readonly nextAt?: number;
}

/** The relay has not got it, and the same mail is to go over another connection. */
export interface Again {
  /** Why. */
  readonly again: string;
}

/** A mail under which so many connections were lost is deferred: the cause may be the mail. */
const MAX_DROPS = 3;

/** Replies that speak of the session's rights, never of a recipient: RFC 4954 §6 (530), RFC 5321 §4.3.2 (503). */
const SESSION_CODES: ReadonlySet<number> = new Set([530, 503]);

/** So many mails in a row that come no further than MAIL: the relay, or the sender's address, is at fault, not the mails. */
const MAX_REFUSALS_IN_A_ROW = 10;

export class Verdicts {
  readonly #pace: AdaptivePace;
  readonly #probe: Probe | undefined;
  #refusalsInARow = 0;
  #hasAccepted = false;
  /** Why the probe's mail came to nothing. */
  failedProbe: SmtpError | null = null;

  constructor(pace: AdaptivePace, probe: Probe | undefined) {
    this.#pace = pace;
    this.#probe = probe;
  }

  /**
   * @param epoch of the pace, when the mail was begun
   * @throws RelayFault where the word is about the relay, and none about the mail
   */
  of(work: Work, place: Place, result: RecipientResult, epoch: number): Verdict | Again {
    this.#hear(result, place, epoch);
    if (this.#probe !== undefined && !this.#isSaidOfMail(result, this.#probe))
      return result.outcome === 'uncertain'
        ? { state: 'uncertain', problem: result.error.message }
        : { again: this.failedProbe?.message ?? '' };
    return this.#judge(work, place, result);
  }

  /** Whether the relay asks for another pace. A probe is slow enough. */
  #hear(result: RecipientResult, { isUsed }: Place, epoch: number): void {
    if (result.outcome === 'accepted' || this.#probe !== undefined) return;
    const { step, reply } = 'error' in result ? result.error : result;
    // Between two mails, and before a mail on a session that has carried some, it is the session that is over.
    if (reply === undefined || step === 'idle' || (step === 'MAIL' && isUsed)) return;
    // Where no mail comes further than MAIL the relay is closed, and not too slow: that is counted elsewhere.
    const isClosed = reply.code === 421 && step === 'MAIL' && (!this.#hasAccepted || this.#refusalsInARow > 0);
    if (!isClosed) this.#pace.heard(reply, epoch);
  }

  /** A refusal of the sender, or a 421, is no word about the mail; neither is a connection that is lost. */
  #isSaidOfMail(result: RecipientResult, probe: Probe): boolean {
    if ('error' in result) this.failedProbe = result.error;
    else if (result.outcome !== 'accepted' && (result.step === 'MAIL' || result.reply.code === 421))
      this.failedProbe = unexpectedReply(result.step, result.reply, '250');
    probe.isAnswered = this.failedProbe === null;
    return probe.isAnswered;
  }

  #judge(work: Work, place: Place, result: RecipientResult): Verdict | Again {
    if (result.outcome === 'unsent') {
      const problem = result.error.message;
      // The session is full, the mail is not at fault.
      if (result.error instanceof LimitError) return { again: problem };
      work.drops += 1;
      if (work.drops === MAX_DROPS)
        return { state: 'deferred', problem: `${MAX_DROPS} connections were lost under this mail: ${problem}` };
      return { again: problem };
    }
    if (result.outcome === 'uncertain') return { state: 'uncertain', problem: result.error.message };
    if (result.outcome === 'accepted') {
      this.#refusalsInARow = 0;
      this.#hasAccepted = true;
      return { state: 'accepted', reply: result.reply, queueId: result.queueId };
    }
    // Some relays take k mails a session, and say so at the next MAIL: a new session, no attempt counted.
    const { step, reply } = result;
    if (place.isUsed && step === 'MAIL' && (result.outcome === 'deferred' || SESSION_CODES.has(reply.code))) {
      place.retire();
      return { again: replyText(reply) };
    }
    return this.#refusal(result);
  }

  /** What a no means: for this mail, or for all of them. */
  #refusal({ outcome, step, reply }: Extract<RecipientResult, { step: Step }>): Verdict {
    const isOfSession = SESSION_CODES.has(reply.code) && (step === 'MAIL' || step === 'RCPT');
    this.#refusalsInARow = step === 'MAIL' || isOfSession ? this.#refusalsInARow + 1 : 0;
    if ((isOfSession && step === 'MAIL') || this.#refusalsInARow > MAX_REFUSALS_IN_A_ROW) {
      throw new RelayFault(unexpectedReply(step, reply, '250'));
    }
    // 503 and 530 at RCPT say nothing about the recipient, who is asked for again later.
    return { state: isOfSession ? 'deferred' : outcomeOf(outcome, reply), reply };
  }
}
