/**
 * Sends what is due of one run, over a pool of connections with several mail transactions in flight on each.
 *
 *     take ► compose ► transaction up to the end-of-mail-data indicator ► intent durable ► indicator ► reply ► settle
 *                │            │                                                              │
 *                └ invalid    └ refused, deferred, or lost before the indicator:             └ no valid reply: uncertain
 *                               provably unsent, so the same mail goes over another connection
 *
 * A relay that cannot be used at all (down, no TLS, login refused) is a RelayFault and burns nobody: what was not begun
 * stays pending. It is met by the first connection alone, before the others are opened.
 */
import {
  CommandError,
  LimitError,
  MailDataError,
  type Place,
  Pool,
  type RecipientResult,
  type Reply,
  replyText,
  type Session,
  SmtpError,
  type Step,
  type TranscriptRecord,
  unexpectedReply,
} from '#smtp';
import { AdaptivePace, type PaceState } from './adaptive-pace.ts';
import type { Allowance, Permit } from './allowance.ts';
import { Archive, type BatchArchive } from './archive.ts';
import { DueWork, type SendingPorts, type Work } from './due-work.ts';
import { isFenceLost } from './group-commit.ts';
import { type Mail, type MailComposer, MailError } from './mail.ts';
import { type Outcome, RESEND_AFTER_MS } from './outcome.ts';
import type { RunRecord, Settlement } from './ports.ts';
import { RelayShare, type SharedRelay } from './relay-share.ts';
import { nextAttemptAt, outcomeOf } from './retry.ts';
import type { SendingHours } from './schedule/hours.ts';
import { ON_LIST, SuppressionGate } from './suppression.ts';

export interface SendOptions {
  /** Connections at the most. */
  readonly connections: number;
  /** Mails per second at the most; no limit by default. */
  readonly messagesPerSecond?: number;
  /** `signal` aborted: the session is no longer wanted, and opening it may be given up. */
  readonly openSession: (record: (entry: TranscriptRecord) => void, signal: AbortSignal) => Promise<Session>;
  /** Aborted: no mail is begun any more, those in flight are settled. */
  readonly signal: AbortSignal;
  /** When mails may be begun; at any hour by default. What has been begun is settled also when they end. */
  readonly hours?: SendingHours | null;
  /** How many mails may go today. Default: any number. What is left is given back at the end. */
  readonly allowance?: Allowance;
  /** The octets of each mail are kept before it leaves. Default: they are not. */
  readonly archive?: boolean;
  /** A name no other process has; sessions in transcripts begin with it. */
  readonly owner: string;
  readonly onSettled?: (outcome: Outcome) => void;
  /** Each outcome as it is handed to the ledger, in which it may not be durable yet; and what was put off to be tried at once. */
  readonly onMail?: (settlement: Settlement, mail: SettledMail) => void;
  /** The relay does not answer; it is tried again after so many ms. */
  readonly onWaiting?: (error: SmtpError, delayMs: number) => void;
  /** The relay is shared with all processes of a state. Default: this one has it alone. */
  readonly shared?: SharedRelay;
  /** The relay asked to go slower, or a while has passed since. */
  readonly onPace?: (state: PaceState) => void;
  /** In place of `connections`, `messagesPerSecond` and `onPace`: a pace that goes on from an earlier call. */
  readonly pace?: AdaptivePace;
  /** One mail over one connection, to see whether the relay works again. */
  readonly probe?: Probe;
}

/** Given: a relay that says nothing of the mail has failed, and the mail is as it was before, where that can be. */
export interface Probe {
  /** Set when the relay has said something of the mail. */
  isAnswered: boolean;
}

/** Whose outcome it is. */
export interface SettledMail {
  readonly batch: { readonly claim: { readonly batch: number } };
  readonly delivery: { readonly recipient: string; readonly row: number };
  /** When the attempt began, by the monotonic clock; `null` where none was made. */
  readonly began: number | null;
}

