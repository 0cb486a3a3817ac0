/**
 * The mails of one run that are due, handed out one by one. Batches are claimed as they are needed, so that a connection
 * goes on with the next batch while the last mails of this one are still under way; a batch is given back when the last
 * of its mails is settled.
 *
 * A batch under which processes have ended is worked with care (`poison.ts`): its mails go one at a time, and while one of
 * them is in hand nothing else is, so that another death speaks of that mail alone.
 */
import type { Archive, BatchArchive } from './archive.ts';
import { readBatch } from './batch-file.ts';
import { expiryOf } from './batch-time.ts';
import { lastOpenBatch } from './canary.ts';
import { GroupCommit, isFenceLost } from './group-commit.ts';
import type { PlannedRow } from './planner.ts';
import { CAREFUL_MAILS } from './poison.ts';
import type {
  Claim,
  Clock,
  DueDelivery,
  Ledger,
  ObjectStore,
  RunRecord,
  Settlement,
  SuppressionList,
  TranscriptSink,
  OpenBatch as WaitingBatch,
} from './ports.ts';
import { writeResults } from './results.ts';
import type { SendingHours } from './schedule/hours.ts';
import { ON_LIST, suppressionKeyOf } from './suppression.ts';

/** One delivery in hand. */
export interface Work {
  readonly batch: OpenBatch;
  readonly delivery: DueDelivery;
  /** `undefined` where the batch file has no such row: it was damaged. */
  readonly row: PlannedRow | undefined;
  /** The number that the next attempt will have, from 1. */
  attempt: number;
  /** How often a connection was lost under this mail, provably before its end-of-mail-data indicator. */
  drops: number;
  /** When its attempt began, by the monotonic clock; `null` where nobody asked or it has not. */
  began: number | null;
}

export interface OpenBatch {
  /** As it stood before it was claimed. */
  readonly waiting: WaitingBatch;
  readonly claim: Claim;
  readonly commit: GroupCommit;
  /** `null` where the campaign keeps none. */
  readonly archive: BatchArchive | null;
  readonly queue: Work[];
  inHand: number;
  /** How many of its mails are still to be worked one at a time. */
  careful: number;
}

export interface SendingPorts {
  readonly ledger: Ledger;
  readonly suppressions: SuppressionList;
  readonly objects: ObjectStore;
  readonly transcripts: TranscriptSink;
  readonly clock: Clock;
}

const suppressed = { state: 'suppressed', problem: ON_LIST } as const;

export interface DueWorkOptions {
  /** Called for each who is found suppressed by a claim. */
  readonly onSuppressed?: (settlement: Settlement, work: Work) => void;
  /** Outside of them nothing is handed out. Default: at any hour. */
  readonly hours?: SendingHours | null;
  /** Default: nothing is archived. */
  readonly archive?: Archive | null;
}

export class DueWork {
  readonly #run: RunRecord;
  readonly #ports: SendingPorts;
  readonly #signal: AbortSignal;
  readonly #onSuppressed: (settlement: Settlement, work: Work) => void;
  readonly #hours: SendingHours | null;
  readonly #archive: Archive | null;
  readonly #open = new Set<OpenBatch>();
  /** Of the batches in hand, and of those that are being given back. */
  readonly #commits = new Set<GroupCommit>();
  readonly #finishing = new Set<Promise<void>>();
  #unclaimed: WaitingBatch[] | null = null;
  #claiming: Promise<void> = Promise.resolve();
  #failure: unknown;
  /** Mails in hand, of all batches. */
  #inHand = 0;
  /** A mail in hand that nothing may be beside. */
  #alone: Work | null = null;
  /** Settled when a mail is put down; `null` while nobody waits for it. */
  #putDownNext: PromiseWithResolvers<void> | null = null;
  /** Batches that another process holds, or took over. */
  elsewhere = 0;

  /** @param signal aborted: nothing more is handed out */
  constructor(run: RunRecord, ports: SendingPorts, signal: AbortSignal, options: DueWorkOptions = {}) {
    const { onSuppressed, hours, archive } = options;
    this.#archive = archive ?? null;
    this.#onSuppressed = onSuppressed ?? (() => {});
    this.#hours = hours ?? null;
    this.#run = run;
    this.#ports = ports;
    this.#signal = signal;
  }

  /** Whether a mail can be handed out now, as far as batches are claimed; `false` once the signal is aborted. */
  get isQueued(): boolean {
    return !this.#signal.aborted && this.#isQueued();
  }

