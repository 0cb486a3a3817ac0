/** How a run comes to be: made, filled with batches, and complete. */
import {
  ANY_TIME,
  type BatchTime,
  type BatchToAdd,
  IllegalMoveError,
  NO_CRASHES,
  type PlanCounts,
  refuseIndex,
} from '#mailing';
import type { Batch } from './batch.ts';
import { keyHashes, plannedParts, standingOf, wholeOf } from './batch-item.ts';
import { type BatchItems, keyOf } from './batch-items.ts';
import { batchName } from './ledger-keys.ts';
import { batchesOfRun, expiryOfRun, newRun, type Run, type RunFacts } from './run-item.ts';
import type { RunItems } from './run-items.ts';
import { indexed } from './standing.ts';
import { inTurns, type Table } from './table.ts';

export interface PlanningParts {
  readonly table: Table;
  readonly runs: RunItems;
  readonly batches: BatchItems;
}

const BATCHES_AT_ONCE = 8;

export class Planning {
  readonly #table: Table;
  readonly #runs: RunItems;
  readonly #batches: BatchItems;

  constructor({ table, runs, batches }: PlanningParts) {
    this.#table = table;
    this.#runs = runs;
    this.#batches = batches;
  }

  async createRun(facts: RunFacts): Promise<void> {
    for (;;) {
      if (await this.#runs.make(facts)) return;
      const run = await this.#runs.find(facts.id);
      if (run === null) continue;
      if (run.facts.contentHash === facts.contentHash || run.plan !== null) return;
      if (!(await this.#giveUp(run))) return;
      const { rev, made, generation } = run;
      // What the one before planned is left behind under its own generation, and goes by its time to live.
      if (await this.#runs.write({ ...newRun(facts, made, generation + 1), rev })) return;
    }
  }

  /** Takes the planner's lease away for good, where nobody has it. @returns whether nobody holds any batch */
  async #giveUp(run: Run): Promise<boolean> {
    const found = await this.#batches.list(run);
    const isHeld = await this.#batches.holders(
      run,
      found.map(({ batch }) => batch),
    );
    if (found.some(({ batch }) => isHeld(batch))) return false;
    const planner = found.find(({ batch }) => batch.number === 0);
    // Whoever claims it in this moment goes on with his plan.
    return planner === undefined || this.#table.remove(keyOf(run, 0), standingOf(planner.item));
  }

  /** Refused whole where one of them is; where the table fails, some of them may be there. */
  async addBatches(id: string, batches: readonly BatchToAdd[]): Promise<void> {
    const [first] = batches;
    const action = `add batch ${first?.[0] ?? 0} to run ${JSON.stringify(id)}`;
    const run = await this.#runs.must(id, action);
    const known = await this.#table.getMany(firstOfEach(batches).map(([number]) => keyOf(run, number)));
    const there = new Set(known.map(({ sk }) => sk));
    const missing = firstOfEach(batches).filter(([number]) => !there.has(batchName('s', number)));
    for (const [number, deliveries] of missing) {
      if (run.plan !== null) throw new IllegalMoveError(action, 'its plan is complete without it');
      refuseDoubled(`add batch ${number} to run ${JSON.stringify(id)}`, number, deliveries);
    }
    await inTurns(missing, BATCHES_AT_ONCE, (batch) => this.#add(run, batch));
  }

  /** What it is made of first: until its own item is there, the batch is not. */
  async #add(run: Run, [number, deliveries, time = ANY_TIME]: BatchToAdd): Promise<void> {
    const pk = batchesOfRun(run);
    const expiresAt = expiryOfRun(run);
    const parts = deliveries.length === 0 ? [] : plannedParts(deliveries);
    const contents = new Map(parts.map((d, part) => [`${batchName('r', number)}#${part}`, d]));
    if (parts.length > 0) contents.set(batchName('k', number), keyHashes(deliveries));
    await Promise.all([...contents].map(([sk, d]) => this.#table.put({ pk, sk }, { d, expiresAt })));
    const batch = freshBatch(number, deliveries, time);
    const item = { ...wholeOf(batch), ...indexed(batch, run, pk), expiresAt };
    await this.#table.put(keyOf(run, number), item, { r: null });
  }

  async completePlan(id: string, plan: PlanCounts): Promise<void> {
    const action = `complete the plan of run ${JSON.stringify(id)}`;
    const completed = await this.#runs.change(id, action, async (run) => {
      if (run.plan !== null) {
        if (run.plan.planHash === plan.planHash) return null;
        const problem = `found plan ${run.plan.planHash} complete, want the same and not ${plan.planHash}`;
        throw new IllegalMoveError(action, problem);
      }
      await this.#count(run, plan, action);
      return { ...run, plan };
    });
    // By the run alone they are cancelled already; here it is written down.
    if (completed.control === 'cancelled') await this.restAll(completed);
  }

  /** Writes down what the run makes of each batch that nobody holds. */
  async restAll(run: Run): Promise<void> {
    const found = await this.#batches.list(run);
    const free = found.filter(({ batch }) => batch.owner === null);
    await inTurns(free, BATCHES_AT_ONCE, ({ batch }) => this.#batches.change(run, batch.number, () => {}));
  }

  async #count(run: Run, plan: PlanCounts, action: string): Promise<void> {
    let [batches, recipients, last] = [0, 0, 0];
    for await (const { batch } of this.#batches.all(run)) {
      if (batch.number === 0) continue;
      batches += 1;
      recipients += batch.rows.length;
      last = batch.number;
    }
    if (batches !== plan.batches || recipients !== plan.recipients) {
      const found = `${batches} batches with ${recipients} recipients`;
      throw new IllegalMoveError(action, `found ${found}, want ${plan.batches} with ${plan.recipients}`);
    }
    if (last !== batches)
      throw new IllegalMoveError(action, `found batch ${last} among ${batches}, want them numbered from 1`);
  }
}

function firstOfEach(batches: readonly BatchToAdd[]): BatchToAdd[] {
  const first = new Map<number, BatchToAdd>();
  for (const batch of batches) if (!first.has(batch[0])) first.set(batch[0], batch);
  return [...first.values()];
}

function refuseDoubled(action: string, number: number, deliveries: BatchToAdd[1]): void {
  const seen = new Set<number>();
  for (const { index } of deliveries) {
    if (seen.has(index)) throw new IllegalMoveError(action, `index ${index} comes twice`);
    seen.add(index);
    refuseIndex(index, number);
  }
}

function freshBatch(number: number, deliveries: BatchToAdd[1], time: BatchTime): Batch {
  const rows = deliveries.map(({ index, state }) => ({ index, state, attempts: 0, doubts: 0, nextAt: null }));
  rows.sort((a, b) => a.index - b.index);
  const fresh = { fence: 0, rev: 0, owner: null, policy: 'hold', crashes: NO_CRASHES } as const;
  return { number, ...time, ...fresh, rows, news: new Map() };
}
