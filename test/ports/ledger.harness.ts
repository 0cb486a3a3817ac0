/** What a ledger's contract needs: one durable store, and processes that join it, die, and are replaced. */
import { afterEach, beforeEach } from 'vitest';
import type {
  Claim,
  Intent,
  Ledger,
  PlanCounts,
  PlannedDelivery,
  RunRecord,
  Settlement,
  UncertainPolicy,
} from '#mailing';

export interface LedgerStore {
  /** The ledger as a new process sees it. */
  join(): Promise<Ledger>;
  /** That process dies: it releases nothing, and its lease ends. */
  die(ledger: Ledger): Promise<void>;
  /** The store goes, and every process with it. */
  remove(): Promise<void>;
}

export type NewLedgerStore = () => Promise<LedgerStore>;

export const MINUTE = 60_000;
/** When the runs of these tests begin: a plain moment. */
export const START = Date.UTC(2026, 11, 1, 9);
export const EXPIRES = START + 48 * 60 * MINUTE;

export function newRun(
  id: string,
  onUncertain: UncertainPolicy = 'hold',
): Omit<RunRecord, 'plan' | 'finished' | 'canary'> {
  const hash = `hash-of-${id}`;
  return {
    id,
    campaign: 'newsletter',
    source: '/home/ana/templates/newsletter',
    slot: null,
    contentHash: hash,
    createdAt: START,
    onUncertain,
    expiresAt: EXPIRES,
  };
}

/** Recipients `r1@example.org`, …; `firstRow` is the row of the first. */
export function recipients(count: number, firstRow = 1): PlannedDelivery[] {
  return Array.from({ length: count }, (_, index) => {
    const row = firstRow + index;
    const recipient = `r${row}@example.org`;
    return { index, row, recipient, key: recipient, messageId: `m${row}@example.com`, state: 'pending' as const };
  });
}

export function planOf(batches: number, count: number): PlanCounts {
  return { planHash: 'plan-1', rows: count, recipients: count, duplicates: 0, notSelected: 0, invalid: 0, batches };
}

/** A run whose plan is complete: `sizes.length` batches, numbered from 1. */
export async function plannedRun(
  ledger: Ledger,
  options: { id?: string; sizes?: readonly number[]; onUncertain?: UncertainPolicy } = {},
): Promise<string> {
  const { id = 'run-1', sizes = [3], onUncertain = 'hold' } = options;
  await ledger.createRun(newRun(id, onUncertain));
  let rows = 0;
  for (const [position, size] of sizes.entries()) {
    await ledger.addBatch(id, position + 1, recipients(size, rows + 1));
    rows += size;
  }
  await ledger.completePlan(id, planOf(sizes.length, rows));
  return id;
}

export function intent(index: number, attempt = 1): Intent {
  return { index, attempt };
}

export function settled(index: number, state: Settlement['state'], more: Partial<Settlement> = {}): Settlement {
  return { index, state, attempt: 1, at: START + MINUTE, ...more };
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** Each recipient's outcome, in order. */
export async function outcomes(ledger: Ledger, run: string): Promise<string[]> {
  return (await all(ledger.deliveries(run))).map(({ outcome }) => outcome);
}

/** One store for each test, with a process that has joined it. */
export interface LedgerDesk {
  readonly store: LedgerStore;
  readonly ledger: Ledger;
  /** The process dies, and another takes its place. */
  restart(): Promise<void>;
  /** A claim that is given. Batch 1 at START, unless told otherwise. */
  claimed(run: string, options?: { batch?: number; now?: number; by?: Ledger; eager?: boolean }): Promise<Claim>;
  /** Intends and settles all that is due, and gives the batch back. */
  work(claim: Claim, outcome: (index: number) => Partial<Settlement> & { state: Settlement['state'] }): Promise<void>;
}

/** Called inside `describe`. */
export function useLedger(newStore: NewLedgerStore): LedgerDesk {
  let store: LedgerStore;
  let ledger: Ledger;
  beforeEach(async () => {
    store = await newStore();
    ledger = await store.join();
  });
  afterEach(() => store.remove());
  return {
    get store() {
      return store;
    },
    get ledger() {
      return ledger;
    },
    restart: async () => {
      await store.die(ledger);
      ledger = await store.join();
    },
    claimed: async (run, { batch = 1, now = START, by = ledger, eager = false } = {}) => {
      const claim = await by.claim(run, batch, { now, eager });
      if (claim === null) throw new Error(`batch ${batch} was not claimed`);
      return claim;
    },
    work: async (claim, outcome) => {
      const intended = claim.due.map(({ index, attempt }) => intent(index, attempt + 1));
      const rev = await ledger.commit(claim, { settled: [], intended });
      const changes = intended.map(({ index, attempt }) => ({ index, attempt, at: START, ...outcome(index) }));
      await ledger.commit({ ...claim, rev }, { settled: changes, intended: [] });
      await ledger.release(claim);
    },
  };
}

export function indexes({ due }: Claim): number[] {
  return due.map(({ index }) => index);
}
