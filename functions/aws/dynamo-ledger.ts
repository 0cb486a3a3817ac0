/** The ledger on DynamoDB: each method is one of its parts'; `ledger-keys.ts` has the table's design. */
import {
  ANY_TIME,
  type DeliveryRecord,
  type EvidenceDesk,
  type Ledger,
  type LedgerSearch,
  noTotals,
  type OpenBatch,
  type RunControl,
  type RunRecord,
  type Totals,
} from '#mailing';
import { BatchItems } from './batch-items.ts';
import { Claims } from './claims.ts';
import { InHand } from './in-hand.ts';
import { batchOfName } from './ledger-keys.ts';
import { People } from './people.ts';
import { Planning } from './planning.ts';
import type { ProcessLeases } from './process-leases.ts';
import { ControlDesk } from './run-control.ts';
import { batchesOfRun, type Run } from './run-item.ts';
import { RunItems } from './run-items.ts';
import { dueAt, isClosed, visibleOutcome } from './standing.ts';
import type { Table } from './table.ts';
import { text } from './table-values.ts';

/** So many batches are read ahead of whoever reads deliveries. */
const BATCHES_AHEAD = 4;

export class DynamoLedger implements Ledger, LedgerSearch, EvidenceDesk {
  readonly #table: Table;
  readonly #batches: BatchItems;
  readonly #runs: RunItems;
  readonly #planning: Planning;
  readonly #claims: Claims;
  readonly #control: ControlDesk;
  readonly #people: People;

  /** @param leases begun already; whoever opened them ends them */
  constructor(table: Table, leases: ProcessLeases) {
    const inHand = new InHand();
    const batches = new BatchItems(table, leases, (run, batch) => inHand.has(run, batch));
    const runs = new RunItems(table, batches);
    const planning = new Planning({ table, runs, batches });
    this.#table = table;
    this.#batches = batches;
    this.#runs = runs;
    this.#planning = planning;
    this.#claims = new Claims({ table, leases, inHand, runs, batches });
    this.#control = new ControlDesk({ runs, batches, planning });
    this.#people = new People({ table, runs, batches });
  }

  async runs(campaign?: string): Promise<RunRecord[]> {
    return this.#runs.list(campaign);
  }

  async run(id: string): Promise<RunRecord | null> {
    const run = await this.#runs.find(id);
    return run === null ? null : this.#runs.recordOf(run);
  }

  async createRun(run: Parameters<Ledger['createRun']>[0]): Promise<void> {
    const { id, campaign, source, slot, contentHash, createdAt, onUncertain, expiresAt } = run;
    await this.#planning.createRun({ id, campaign, source, slot, contentHash, createdAt, onUncertain, expiresAt });
  }

  async addBatch(...[run, batch, deliveries, time = ANY_TIME]: Parameters<Ledger['addBatch']>): Promise<void> {
    await this.#planning.addBatches(run, [[batch, deliveries, time]]);
  }

  async addBatches(...[run, batches]: Parameters<Ledger['addBatches']>): Promise<void> {
    await this.#planning.addBatches(run, batches);
  }

  async completePlan(...[run, plan]: Parameters<Ledger['completePlan']>): Promise<void> {
    await this.#planning.completePlan(run, plan);
  }

  async setUncertainPolicy(...[run, policy]: Parameters<Ledger['setUncertainPolicy']>): Promise<void> {
    await this.#control.setUncertainPolicy(run, policy);
  }

  async control(run: string): Promise<RunControl | null> {
    return (await this.#runs.find(run))?.control ?? null;
  }

  async setControl(...[run, control, at]: Parameters<Ledger['setControl']>): Promise<void> {
    await this.#control.setControl(run, control, at);
  }

  async retry(...[run, chosen]: Parameters<Ledger['retry']>): Promise<number> {
    return this.#control.retry(run, chosen);
  }

  async judgeCanary(...[run, verdict]: Parameters<Ledger['judgeCanary']>) {
    return this.#control.judgeCanary(run, verdict);
  }

  async openBatches(id: string): Promise<OpenBatch[]> {
    const run = await this.#runs.find(id);
    if (run === null) return [];
    const open = (await this.#batches.list(run)).map(({ batch }) => batch).filter((batch) => !isClosed(batch, run));
    const isHeld = await this.#batches.holders(run, open);
    return open.map((batch) => ({
      batch: batch.number,
      held: isHeld(batch),
      nextAt: dueAt(batch, run),
      notBefore: batch.notBefore,
      zone: batch.zone,
    }));
  }

  /**
   * For whoever rings batches: those that are due by the index, the earliest first, without a look at the others. One that is
   * held is due when its holder's lease is over, unless it was renewed. Some may be closed by now, and one that has just become
   * due may be missing until the next time.
   * @param by epoch ms
   */
  async dueBatches(id: string, by: number, most: number): Promise<number[]> {
    const run = await this.#runs.find(id);
    if (run === null || run.plan === null) return [];
    const found = await this.#table.due(batchesOfRun(run), by, most);
    return found.map((item) => batchOfName(text(item, 'sk') ?? ''));
  }

  async claim(...[run, batch, options]: Parameters<Ledger['claim']>) {
    return this.#claims.claim(run, batch, options);
  }

  async commit(...[claim, changes]: Parameters<Ledger['commit']>): Promise<number> {
    return this.#claims.commit(claim, changes);
  }

  async release(claim: Parameters<Ledger['release']>[0]): Promise<void> {
    await this.#claims.release(claim);
  }

  async totals(id: string, batches?: number): Promise<Totals> {
    const totals = noTotals();
    const run = await this.#runs.find(id);
    if (run === null) return totals;
    const found = (await this.#batches.list(run, batches)).map(({ batch }) => batch);
    const isHeld = await this.#batches.holders(run, found);
    for (const batch of found) {
      const held = isHeld(batch);
      for (const { state } of batch.rows) totals[visibleOutcome(state, held)] += 1;
    }
    return totals;
  }

  /** Batch by batch, each as it stands when its turn comes. */
  async *deliveries(id: string, batch?: number): AsyncGenerator<DeliveryRecord> {
    const run = await this.#runs.find(id);
    if (run === null) return;
    const numbers = batch === undefined ? await this.#numbers(run) : [batch];
    const ahead: Promise<{ record: DeliveryRecord }[]>[] = [];
    const read = (number: number | undefined) => {
      if (number === undefined) return;
      const found = this.#batches.deliveries(run, number);
      // Whoever reads on hears of it.
      found.catch(() => {});
      ahead.push(found);
    };
    const waiting = numbers.values();
    for (const number of numbers.slice(0, BATCHES_AHEAD)) {
      waiting.next();
      read(number);
    }
    for (let found = ahead.shift(); found !== undefined; found = ahead.shift()) {
      const deliveries = await found;
      read(waiting.next().value);
      for (const { record } of deliveries) yield record;
    }
  }

  async #numbers(run: Run): Promise<number[]> {
    if (run.plan !== null) return Array.from({ length: run.plan.batches }, (_, place) => place + 1);
    return (await this.#batches.list(run)).map(({ batch }) => batch.number);
  }

  async find(...[run, key]: Parameters<Ledger['find']>): Promise<DeliveryRecord[]> {
    return this.#people.find(run, key);
  }

  async establish(...[run, evidence]: Parameters<EvidenceDesk['establish']>) {
    return this.#people.establish(run, evidence);
  }

  async trace(keys: readonly string[]) {
    return this.#people.trace(keys);
  }

  async spellings(key: string): Promise<string[]> {
    return this.#people.spellings(key);
  }

  close(): void {
    // Its leases are ended by whoever opened them.
  }
}
