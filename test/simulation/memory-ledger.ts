/** A ledger in memory, which keeps the whole contract: processes join one model, and die when they are told to. */
import type { DeliveryRecord, Ledger } from '#mailing';
import type { Asker, LedgerModel } from './ledger-model.ts';

/** Each method does its work at once, before it returns its promise. */
export class MemoryLedger implements Ledger {
  readonly #model: LedgerModel;
  readonly #by: Asker;

  constructor(model: LedgerModel, by: Asker) {
    this.#model = model;
    this.#by = by;
  }

  async runs(campaign?: string) {
    const ids = this.#model.runs.map(({ facts }) => facts.id);
    const records = ids.map((id) => this.#model.record(id)).filter((record) => record !== null);
    return records.filter((record) => campaign === undefined || record.campaign === campaign);
  }

  async run(id: string) {
    return this.#model.record(id);
  }

  async createRun(run: Parameters<Ledger['createRun']>[0]) {
    this.#model.createRun({ ...run }, this.#by);
  }

  async addBatch(...[run, batch, deliveries, time]: Parameters<Ledger['addBatch']>) {
    this.#model.addBatch(run, batch, deliveries, time);
  }

  async addBatches(...[run, batches]: Parameters<Ledger['addBatches']>) {
    this.#model.addBatches(run, batches);
  }

  async completePlan(...[run, plan]: Parameters<Ledger['completePlan']>) {
    this.#model.completePlan(run, { ...plan });
  }

  async setUncertainPolicy(...[run, policy]: Parameters<Ledger['setUncertainPolicy']>) {
    this.#model.setUncertainPolicy(run, policy);
  }

  async control(run: string) {
    return this.#model.find(run)?.control ?? null;
  }

  async setControl(...[run, control, at]: Parameters<Ledger['setControl']>) {
    this.#model.setControl(run, control, at, this.#by);
  }

  async retry(...[run, chosen]: Parameters<Ledger['retry']>) {
    return this.#model.retry(run, chosen, this.#by);
  }

  async judgeCanary(...[run, verdict]: Parameters<Ledger['judgeCanary']>) {
    return this.#model.judgeCanary(run, verdict);
  }

  async openBatches(run: string) {
    return this.#model.openBatches(run, this.#by);
  }

  async claim(...[run, batch, options]: Parameters<Ledger['claim']>) {
    return this.#model.claim(run, batch, options, this.#by);
  }

  async commit(...[claim, changes]: Parameters<Ledger['commit']>) {
    return this.#model.commit(claim, changes, this.#by);
  }

  async release(claim: Parameters<Ledger['release']>[0]) {
    this.#model.release(claim, this.#by);
  }

  async totals(run: string, batches?: number) {
    return this.#model.totals(run, batches, this.#by);
  }

  async *deliveries(run: string, batch?: number): AsyncGenerator<DeliveryRecord> {
    yield* this.#model.deliveries(run, batch, this.#by);
  }

  async find(run: string, key: string) {
    return this.#model.withKey(run, key, this.#by);
  }

  close(): void {
    // There is nothing to close.
  }
}
