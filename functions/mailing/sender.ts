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
  MailDataError,
  type Place,
  Pool,
  type RecipientResult,
  replyText,
  SmtpError,
  type TranscriptRecord,
} from '#smtp';
import { AdaptivePace } from './adaptive-pace.ts';
import type { Allowance, Permit } from './allowance.ts';
import { Archive, type BatchArchive } from './archive.ts';
import { DueWork, type SendingPorts, type Work } from './due-work.ts';
import { isFenceLost } from './group-commit.ts';
import { type Mail, type MailComposer, MailError } from './mail.ts';
import { RESEND_AFTER_MS } from './outcome.ts';
import type { RunRecord, Settlement } from './ports.ts';
import { RelayShare, type SharedRelay } from './relay-share.ts';
import { nextAttemptAt } from './retry.ts';
import type { SendOptions, SendReport } from './send-options.ts';
import { ON_LIST, SuppressionGate } from './suppression.ts';
import { type Probe, RelayFault, type Verdict, Verdicts } from './verdicts.ts';

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
  readonly #verdicts: Verdicts;
  readonly #due: DueWork;
  readonly #gate: SuppressionGate;
  readonly #pool: Pool;
  readonly #share: RelayShare | null;
  #fault: unknown;
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
    this.#verdicts = new Verdicts(this.#pace, options.probe);
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
    const { failedProbe } = this.#verdicts;
    if (failedProbe !== null) throw new RelayFault(failedProbe);
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
    return isAnswered || this.#verdicts.failedProbe !== null || this.#underWay > 0;
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
      const said = this.#verdicts.of(work, place, result, epoch);
      return 'again' in said ? this.#again(work, said.again, intended) : said;
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

  /** The relay has not got it. An intent that is durable and was not used is told to the ledger before another is made. */
  #again(work: Work, problem: string, intended: boolean): 'again' {
    if (intended) {
      this.#settle(work, { state: 'deferred', problem, nextAt: this.#ports.clock.now() });
      work.attempt += 1;
    }
    return 'again';
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
