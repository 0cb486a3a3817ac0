/**
 * One batch's writes to the ledger, grouped: one commit is in flight at a time, and whatever comes up meanwhile goes into
 * the next. An outcome waits for nobody; an intent's promise resolves when it is durable, and with it every outcome that
 * was known before. So a connection never has more recipients between intent and durable outcome than it has places.
 */
import { type Claim, FenceLostError, type Intent, type Ledger, type Settlement } from './ports.ts';

export class GroupCommit {
  readonly #ledger: Ledger;
  readonly #claim: Claim;
  #rev: number;
  #settled: Settlement[] = [];
  #intended: Intent[] = [];
  #current: number | null = null;
  /** The commit that will carry what is collected now; `null` when nothing is. */
  #next: Promise<void> | null = null;
  #last: Promise<void> = Promise.resolve();
  #failure: Error | null = null;
  /** Outcomes that are noted and not durable. */
  #outcomes = 0;

  constructor(ledger: Ledger, claim: Claim) {
    this.#ledger = ledger;
    this.#claim = claim;
    this.#rev = claim.rev;
  }

  /** Why this batch takes no more writes: FenceLostError when another process has it, else the ledger's own error. */
  get failure(): Error | null {
    return this.#failure;
  }

  /** Whether every outcome that was noted is durable. */
  get isDurable(): boolean {
    return this.#outcomes === 0;
  }

  /** Notes an outcome; it goes with the next commit. */
  settle(settlement: Settlement): void {
    this.#settled.push(settlement);
    this.#outcomes += 1;
    void this.#schedule().catch(() => {
      // Told by `failure`, and thrown by the next `intend` or `flush`.
    });
  }

  /** @returns when the intent is durable @throws FenceLostError, or whatever the ledger throws; then it is not */
  intend(intent: Intent): Promise<void> {
    this.#intended.push(intent);
    return this.#schedule();
  }

  /** @returns when it is durable that the row is worked alone, and every outcome that was known before @throws as `intend` */
  makeCurrent(index: number): Promise<void> {
    this.#current = index;
    return this.#schedule();
  }

  /** @returns when everything noted so far is durable */
  async flush(): Promise<void> {
    await (this.#next ?? this.#last);
    if (this.#failure !== null) throw this.#failure;
  }

  #schedule(): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    this.#next ??= this.#after(this.#last);
    return this.#next;
  }

  async #after(previous: Promise<void>): Promise<void> {
    await previous.catch(() => {});
    // Every socket that has something to say in this turn of the event loop says it first: that is the batching.
    await new Promise((resolve) => setImmediate(resolve));
    const current = this.#current === null ? {} : { current: this.#current };
    const changes = { settled: this.#settled, intended: this.#intended, ...current };
    this.#settled = [];
    this.#intended = [];
    this.#current = null;
    this.#last = this.#next ?? Promise.resolve();
    this.#next = null;
    if (this.#failure !== null) throw this.#failure;
    try {
      const { run, batch, fence } = this.#claim;
      this.#rev = await this.#ledger.commit({ run, batch, fence, rev: this.#rev }, changes);
      this.#outcomes -= changes.settled.length;
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error));
      throw this.#failure;
    }
  }
}

/** Whether another process took the batch over, so that it is no longer this one's business. */
export function isFenceLost(error: unknown): boolean {
  return error instanceof FenceLostError;
}
