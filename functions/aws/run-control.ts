/**
 * What a person wants of a run. The run's own item is written first, and by it alone the batches are what they are to be;
 * they are then written one by one, so that a death in between leaves the rest to whoever reads or repeats.
 */
import {
  type CanaryVerdict,
  IllegalMoveError,
  type RetryChoice,
  type RunControl,
  type UncertainPolicy,
} from '#mailing';
import { type Batch, doubt, takeBack } from './batch.ts';
import type { BatchItems, FoundBatch } from './batch-items.ts';
import type { Planning } from './planning.ts';
import { overruled, type Run } from './run-item.ts';
import type { RunItems } from './run-items.ts';
import { inTurns } from './table.ts';

const BATCHES_AT_ONCE = 8;

export interface ControlParts {
  readonly runs: RunItems;
  readonly batches: BatchItems;
  readonly planning: Planning;
}

export class ControlDesk {
  readonly #runs: RunItems;
  readonly #batches: BatchItems;
  readonly #planning: Planning;

  constructor({ runs, batches, planning }: ControlParts) {
    this.#runs = runs;
    this.#batches = batches;
    this.#planning = planning;
  }

  /** Also where it is the policy already: what a death in between has left is made good. */
  async setUncertainPolicy(id: string, policy: UncertainPolicy): Promise<void> {
    const action = `change run ${JSON.stringify(id)}`;
    const run = await this.#runs.change(id, action, (before) => {
      if (before.facts.onUncertain === policy) return null;
      return { ...before, facts: { ...before.facts, onUncertain: policy }, finished: false };
    });
    await this.#planning.restAll(run);
  }

  async setControl(id: string, control: RunControl, at: number): Promise<void> {
    const action = `set run ${JSON.stringify(id)} ${control}`;
    const run = await this.#runs.change(id, action, async (before) => {
      if (before.control === control) throw new IllegalMoveError(action, `it is ${control} already`);
      if (before.control === 'cancelled') throw new IllegalMoveError(action, 'it is cancelled');
      if ((await this.#runs.recordOf(before)).finished) throw new IllegalMoveError(action, 'it is finished');
      const canary = control === 'going' ? overruled(before.canary) : before.canary;
      return { ...before, control, controlAt: at, canary };
    });
    if (control === 'cancelled') await this.#cancelAll(run, at);
  }

  async judgeCanary(id: string, verdict: CanaryVerdict): Promise<CanaryVerdict> {
    const run = await this.#runs.change(id, `judge the canary of run ${JSON.stringify(id)}`, async (before) => {
      if (before.canary !== null) return null;
      const isGoing = before.control === 'going' && !(await this.#runs.recordOf(before)).finished;
      const isToStop = verdict.verdict === 'stopped' && isGoing;
      return { ...before, canary: verdict, ...(isToStop ? { control: 'paused', controlAt: verdict.at } : {}) };
    });
    return run.canary ?? verdict;
  }

  async retry(id: string, choice: RetryChoice): Promise<number> {
    const action = `send again to recipients of run ${JSON.stringify(id)}`;
    const before = await this.#runs.must(id, action);
    if (before.plan === null) throw new IllegalMoveError(action, 'its plan is not complete');
    const found = await this.#freeBatches(before, action);
    const isCancelled = before.control === 'cancelled';
    // Whoever is not chosen must stay cancelled when the run goes on.
    if (isCancelled) await this.#planning.restAll(before);
    // Said before any batch is opened: nobody takes the run for finished.
    const run = await this.#runs.change(id, action, (each) => (each.finished ? { ...each, finished: false } : null));
    const going: Run = isCancelled ? { ...run, control: 'going' } : run;
    const wanted = await this.#wantedOf(run, found, choice);
    const counts = await inTurns(wanted, BATCHES_AT_ONCE, async ({ number, indexes }) => {
      const count = await this.#batches.change(run, number, (batch) => makeDue(batch, indexes, choice), going);
      if (count === null) throw new IllegalMoveError(action, 'it is being sent');
      return count;
    });
    const chosen = counts.reduce((sum, count) => sum + count, 0);
    if (isCancelled) {
      const on = chosen === 0 ? {} : ({ control: 'going', controlAt: choice.at } as const);
      await this.#runs.change(id, action, (each) => ({ ...each, ...on, canary: overruled(each.canary) }));
    }
    return chosen;
  }

  async #freeBatches(run: Run, action: string): Promise<FoundBatch[]> {
    const found = await this.#batches.list(run);
    const isHeld = await this.#batches.holders(
      run,
      found.map(({ batch }) => batch),
    );
    if (found.some(({ batch }) => isHeld(batch))) throw new IllegalMoveError(action, 'it is being sent');
    return found.filter(({ batch }) => batch.number !== 0);
  }

  /** The batches that may have one of the chosen, and whom of them a key names; `null`: anybody. */
  async #wantedOf(
    run: Run,
    found: readonly FoundBatch[],
    { outcomes, key }: RetryChoice,
  ): Promise<{ number: number; indexes: ReadonlySet<number> | null }[]> {
    const states: ReadonlySet<string> = new Set(outcomes);
    const touched = found.filter(({ batch }) =>
      batch.rows.some(({ state }) => states.has(state) || state === 'intended'),
    );
    return inTurns(touched, BATCHES_AT_ONCE, async ({ batch: { number } }) => {
      if (key === undefined) return { number, indexes: null };
      const planned = await this.#batches.planned(run, number);
      return { number, indexes: new Set(planned.filter((each) => each.key === key).map(({ index }) => index)) };
    });
  }

  /** Whose holder lives is cancelled when he gives it back. */
  async #cancelAll(run: Run, at: number): Promise<void> {
    const found = await this.#batches.list(run);
    // By the run they are all closed already; what was closed before stays as it is.
    const open = found.filter(({ item, batch }) => 'openIn' in item || batch.owner !== null);
    await inTurns(open, BATCHES_AT_ONCE, ({ batch: { number } }) =>
      this.#batches.change(run, number, (batch) => {
        doubt(batch, at);
        takeBack(batch);
      }),
    );
  }
}

/** Whose intent is in doubt has lost the batch, also where nobody of it is chosen. @returns how many are due again */
function makeDue(batch: Batch, indexes: ReadonlySet<number> | null, { outcomes, at }: RetryChoice): number {
  const states: ReadonlySet<string> = new Set(outcomes);
  const isDoubted = doubt(batch, at);
  const chosen = batch.rows.filter(({ index, state }) => states.has(state) && (indexes?.has(index) ?? true));
  for (const row of chosen) Object.assign(row, { state: 'pending', nextAt: null });
  if (chosen.length > 0 || isDoubted) takeBack(batch);
  return chosen.length;
}
