/**
 * What the replies of one mail transaction mean for its recipients, whether they come one by one or its commands were sent
 * ahead of them:
 *
 *     RSET ─► MAIL ─► RCPT … ─► BDAT | DATA ─► (end of data)
 *
 * Each recipient gets the first reply that said no to it, else the final one. A server that says no to MAIL and yes to what
 * follows would send the mail under another's reverse-path: what comes of that, nobody knows.
 */
import { ConnectionLostError, ProtocolError, type SmtpError, type Step, unexpectedReply } from './errors.ts';
import { queueIdOf } from './queue-id.ts';
import { isClosing, type Reply, severityOf } from './reply.ts';

/** What became of one recipient. */
export type RecipientResult =
  | { readonly outcome: 'accepted'; readonly reply: Reply; readonly queueId: string | null }
  /** A valid reply at `step` said no, for good (5yz) or for now (4yz). */
  | { readonly outcome: 'refused' | 'deferred'; readonly step: Step; readonly reply: Reply }
  /** The indicator may have left, and no valid final reply came. */
  | { readonly outcome: 'uncertain'; readonly error: SmtpError }
  /** The server cannot have taken the mail, and no reply was about this recipient. */
  | { readonly outcome: 'unsent'; readonly error: SmtpError };

/** 2yz replies that answer something else: taken for an acceptance, a late 221 would lose the mail. */
const ELSEWHERE: ReadonlySet<number> = new Set([211, 214, 220, 221, 235]);

/** @returns `null` where the reply answers no command of a transaction */
export function outcomeOf(reply: Reply): 'accepted' | 'deferred' | 'refused' | null {
  const severity = severityOf(reply);
  if (severity === 'transient') return 'deferred';
  if (severity === 'permanent') return 'refused';
  return severity === 'completed' && !ELSEWHERE.has(reply.code) ? 'accepted' : null;
}

/** RFC 5321 §4.5.3.1.10: 552 is what servers of old say where 452 is meant; the recipient is for another transaction. */
function isTooManyRecipients(reply: Reply): boolean {
  return reply.code === 552 && (reply.enhancedStatus === null || reply.enhancedStatus === '5.5.3');
}

export class Reckoning {
  /** The end-of-mail-data indicator, or the BDAT that is the last, may have left. */
  indicated = false;
  readonly #results: (RecipientResult | null)[];
  #isResetRefused = false;
  #isMailRefused = false;
  /** Recipients that the server has said yes to so far. */
  #taken = 0;

  constructor(recipients: number) {
    this.#results = new Array<RecipientResult | null>(recipients).fill(null);
  }

  /** Whether a recipient has no result yet. */
  get isUndecided(): boolean {
    return this.#results.includes(null);
  }

  /** Whether the server has taken a recipient, and no reply has said no to all of it. */
  get hasTaken(): boolean {
    return this.#taken > 0 && !this.#isMailRefused;
  }

  /** The server said no to MAIL and yes to a recipient: its memory is another transaction's. */
  get isMisled(): boolean {
    return this.#taken > 0 && this.#isMailRefused;
  }

  /** The server said no to each command of the envelope, RSET first: it would not have them where they stood. */
  get isGroupRefused(): boolean {
    return this.#isResetRefused && this.#isMailRefused && this.#taken === 0;
  }

  /** Why such a server gets no mail. */
  misled(): SmtpError {
    return new ProtocolError('the server refused MAIL and took recipients all the same', { step: 'RCPT' });
  }

  /** Whether a reply has said no to a recipient. */
  get hasRefused(): boolean {
    return this.#results.some((result) => result !== null && result.outcome !== 'accepted');
  }

  /** @returns why client and server are no longer in step, `null` where they are; so do all of these */
  rset(reply: Reply): SmtpError | null {
    const outcome = outcomeOf(reply);
    if (outcome === null) return unexpectedReply('RSET', reply, '250');
    if (outcome !== 'accepted') this.#isResetRefused = true;
    return null;
  }

  mail(reply: Reply): SmtpError | null {
    const outcome = outcomeOf(reply);
    if (outcome === null) return unexpectedReply('MAIL', reply, '250');
    if (outcome !== 'accepted') {
      this.#isMailRefused = true;
      this.settle({ outcome, step: 'MAIL', reply });
    }
    return null;
  }

  rcpt(index: number, reply: Reply): SmtpError | null {
    const outcome = outcomeOf(reply);
    if (outcome === null) return unexpectedReply('RCPT', reply, '250');
    if (outcome === 'accepted') this.#taken += 1;
    else {
      const tooMany = this.#taken > 0 && isTooManyRecipients(reply);
      this.#results[index] ??= { outcome: tooMany ? 'deferred' : outcome, step: 'RCPT', reply };
    }
    return null;
  }

  /** The reply to DATA where it is no 354. */
  noData(reply: Reply): SmtpError | null {
    const outcome = outcomeOf(reply);
    if (outcome === null || outcome === 'accepted') return unexpectedReply('DATA', reply, '354');
    this.settle({ outcome, step: 'DATA', reply });
    return null;
  }

  final(reply: Reply): SmtpError | null {
    const outcome = outcomeOf(reply);
    if (outcome === null) return unexpectedReply('end of data', reply, '250');
    if (outcome === 'accepted' && this.isMisled) {
      const error = unexpectedReply('end of data', reply, 'a refusal', 'a mail whose MAIL it refused');
      this.#results.fill({ outcome: 'uncertain', error });
      return error;
    }
    this.settle(
      outcome === 'accepted' ? { outcome, reply, queueId: queueIdOf(reply) } : { outcome, step: 'end of data', reply },
    );
    return null;
  }

  /**
   * The connection is over. What a 421 leaves unanswered was not processed (RFC 5321 §3.8), nor was anything whose indicator
   * has not left.
   */
  lost(error: SmtpError): void {
    const isFarewell = error instanceof ConnectionLostError && error.reply !== undefined && isClosing(error.reply);
    this.settle({ outcome: this.indicated && !isFarewell ? 'uncertain' : 'unsent', error });
  }

  /** One for each recipient, in order. */
  results(): RecipientResult[] {
    return this.#results.map((result) => {
      if (result === null) throw new Error('Cannot tell what became of a recipient: its transaction is not over');
      return result;
    });
  }

  /** For whoever has no result yet. */
  settle(result: RecipientResult): void {
    for (const [index, known] of this.#results.entries()) this.#results[index] = known ?? result;
  }
}