export interface SendReport {
  /** Ended before its end because the signal was aborted. */
  readonly stopped: boolean;
  /** Batches that another process holds. */
  readonly elsewhere: number;
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

/** A mail under which so many connections were lost is deferred: the cause may be the mail. */
const MAX_DROPS = 3;

/** Replies that speak of the session's rights, never of a recipient: RFC 4954 §6 (530), RFC 5321 §4.3.2 (503). */
const SESSION_CODES: ReadonlySet<number> = new Set([530, 503]);

/** So many mails in a row that come no further than MAIL: the relay, or the sender's address, is at fault, not the mails. */
const MAX_REFUSALS_IN_A_ROW = 10;

/** When the run is stopped, a mail that waits for a reply before its end-of-mail-data indicator is cut after so long. */
const GRACE_MS = 5000;

/** @throws RelayFault, or what the ledger or an object store threw; the batches are given back first */
export async function sendRun(
  run: RunRecord,
  composer: MailComposer,
  ports: SendingPorts,
  options: SendOptions,
): Promise<SendReport> {
  return new RunSender(run, composer, ports, options).send();
}

class RunSender {
  readonly #run: RunRecord;
  readonly #composer: MailComposer;
  readonly #ports: SendingPorts;
  readonly #options: SendOptions;
  readonly #halt = new AbortController();
  readonly #signal: AbortSignal;
  readonly #pace: AdaptivePace;
  readonly #due: DueWork;
  readonly #gate: SuppressionGate;
  readonly #pool: Pool;
  readonly #share: RelayShare | null;
  #refusalsInARow = 0;
  #hasAccepted = false;
  #fault: unknown;
  /** Why the probe's mail came to nothing. */
  #failedProbe: SmtpError | null = null;
  /** Mails under way. A count, and no Set of them: see `remove` in smtp/course.ts. */
  #underWay = 0;
  /** Called when a mail is no longer under way. */
  #wake: () => void = () => {};

