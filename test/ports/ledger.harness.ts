/** What a ledger's contract needs: one durable store, and processes that join it, die, and are replaced. */
import type { Intent, Ledger, PlanCounts, PlannedDelivery, RunRecord, Settlement, UncertainPolicy } from '#mailing';

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

export function newRun(id: string, onUncertain: UncertainPolicy = 'hold'): Omit<RunRecord, 'plan' | 'finished'> {
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
