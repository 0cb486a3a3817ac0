/**
 * The delivery protocol as a machine of few parts: two workers, one batch, a relay that takes or refuses, a person who
 * interferes. The ledger in it is the model itself; everything else is as small as it can be. Whatever may happen in a state
 * is one of its `moves`, so that all states can be visited.
 */
import { FenceLostError, type RetriedOutcome, type RunControl, type Settlement, type UncertainPolicy } from '#mailing';
import { LedgerModel } from '../ledger-model.ts';

/** A mail in a worker's hands: from `due` on it goes through all of these, unless the worker dies. */
export type Phase =
  | 'none'
  | 'due'
  /** Its intent is durable. */
  | 'intended'
  /** The suppression list was asked behind the intent, and said so. */
  | 'shut'
  /** The indicator has left. */
  | 'left'
  /** What the reply was, or that there was none. */
  | 'accepted'
  | 'refused'
  | 'deferred'
  | 'doubt';

export interface Worker {
  /** Changes with each life. */
  life: number;
  /** Others see it as living. */
  isSeen: boolean;
  claim: { fence: number; rev: number } | null;
  phases: Phase[];
}

/** How much may befall one history: what makes the states finitely many. */
export interface Budget {
  crashes: number;
  thefts: number;
  deeds: number;
  /** Attempts of a recipient. */
  attempts: number;
}

/** A call to the ledger, for whoever wants to make it on another one. */
export interface LedgerCall {
  readonly owner: string;
  readonly method: 'claim' | 'commit' | 'release' | 'setControl' | 'setUncertainPolicy' | 'retry';
  readonly words: readonly unknown[];
  /** What came of it: a value, or an error's code. */
  readonly result: unknown;
  readonly living: readonly string[];
}

export const RUN = 'run-1';
export const BATCH = 1;
const START = Date.UTC(2026, 11, 1, 9);
const MINUTE = 60_000;
const EXPIRES = START + 48 * 60 * MINUTE;
const FACTS = {
  id: RUN,
  campaign: 'newsletter',
  source: '/templates/newsletter',
  slot: null,
  contentHash: 'content',
  createdAt: START,
  expiresAt: EXPIRES,
};

/** Half an hour passes at a time: by then everything that waits is due. */
const STEP_MS = 30 * MINUTE;

const SETTLED_AS = {
  shut: 'suppressed',
  accepted: 'accepted',
  refused: 'refused',
  deferred: 'deferred',
  doubt: 'uncertain',
} as const;

export class Machine {
  readonly ledger: LedgerModel;
  readonly workers: Worker[];
  readonly budget: Budget;
  /** How often the relay has accepted each recipient's mail. */
  readonly accepted: number[];
  /** Indicators of each that are on their way, and of which nobody waits for the reply. */
  readonly flying: number[];
  readonly suppressed: boolean[];
  now: number;
  mayResend: boolean;
  /** What went wrong on the way here. */
  fault: string | null = null;
  /** Gets the calls to the ledger, where somebody wants them. */
  calls: LedgerCall[] | null = null;

  private constructor(
    parts: Pick<Machine, 'ledger' | 'workers' | 'budget' | 'accepted' | 'flying' | 'suppressed' | 'now' | 'mayResend'>,
  ) {
    this.ledger = parts.ledger;
    this.workers = parts.workers;
    this.budget = parts.budget;
    this.accepted = parts.accepted;
    this.flying = parts.flying;
    this.suppressed = parts.suppressed;
    this.now = parts.now;
    this.mayResend = parts.mayResend;
  }

  static begin(recipients: number, policy: UncertainPolicy, budget: Budget): Machine {
    const ledger = new LedgerModel();
    const nobody = { owner: 'nobody', isAlive: () => false };
    ledger.createRun({ ...FACTS, onUncertain: policy }, nobody);
    ledger.addBatch(RUN, BATCH, plannedFor(recipients));
    ledger.completePlan(RUN, planOf(recipients));
    const none = <T>(value: T) => new Array<T>(recipients).fill(value);
    return new Machine({
      ledger,
      workers: [0, 1].map(() => ({ life: 1, isSeen: true, claim: null, phases: none<Phase>('none') })),
      budget: { ...budget },
      accepted: none(0),
      flying: none(0),
      suppressed: none(false),
      now: START,
      mayResend: policy === 'resend',
    });
  }