  /**
   * Whether a mail is due that nobody has in hand; claims the next batch where it must, and waits where one is to be alone.
   * `false` once the signal is aborted.
   */
  async hasMore(): Promise<boolean> {
    while (!this.#signal.aborted) {
      if (this.#isQueued()) return true;
      if (this.#isWaiting()) await this.#oneIsPutDown();
      else if (!(await this.#claimNext())) return !this.#signal.aborted && this.#isQueued();
    }
    return false;
  }

  /** The next mail that is due, `null` when none is left or the signal is aborted. */
  async next(): Promise<Work | null> {
    while (await this.hasMore()) {
      const work = this.take();
      if (work !== null) return work;
    }
    return null;
  }

  /**
   * To be called before a mail of a batch under care is made: should the process end with it, the ledger knows by which.
   * @returns whether the batch is still this process's
   * @throws what the ledger throws
   */
  async begin({ batch, delivery }: Work): Promise<boolean> {
    try {
      await batch.commit.makeCurrent(delivery.index);
      return true;
    } catch (error) {
      if (isFenceLost(error)) return false;
      throw error;
    }
  }

  /** Hands back what was taken by `next` and not begun. */
  giveBack(work: Work): void {
    work.batch.queue.unshift(work);
    this.#putDown(work);
  }

  /** Ends what was taken by `next`; its outcome is with the batch's commit. */
  done(work: Work): void {
    if (work.batch.careful > 0) work.batch.careful -= 1;
    this.#putDown(work);
  }

  #putDown(work: Work): void {
    work.batch.inHand -= 1;
    this.#inHand -= 1;
    if (this.#alone === work) this.#alone = null;
    this.#finishIfDone(work.batch);
    this.#putDownNext?.resolve();
    this.#putDownNext = null;
  }

  /**
   * The outcomes that other batches have noted and are not durable: their places in the window are taken until they are. So
   * the last mails of one batch and the first of the next have together no more intents than one batch alone.
   * @returns `null` where there is none @throws what the ledger threw
   */
  outcomesBesides(own: OpenBatch): Promise<void> | null {
    for (const commit of this.#commits) if (commit !== own.commit && !commit.isDurable) return this.#allDurable(own);
    return null;
  }

  async #allDurable(own: OpenBatch): Promise<void> {
    for (const commit of [...this.#commits]) {
      if (commit === own.commit) continue;
      await commit.flush().catch((error: unknown) => {
        // Who has the batch now says what became of them.
        if (!isFenceLost(error)) throw error;
      });
    }
  }

  /** Gives every batch back. Call it when no mail is in hand. @throws what a batch's last commit threw */
  async close(): Promise<void> {
    for (const batch of [...this.#open]) this.#finish(batch);
    await Promise.all(this.#finishing);
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** The next mail that is due in a batch that is claimed; `null` where there is none, or the signal is aborted. */
  take(): Work | null {
    if (this.#signal.aborted) return null;
    const batch = this.#nextBatch();
    const work = batch?.queue.shift();
    if (batch === null || work === undefined) return null;
    batch.inHand += 1;
    this.#inHand += 1;
    if (batch.careful > 0) this.#alone = work;
    return work;
  }

  #isQueued(): boolean {
    return this.#nextBatch() !== null;
  }

  /** Whose mail comes next: one under care before all others, once nothing is in hand. `null`: none, or not now. */
  #nextBatch(): OpenBatch | null {
    if (this.#alone !== null) return null;
    let next: OpenBatch | null = null;
    for (const batch of this.#open) {
      if (!this.#hasMails(batch)) continue;
      if (batch.careful > 0) return this.#inHand === 0 ? batch : null;
      next ??= batch;
    }
    return next;
  }

  /** Whether nothing can be handed out before something that is in hand is put down. */
  #isWaiting(): boolean {
    if (this.#alone !== null) return true;
    for (const batch of this.#open) if (batch.careful > 0 && this.#hasMails(batch)) return this.#inHand > 0;
    return false;
  }

  #hasMails({ commit, queue, waiting }: OpenBatch): boolean {
    return commit.failure === null && queue.length > 0 && !this.#isShut(waiting);
  }

  /** Each connection that has nothing to do waits for it. */
  #oneIsPutDown(): Promise<void> {
    this.#putDownNext ??= Promise.withResolvers<void>();
    return this.#putDownNext.promise;
  }

  /** Whether the clock forbids to begin a mail of the batch. */
  #isShut({ zone }: WaitingBatch): boolean {
    return this.#hours !== null && !this.#hours.in(zone).isOpen(this.#ports.clock.now());
  }

  /** @returns whether it is worth looking again */
  async #claimNext(): Promise<boolean> {
    const before = this.#claiming;
    let settle = () => {};
    this.#claiming = new Promise((resolve) => {
      settle = resolve;
    });
    try {
      await before;
      if (this.#isQueued()) return true;
      this.#unclaimed ??= await this.#openBatches();
      const place = this.#unclaimed.findIndex((each) => this.#isWorthClaiming(each));
      const [batch] = place === -1 ? [] : this.#unclaimed.splice(place, 1);
      if (batch === undefined) return false;
      await this.#claim(batch);
      return true;
    } finally {
      settle();
    }
  }

  /** A claim also gives up whom the relay has put off for too long: that waits for no window. */
  #isWorthClaiming(batch: WaitingBatch): boolean {
    const { held, nextAt, notBefore } = batch;
    if (held || (this.#hours === null && notBefore === 0)) return true;
    const now = this.#ports.clock.now();
    return nextAt <= now && (!this.#isShut(batch) || now >= expiryOf(this.#run, notBefore));
  }

  async #openBatches(): Promise<WaitingBatch[]> {
    const { ledger } = this.#ports;
    const last = await lastOpenBatch(ledger, this.#run);
    const batches = await ledger.openBatches(this.#run.id);
    return batches.filter(({ batch }) => batch <= last);
  }

  async #claim(waiting: WaitingBatch): Promise<void> {
    const { ledger, objects, suppressions, clock } = this.#ports;
    const { batch: number } = waiting;
    const claim = await ledger.claim(this.#run.id, number, { now: clock.now() });
    if (claim === null) {
      this.elsewhere += 1;
      return;
    }
    const archive = this.#archive?.open(claim) ?? null;
    const commit = new GroupCommit(ledger, claim);
    const careful = claim.careful ? CAREFUL_MAILS : 0;
    const batch: OpenBatch = { waiting, claim, commit, archive, queue: [], inHand: 0, careful };
    // Before anything else can fail: what is claimed is given back, whatever happens.
    this.#open.add(batch);
    this.#commits.add(commit);
    await archive?.begin(claim.due);
    const rows = claim.due.length > 0 ? await readBatch(objects, this.#run, number) : [];
    // Whoever was suppressed since the plan costs no transaction; whoever is from here on is met behind the intent.
    const keys = claim.due.map(({ recipient }) => suppressionKeyOf(recipient));
    const shut = await suppressions.among(keys);
    for (const [place, delivery] of claim.due.entries()) {
      const { index, attempt } = delivery;
      const work: Work = { batch, delivery, row: rows[index], attempt: attempt + 1, drops: 0, began: null };
      if (shut.has(keys[place] ?? '')) {
        const settlement = { ...suppressed, index, attempt, at: clock.now() };
        batch.commit.settle(settlement);
        this.#onSuppressed(settlement, work);
        continue;
      }
      batch.queue.push(work);
    }
    this.#finishIfDone(batch);
  }

  #finishIfDone(batch: OpenBatch): void {
    if (batch.inHand > 0) return;
    const isOver = batch.queue.length === 0 || this.#signal.aborted || batch.commit.failure !== null;
    if (isOver || this.#isShut(batch.waiting)) this.#finish(batch);
  }

  #finish(batch: OpenBatch): void {
    if (!this.#open.delete(batch)) return;
    const finished = this.#giveUp(batch).catch((error: unknown) => {
      if (isFenceLost(error)) this.elsewhere += 1;
      else this.#failure ??= error;
    });
    this.#finishing.add(finished);
    void finished.then(() => this.#finishing.delete(finished));
  }

  async #giveUp(batch: OpenBatch): Promise<void> {
    const { run, batch: number, fence } = batch.claim;
    await batch.archive?.idle();
    try {
      await batch.commit.flush();
      this.#commits.delete(batch.commit);
    } catch (error) {
      // The commit's own error tells more than another.
      if (isFenceLost(error)) {
        this.#commits.delete(batch.commit);
        await this.#ports.ledger.release({ run, batch: number, fence }).catch(() => {});
      } else await this.#release(batch).catch(() => {});
      throw error;
    }
    await this.#ports.transcripts.flush();
    await this.#release(batch);
    // Its window may open again while others are sent to.
    if (batch.queue.length > 0) this.#unclaimed?.push(batch.waiting);
  }

  /**
   * Results come first: a run that says finished has them (a death in between writes them again). Without them the batch
   * stays this process's, until it ends. So it is also where the ledger failed: it may have written what it says it has not.
   */
  async #release({ claim: { run, batch, fence } }: OpenBatch): Promise<void> {
    const { ledger, objects } = this.#ports;
    await writeResults(objects, ledger, run, batch);
    await ledger.release({ run, batch, fence });
  }
}
