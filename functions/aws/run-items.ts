/** Runs in the table: made, listed, and changed where nobody was faster. */
import { IllegalMoveError, type RunRecord } from '#mailing';
import type { BatchItems } from './batch-items.ts';
import { batchOfName, RUN_COUNTER, RUN_PREFIX, RUNS, runKey } from './ledger-keys.ts';
import { batchesOfRun, newRun, type Run, type RunFacts, runItem, runOf } from './run-item.ts';
import { isClosed, rest } from './standing.ts';
import { inTurns, type Table } from './table.ts';
import { type Changes, text } from './table-values.ts';

/** So many open batches that the index names are looked at before all are. */
const HINTS = 3;
const RUNS_AT_ONCE = 8;

export class RunItems {
  readonly #table: Table;
  readonly #batches: BatchItems;

  constructor(table: Table, batches: BatchItems) {
    this.#table = table;
    this.#batches = batches;
  }

  async find(id: string): Promise<Run | null> {
    const item = await this.#table.get(runKey(id));
    return item === null ? null : runOf(item);
  }

  /** @param action as in `cancel run "a"` @throws IllegalMoveError where it is not there */
  async must(id: string, action: string): Promise<Run> {
    const run = await this.find(id);
    if (run === null) throw new IllegalMoveError(action, 'there is no such run');
    return run;
  }

  async list(campaign?: string): Promise<RunRecord[]> {
    const filter: Changes = campaign === undefined ? {} : { campaign };
    const runs: Run[] = [];
    const range = { pk: RUNS, prefix: RUN_PREFIX };
    for await (const item of this.#table.query(range, campaign === undefined ? {} : { filter })) runs.push(runOf(item));
    runs.sort((a, b) => a.made - b.made);
    return inTurns(runs, RUNS_AT_ONCE, (run) => this.recordOf(run));
  }

  async recordOf(run: Run): Promise<RunRecord> {
    const { facts, plan, canary } = run;
    return { ...facts, plan, finished: await this.#isFinished(run), canary };
  }

  /** @returns whether it was made; `false`: one is there */
  async make(facts: RunFacts): Promise<boolean> {
    if ((await this.find(facts.id)) !== null) return false;
    const made = await this.#table.next(RUN_COUNTER, 'made');
    return this.#table.put(runKey(facts.id), runItem(newRun(facts, made, 1)), { rev: null });
  }

  /** @param move `null`: it is to stay as it is. Called again where it was changed meanwhile @returns as it stands then */
  async change(id: string, action: string, move: (run: Run) => Run | null | Promise<Run | null>): Promise<Run> {
    for (;;) {
      const run = await this.must(id, action);
      const next = await move(run);
      if (next === null) return run;
      if (await this.write(next)) return { ...next, rev: next.rev + 1 };
    }
  }

  /** @returns whether it was still as it was read, and is written */
  async write(run: Run): Promise<boolean> {
    return this.#table.put(runKey(run.facts.id), runItem(run), { rev: run.rev });
  }

  /** Where all batches are found closed it is written down, unless the run was changed since: whoever opens one says so first. */
  async #isFinished(run: Run): Promise<boolean> {
    if (run.plan === null || run.finished) return run.finished;
    if (await this.#hasOpenHint(run)) return false;
    for await (const { batch } of this.#batches.all(run)) if (!isClosed(batch, run)) return false;
    await this.write({ ...run, finished: true });
    return true;
  }

  /** The index is behind the table, so that its word is looked after. */
  async #hasOpenHint(run: Run): Promise<boolean> {
    const hints = await this.#table.due(batchesOfRun(run), Number.MAX_SAFE_INTEGER, HINTS);
    for (const hint of hints) {
      const found = await this.#batches.read(run, batchOfName(text(hint, 'sk') ?? ''));
      if (found !== null && !isClosed(rest(found.batch, run), run)) return true;
    }
    return false;
  }
}