  copy(): Machine {
    const copied = new Machine({
      ledger: this.ledger.copy(),
      workers: this.workers.map((worker) => ({
        ...worker,
        claim: worker.claim === null ? null : { ...worker.claim },
        phases: [...worker.phases],
      })),
      budget: { ...this.budget },
      accepted: [...this.accepted],
      flying: [...this.flying],
      suppressed: [...this.suppressed],
      now: this.now,
      mayResend: this.mayResend,
    });
    copied.fault = this.fault;
    return copied;
  }

  get run() {
    const run = this.ledger.find(RUN);
    if (run === undefined) throw new Error('Cannot go on: the run is gone');
    return run;
  }

  get batch() {
    const [batch] = this.run.batches;
    if (batch === undefined) throw new Error('Cannot go on: the batch is gone');
    return batch;
  }

  rowOf(index: number) {
    const row = this.batch.rows[index];
    if (row === undefined) throw new Error(`Cannot go on: there is no row ${index}`);
    return row;
  }

  living(): string[] {
    return this.workers.flatMap((worker, number) => (worker.isSeen ? [ownerOf(number, worker)] : []));
  }

  claim(number: number): void {
    const worker = this.#worker(number);
    const { fence: before } = this.batch;
    const claim = this.#ask(number, 'claim', [RUN, BATCH, { now: this.now }], (by) =>
      this.ledger.claim(RUN, BATCH, { now: this.now }, by),
    );
    if (claim === null) return;
    if (claim.fence <= before) this.fault = `I6: fence ${claim.fence} after ${before}`;
    worker.claim = { fence: claim.fence, rev: claim.rev };
    for (const { index } of claim.due) worker.phases[index] = 'due';
  }

  /** Makes an intent durable, or settles what has become of a mail. */
  commit(number: number, index: number): void {
    const worker = this.#worker(number);
    const phase = worker.phases[index] ?? 'none';
    const claim = worker.claim;
    if (claim === null) throw new Error('Cannot commit: nothing is claimed');
    const { attempts } = this.rowOf(index);
    const isMine = claim.fence === this.batch.fence && this.batch.holder === ownerOf(number, worker);
    const changes =
      phase === 'due'
        ? { settled: [], intended: [{ index, attempt: attempts + 1 }] }
        : { settled: [this.#settlement(index, phase, attempts)], intended: [] };
    try {
      const words = { run: RUN, batch: BATCH, ...claim };
      claim.rev = this.#ask(number, 'commit', [words, changes], (by) => this.ledger.commit(words, changes, by));
      if (!isMine) this.fault = `I6: worker ${number} wrote under a fence that is not its own`;
      worker.phases[index] = phase === 'due' ? 'intended' : 'none';
    } catch (error) {
      if (!(error instanceof FenceLostError)) throw error;
      if (isMine) this.fault = `worker ${number} lost a fence that is its own`;
      worker.phases[index] = 'none';
    }
  }

  /** The suppression list is asked, and the indicator leaves. */
  send(number: number, index: number): void {
    this.#worker(number).phases[index] = this.suppressed[index] ? 'shut' : 'left';
  }

  replied(number: number, index: number, reply: 'accepted' | 'refused' | 'deferred' | 'doubt'): void {
    if (reply === 'accepted') this.#take(index);
    // The relay may have it, and may still get it.
    if (reply === 'doubt') this.#fly(index);
    this.#worker(number).phases[index] = reply;
  }

  land(index: number, isTaken: boolean): void {
    this.flying[index] = (this.flying[index] ?? 0) - 1;
    if (isTaken) this.#take(index);
  }

  release(number: number): void {
    const worker = this.#worker(number);
    const { claim } = worker;
    if (claim === null) return;
    const words = { run: RUN, batch: BATCH, fence: claim.fence };
    this.#ask(number, 'release', [words], (by) => this.ledger.release(words, by));
    Object.assign(worker, { claim: null, phases: worker.phases.map(() => 'none') });
  }

  /** It dies, and another takes its place. What has left is on its way. */
  crash(number: number): void {
    const worker = this.#worker(number);
    for (const [index, phase] of worker.phases.entries()) if (phase === 'left') this.#fly(index);
    const phases = worker.phases.map((): Phase => 'none');
    Object.assign(worker, { life: worker.life + 1, isSeen: true, claim: null, phases });
    this.budget.crashes -= 1;
  }

  /** Its lease ends, and it does not know. */
  steal(number: number): void {
    this.#worker(number).isSeen = false;
    this.budget.thefts -= 1;
  }

  pass(): void {
    this.now += STEP_MS;
  }

  expire(): void {
    this.now = EXPIRES;
  }

  suppress(index: number): void {
    this.suppressed[index] = true;
    this.budget.deeds -= 1;
  }

  control(control: RunControl): void {
    const words = [RUN, control, this.now] as const;
    this.#deed('setControl', words, (by) => this.ledger.setControl(...words, by));
  }

  policy(policy: UncertainPolicy): void {
    if (policy === 'resend') this.mayResend = true;
    this.#deed('setUncertainPolicy', [RUN, policy], () => this.ledger.setUncertainPolicy(RUN, policy));
  }

  retry(outcomes: readonly RetriedOutcome[]): void {
    if (outcomes.includes('uncertain')) this.mayResend = true;
    const chosen = { outcomes, at: this.now };
    this.#deed('retry', [RUN, chosen], (by) => this.ledger.retry(RUN, chosen, by));
  }

  #deed(method: LedgerCall['method'], words: readonly unknown[], work: (by: Asking) => unknown): void {
    this.budget.deeds -= 1;
    try {
      this.#ask(null, method, words, work);
    } catch (error) {
      if (codeOf(error) !== 'ERR_ILLEGAL_MOVE') throw error;
    }
  }

  #settlement(index: number, phase: Phase, attempt: number): Settlement {
    if (phase === 'none' || phase === 'due' || phase === 'intended' || phase === 'left')
      throw new Error(`Cannot settle: the mail is ${phase}`);
    const state = SETTLED_AS[phase];
    return { index, attempt, state, at: this.now, ...(state === 'deferred' ? { nextAt: this.now + 5 * MINUTE } : {}) };
  }

  /** @param number of the worker, `null` for a person */
  #ask<T>(number: number | null, method: LedgerCall['method'], words: readonly unknown[], work: (by: Asking) => T): T {
    const owner = number === null ? 'person' : ownerOf(number, this.#worker(number));
    const living = this.living();
    const note = (result: unknown) => this.calls?.push({ owner, method, words, living, result });
    try {
      const result = work({ owner, isAlive: (name) => name === owner || living.includes(name) });
      note(result);
      return result;
    } catch (error) {
      note(codeOf(error));
      throw error;
    }
  }

  #worker(number: number): Worker {
    const worker = this.workers[number];
    if (worker === undefined) throw new Error(`Cannot go on: there is no worker ${number}`);
    return worker;
  }

  #take(index: number): void {
    this.accepted[index] = (this.accepted[index] ?? 0) + 1;
  }

  #fly(index: number): void {
    this.flying[index] = (this.flying[index] ?? 0) + 1;
  }
}

interface Asking {
  readonly owner: string;
  isAlive(owner: string): boolean;
}

export function ownerOf(number: number, { life }: Worker): string {
  return `worker-${number}-${life}`;
}

export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

/** What the ledger is told at first. */
export function plannedFor(recipients: number) {
  return Array.from({ length: recipients }, (_, index) => {
    const recipient = `r${index}@example.org`;
    return {
      index,
      row: index + 1,
      recipient,
      key: recipient,
      messageId: `m${index}@example.com`,
      state: 'pending' as const,
    };
  });
}

export function planOf(recipients: number) {
  return { planHash: 'plan', rows: recipients, recipients, duplicates: 0, notSelected: 0, invalid: 0, batches: 1 };
}

export function factsOf(policy: UncertainPolicy) {
  return { ...FACTS, onUncertain: policy };
}