  constructor(run: RunRecord, composer: MailComposer, ports: SendingPorts, options: SendOptions) {
    this.#run = run;
    this.#composer = composer;
    this.#ports = ports;
    this.#options = options;
    this.#signal = AbortSignal.any([options.signal, this.#halt.signal]);
    this.#pace = options.pace ?? new AdaptivePace(ports.clock, options, options.onPace);
    const onSuppressed = (settlement: Settlement, work: Work) => {
      options.onSettled?.('suppressed');
      options.onMail?.(settlement, work);
    };
    const archive = options.archive ? new Archive(ports.objects, ports.clock) : null;
    this.#due = new DueWork(run, ports, this.#signal, { onSuppressed, hours: options.hours ?? null, archive });
    this.#gate = new SuppressionGate(ports.suppressions);
    this.#pool = new Pool({
      connections: options.probe === undefined ? this.#pace.connections : 1,
      open: options.openSession,
      time: ports.clock,
      signal: this.#signal,
      ...(options.onWaiting === undefined ? {} : { onWaiting: options.onWaiting }),
      onFull: () => this.#share?.want(),
      onClosed: () => this.#share?.closed(),
      onCrowded: (connections, { message }) => this.#pace.crowded(connections, message),
    });
    this.#pace.restart((connections) => this.#pool.allow(options.probe === undefined ? connections : 1));
    this.#share = options.shared === undefined ? null : this.#shareOf(options.shared);
  }

  #shareOf(relay: SharedRelay): RelayShare {
    const process = { run: this.#run.id, owner: this.#options.owner, clock: this.#ports.clock };
    const used = { pool: this.#pool, pace: this.#pace };
    return new RelayShare(relay, process, used, (error) => this.#fail(error));
  }

  async send(): Promise<SendReport> {
    let cancel = () => {};
    // Whose indicator has not left is not in doubt: it is pending again, and need not be waited for.
    const cutLater = () => {
      cancel = this.#ports.clock.after(GRACE_MS, () => this.#pool.cutUndoubted());
    };
    this.#signal.addEventListener('abort', cutLater, { once: true });
    await this.#guarded(() => this.#sendAll());
    await this.#pool.close();
    await this.#share?.leave();
    await this.#guarded(() => this.#due.close());
    await this.#options.allowance?.giveBack();
    this.#signal.removeEventListener('abort', cutLater);
    cancel();
    if (this.#fault !== undefined) throw this.#fault;
    if (this.#failedProbe !== null) throw new RelayFault(this.#failedProbe);
    return { stopped: this.#options.signal.aborted, elsewhere: this.#due.elsewhere };
  }

  /** What is under way may be given back, so the end is when nothing is due and nothing is under way. */
  async #sendAll(): Promise<void> {
    try {
      for (;;) {
        while (await this.#beginNext()) {
          // One after the other, as places and mails are there.
        }
        if (this.#underWay === 0) return;
        await this.#oneLess();
      }
    } finally {
      while (this.#underWay > 0) await this.#oneLess();
    }
  }

  #oneLess(): Promise<void> {
    return new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }

  /** @returns whether a mail was begun */
  #beginNext(): Promise<boolean> {
    const { allowance } = this.#options;
    return allowance === undefined ? this.#begin(null) : this.#beginWithin(allowance);
  }

  async #beginWithin(allowance: Allowance): Promise<boolean> {
    const permit = await allowance.take();
    if (permit === null) return false;
    let isBegun = false;
    try {
      isBegun = await this.#begin(permit);
    } finally {
      if (!isBegun) permit.close();
    }
    return isBegun;
  }

  /** A mail is taken only for a place that is there: a connection that cannot be had keeps no mail from the others. */
  async #begin(permit: Permit | null): Promise<boolean> {
    if (this.#options.probe !== undefined && this.#isProbed(this.#options.probe)) return false;
    if (!this.#due.isQueued && !(await this.#due.hasMore())) return false;
    // The pace comes first: a relay closes sessions that wait for long, and that is no fault of the mail.
    if (this.#pace.isLimited) await this.#pace.turn(this.#signal);
    const place = this.#pool.free() ?? (await this.#place());
    if (place === null) return false;
    const work = this.#due.take() ?? (await this.#due.next());
    if (work === null) {
      place.leave();
      return false;
    }
    this.#underWay += 1;
    if (this.#options.onMail !== undefined) work.began = this.#ports.clock.monotonic();
    this.#pace.begin();
    void this.#guarded(() => this.#send(work, place, permit)).then(() => {
      permit?.close();
      this.#underWay -= 1;
      this.#wake();
    });
    return true;
  }

  /** Whether no mail more is to be begun. */
  #isProbed({ isAnswered }: Probe): boolean {
    return isAnswered || this.#failedProbe !== null || this.#underWay > 0;
  }

  /** @throws RelayFault */
  async #place(): Promise<Place | null> {
    try {
      return await this.#pool.place();
    } catch (error) {
      throw error instanceof SmtpError ? new RelayFault(error) : error;
    }
  }

  /** The first thing that goes wrong stops everybody, who settle what they have in hand. */
  async #guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.#fault ??= error;
    this.#halt.abort();
  }

  /** One mail in its place, to its outcome or back among those that are due. */
  async #send(work: Work, place: Place, permit: Permit | null): Promise<void> {
    if (work.batch.careful > 0 && !(await this.#isBegun(work, place))) return;
    const mail = await this.#compose(work).catch((error: unknown) => {
      place.leave();
      throw error;
    });
    if (mail === null || this.#signal.aborted) {
      place.leave();
      if (mail === null) this.#due.done(work);
      else this.#due.giveBack(work);
      return;
    }
    const tried = await this.#transact(work, mail, place, permit);
    if (work.batch.commit.failure !== null) {
      // Another process has the batch now, or the ledger takes no more: what was not committed is not ours to say.
      this.#due.done(work);
      await work.batch.commit.flush().catch((error: unknown) => {
        if (!isFenceLost(error)) throw error;
      });
    } else if (tried === 'again') {
      this.#due.giveBack(work);
    } else {
      this.#settle(work, tried);
      this.#due.done(work);
    }
  }

  /** Of a batch under which processes have ended. @returns whether the batch is still ours; else nothing is left to do */
  async #isBegun(work: Work, place: Place): Promise<boolean> {
    let isOurs = false;
    try {
      isOurs = await this.#due.begin(work);
      return isOurs;
    } finally {
      if (!isOurs) {
        place.leave();
        this.#due.done(work);
      }
    }
  }

  async #compose(work: Work): Promise<Mail | null> {
    try {
      const { row, delivery } = work;
      if (row?.fields === undefined || row.recipient !== delivery.recipient) {
        throw new MailError(
          delivery.recipient,
          'the batch file does not have this recipient; plan another run with --new',
        );
      }
      return await this.#composer.compose({ ...row, fields: row.fields });
    } catch (error) {
      if (!(error instanceof MailError)) throw error;
      this.#settle(work, { state: 'invalid', problem: error.problem });
      return null;
    }
  }

  async #transact(work: Work, mail: Mail, place: Place, permit: Permit | null): Promise<Verdict | 'again'> {
    const records: TranscriptRecord[] = [];
    const { epoch } = this.#pace;
    let intended = false;
    let isShut = false;
    let isUsedUp = false;
    try {
      const { recipients } = await place.transact(mail.envelope, mail.data, {
        record: (record) => records.push(record),
        release: async () => {
          if (work.batch.archive !== null && !(await this.#isArchived(work, work.batch.archive, mail))) return false;
          const earlier = this.#due.outcomesBesides(work.batch);
          if (earlier !== null && !(await this.#areDurable(earlier))) return false;
          await work.batch.commit.intend({ index: work.delivery.index, attempt: work.attempt });
          intended = true;
          isShut = await this.#gate.isShut(work.delivery.recipient);
          isUsedUp = !isShut && permit !== null && !(await permit.use());
          if (!isShut && !isUsedUp) return true;
          await this.#withdraw(work);
          return false;
        },
      });
      const [result] = recipients;
      this.#keepTranscript(work, place, records, result);
      if (isShut) return { state: 'suppressed', problem: `${ON_LIST} since this mail was begun` };
      if (isUsedUp) return this.#again(work, 'the warm-up allows no more mails today', intended);
      if (result === undefined) throw new Error('Cannot settle: the transaction gave no result for its recipient');
      // Nobody waits for it: it makes the archive say more, and nothing else depends on it.
      if (intended && result.outcome === 'unsent') void this.#withdraw(work);
      this.#hear(result, place, epoch);
      if (this.#options.probe !== undefined && !this.#isSaidOfMail(result, this.#options.probe))
        return result.outcome === 'uncertain'
          ? { state: 'uncertain', problem: result.error.message }
          : this.#again(work, this.#failedProbe?.message ?? '', intended);
      return this.#judge(work, place, result, intended);
    } catch (error) {
      if (error instanceof MailDataError || error instanceof CommandError)
        return { state: 'invalid', problem: error.message };
      throw error;
    }
  }

  /** Where the ledger takes no outcomes, no indicator leaves that would want one more. */
  async #areDurable(outcomes: Promise<void>): Promise<boolean> {
    try {
      await outcomes;
      return true;
    } catch (error) {
      this.#fail(error);
      return false;
    }
  }

  /** Octets that cannot be kept are not sent: the run stops, and this mail is as it was before. */
  async #isArchived({ delivery, attempt }: Work, archive: BatchArchive, { data }: Mail): Promise<boolean> {
    try {
      const { row, recipient } = delivery;
      await archive.keep({ row, recipient, attempt }, data);
      return true;
    } catch (error) {
      this.#fail(error);
      return false;
    }
  }

  /** The archive is told that what it has has not left, and never will. */
  async #withdraw({ batch: { archive }, delivery: { row }, attempt }: Work): Promise<void> {
    if (archive !== null) await this.#guarded(() => archive.withdraw({ row, attempt }));
  }

  /** Whether the relay asks for another pace. A probe is slow enough. */
  #hear(result: RecipientResult, { isUsed }: Place, epoch: number): void {
    if (result.outcome === 'accepted' || this.#options.probe !== undefined) return;
    const { step, reply } = 'error' in result ? result.error : result;
    // Between two mails, and before a mail on a session that has carried some, it is the session that is over.
    if (reply === undefined || step === 'idle' || (step === 'MAIL' && isUsed)) return;
    // Where no mail comes further than MAIL the relay is closed, and not too slow: that is counted elsewhere.
    const isClosed = reply.code === 421 && step === 'MAIL' && (!this.#hasAccepted || this.#refusalsInARow > 0);
    if (!isClosed) this.#pace.heard(reply, epoch);
  }

  /** A refusal of the sender, or a 421, is no word about the mail; neither is a connection that is lost. */
  #isSaidOfMail(result: RecipientResult, probe: Probe): boolean {
    if ('error' in result) this.#failedProbe = result.error;
    else if (result.outcome !== 'accepted' && (result.step === 'MAIL' || result.reply.code === 421))
      this.#failedProbe = unexpectedReply(result.step, result.reply, '250');
    probe.isAnswered = this.#failedProbe === null;
    return probe.isAnswered;
  }

  #judge(work: Work, place: Place, result: RecipientResult, intended: boolean): Verdict | 'again' {
    if (result.outcome === 'unsent') {
      const problem = result.error.message;
      // The session is full, the mail is not at fault.
      if (result.error instanceof LimitError) return this.#again(work, problem, intended);
      work.drops += 1;
      if (work.drops === MAX_DROPS)
        return { state: 'deferred', problem: `${MAX_DROPS} connections were lost under this mail: ${problem}` };
      return this.#again(work, problem, intended);
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
      return this.#again(work, replyText(reply), intended);
    }
    return this.#refusal(result);
  }

  /** The relay has not got it. An intent that is durable and was not used is told to the ledger before another is made. */
  #again(work: Work, problem: string, intended: boolean): 'again' {
    if (intended) {
      this.#settle(work, { state: 'deferred', problem, nextAt: this.#ports.clock.now() });
      work.attempt += 1;
    }
    return 'again';
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

  #settle(work: Work, verdict: Verdict): void {
    const at = this.#ports.clock.now();
    const nextAt = verdict.nextAt ?? this.#nextAt(verdict, work, at);
    const settlement: Settlement = {
      index: work.delivery.index,
      // What could not be composed was not attempted.
      attempt: verdict.state === 'invalid' ? work.attempt - 1 : work.attempt,
      state: verdict.state,
      at,
      ...(nextAt === undefined ? {} : { nextAt }),
      ...(verdict.reply === undefined ? {} : { reply: replyText(verdict.reply) }),
      ...(verdict.reply?.enhancedStatus ? { enhancedStatus: verdict.reply.enhancedStatus } : {}),
      ...(verdict.queueId ? { queueId: verdict.queueId } : {}),
      ...(verdict.problem === undefined ? {} : { problem: verdict.problem }),
    };
    work.batch.commit.settle(settlement);
    this.#options.onMail?.(settlement, work);
    if (verdict.nextAt === undefined) this.#options.onSettled?.(verdict.state);
  }

  #nextAt({ state, reply }: Verdict, { attempt, delivery }: Work, now: number): number | undefined {
    const { recipient } = delivery;
    if (state === 'deferred')
      return nextAttemptAt({ run: this.#run.id, recipient, attempt, ...(reply === undefined ? {} : { reply }) }, now);
    if (state === 'uncertain' && this.#run.onUncertain === 'resend') return now + RESEND_AFTER_MS;
    return undefined;
  }

  #keepTranscript(
    work: Work,
    place: Place,
    records: readonly TranscriptRecord[],
    result: RecipientResult | undefined,
  ): void {
    const { transcripts } = this.#ports;
    const { batch, delivery, attempt } = work;
    const { run, batch: number } = batch.claim;
    const session = `${this.#options.owner}-${place.session}`;
    const opening = place.takeOpening();
    if (opening !== null) transcripts.write(run, number, { kind: 'session', session, records: opening });
    const { row, recipient } = delivery;
    const outcome = result?.outcome ?? 'unsent';
    const reply = result !== undefined && 'step' in result ? replyText(result.reply) : null;
    transcripts.write(run, number, { kind: 'delivery', session, row, recipient, attempt, outcome, reply, records });
  }
}

/** What is to be written of one delivery. `nextAt` given: it stays in hand. */
interface Verdict {
  readonly state: Settlement['state'];
  readonly reply?: Reply;
  readonly queueId?: string | null;
  readonly problem?: string;
  readonly nextAt?: number;
}
