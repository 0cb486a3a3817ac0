/**
 * The ledger in one SQLite file. Each method is one transaction; each writing one begins IMMEDIATE, so that two
 * processes take turns and none reads what the other is about to change.
 */
import type { DatabaseSync } from 'node:sqlite';
import {
  ANY_TIME,
  type BatchTime,
  type BatchToAdd,
  type CanaryVerdict,
  type Claim,
  type ClaimOptions,
  claimed,
  type DeliveryRecord,
  type Evidence,
  type EvidenceDesk,
  type EvidenceFound,
  expiryOf,
  FenceLostError,
  givenBack,
  IllegalMoveError,
  type Intent,
  type Ledger,
  type LedgerSearch,
  needsCare,
  noTotals,
  type OpenBatch,
  type PlanCounts,
  type PlannedDelivery,
  RESEND_AFTER_MS,
  type RetryChoice,
  type RunControl,
  type RunRecord,
  type Settlement,
  type Totals,
  type TracedDelivery,
  type UncertainPolicy,
} from '#mailing';
import { crashesOf, DeliveryMoves, deliveryId } from './delivery-moves.ts';
import { establishAll } from './ledger-evidence.ts';
import { toDeliveryRecord, toDueDelivery, toRunRecord, visibleOutcome } from './ledger-records.ts';
import type { BatchRow, CountRow, DeliveryRow, DueRow, RunRow, Statements, TracedRow } from './ledger-statements.ts';
import { prepareStatements } from './ledger-statements.ts';
import type { ProcessLock } from './process-lock.ts';
import { toLedgerError } from './sqlite-error.ts';

export class SqliteLedger implements Ledger, LedgerSearch, EvidenceDesk {
  readonly #database: DatabaseSync;
  readonly #file: string;
  readonly #lock: ProcessLock;
  readonly #sql: Statements;
  readonly #moves: DeliveryMoves;

  /** @param database from `openLedgerDatabase`; the ledger closes it */
  constructor(database: DatabaseSync, lock: ProcessLock) {
    this.#database = database;
    this.#file = database.location() ?? '';
    this.#lock = lock;
    this.#sql = prepareStatements(database);
    this.#moves = new DeliveryMoves(this.#sql);
  }

  async runs(campaign?: string): Promise<RunRecord[]> {
    return this.#read(() => {
      const rows = campaign === undefined ? this.#sql.runs.all() : this.#sql.runsOf.all(campaign);
      return (rows as RunRow[]).map(toRunRecord);
    });
  }

  async run(id: string): Promise<RunRecord | null> {
    return this.#read(() => {
      const row = this.#sql.run.get(id) as RunRow | undefined;
      return row ? toRunRecord(row) : null;
    });
  }

  async createRun(run: Omit<RunRecord, 'plan' | 'finished' | 'canary'>): Promise<void> {
    const { id, campaign, source, slot, contentHash, createdAt, onUncertain, expiresAt } = run;
    this.#write(() => {
      const facts = [campaign, source, slot, contentHash, createdAt, onUncertain, expiresAt] as const;
      const existing = this.#sql.run.get(id) as RunRow | undefined;
      if (existing === undefined) this.#sql.createRun.run(id, ...facts);
      else if (existing.content_hash !== contentHash && this.#isGivenUp(existing)) {
        this.#sql.dropDeliveries.run(existing.number);
        this.#sql.dropBatches.run(existing.number);
        this.#sql.replaceRun.run(...facts, existing.number);
      }
    });
  }

  /** Its plan never came to be, and nobody is at it. */
  #isGivenUp({ number, plan }: RunRow): boolean {
    const lives = this.#livingHolders();
    return plan === null && !(this.#sql.batches.all(number) as BatchRow[]).some(({ holder }) => lives(holder));
  }

  async addBatch(
    run: string,
    batch: number,
    deliveries: readonly PlannedDelivery[],
    time: BatchTime = ANY_TIME,
  ): Promise<void> {
    this.#write(() => this.#addBatch(run, batch, deliveries, time));
  }

  async addBatches(run: string, batches: readonly BatchToAdd[]): Promise<void> {
    this.#write(() => {
      for (const [batch, deliveries, time = ANY_TIME] of batches) this.#addBatch(run, batch, deliveries, time);
    });
  }

  async completePlan(run: string, plan: PlanCounts): Promise<void> {
    this.#write(() => {
      const action = `complete the plan of run ${JSON.stringify(run)}`;
      const row = this.#runRow(run, action);
      if (row.plan !== null) {
        const { planHash } = JSON.parse(row.plan) as PlanCounts;
        if (planHash === plan.planHash) return;
        throw new IllegalMoveError(action, `found plan ${planHash} complete, want the same and not ${plan.planHash}`);
      }
      const { batches, recipients } = this.#sql.planned.get(row.number) as { batches: number; recipients: number };
      if (batches !== plan.batches || recipients !== plan.recipients) {
        const found = `${batches} batches with ${recipients} recipients`;
        throw new IllegalMoveError(action, `found ${found}, want ${plan.batches} with ${plan.recipients}`);
      }
      this.#sql.indexRecipients.run(row.number);
      this.#sql.completePlan.run(JSON.stringify(plan), row.number);
      this.#restAll(this.#runRow(run, action));
    });
  }

  async setUncertainPolicy(run: string, policy: UncertainPolicy): Promise<void> {
    this.#write(() => {
      const action = `change run ${JSON.stringify(run)}`;
      const row = this.#runRow(run, action);
      if (row.on_uncertain === policy) return;
      this.#sql.setPolicy.run(policy, row.number);
      this.#restAll(this.#runRow(run, action));
    });
  }

  async control(run: string): Promise<RunControl | null> {
    return this.#read(() => (this.#sql.control.get(run) as { control: RunControl } | undefined)?.control ?? null);
  }

  async setControl(run: string, control: RunControl, at: number): Promise<void> {
    this.#write(() => {
      const action = `set run ${JSON.stringify(run)} ${control}`;
      const row = this.#runRow(run, action);
      if (row.control === control) throw new IllegalMoveError(action, `it is ${control} already`);
      if (row.control === 'cancelled') throw new IllegalMoveError(action, 'it is cancelled');
      if (row.finished === 1) throw new IllegalMoveError(action, 'it is finished');
      this.#sql.setControl.run(control, at, row.number);
      if (control === 'going') this.#sql.overruleCanary.run(row.number);
      if (control !== 'cancelled') return;
      const lives = this.#livingHolders();
      for (const { number, holder, closed } of this.#sql.batches.all(row.number) as BatchRow[]) {
        if (closed || lives(holder)) continue;
        this.#sql.doubt.run({ batch: number, now: at, resendAt: at + RESEND_AFTER_MS });
        this.#sql.takeBack.run(number);
        this.#rest(number, this.#runRow(run, action));
      }
    });
  }

  async retry(run: string, { outcomes, key, at }: RetryChoice): Promise<number> {
    return this.#write(() => {
      const action = `send again to recipients of run ${JSON.stringify(run)}`;
      const before = this.#runRow(run, action);
      if (before.plan === null) throw new IllegalMoveError(action, 'its plan is not complete');
      const batches = this.#sql.batches.all(before.number) as BatchRow[];
      const lives = this.#livingHolders();
      if (batches.some(({ holder }) => lives(holder))) throw new IllegalMoveError(action, 'it is being sent');
      if (before.control === 'cancelled') this.#sql.setControl.run('going', at, before.number);
      if (before.control === 'cancelled') this.#sql.overruleCanary.run(before.number);
      const row = this.#runRow(run, action);
      let chosen = 0;
      for (const { number, batch } of batches) {
        if (batch === 0) continue;
        const doubted = Number(this.#sql.doubt.run({ batch: number, now: at, resendAt: at + RESEND_AFTER_MS }).changes);
        const which = { batch: number, outcomes: JSON.stringify(outcomes), key: key ?? null };
        const changed = Number(this.#sql.retry.run(which).changes);
        // Whose intent is in doubt has lost the batch, also where nobody of it is chosen.
        if (changed + doubted === 0) continue;
        chosen += changed;
        this.#sql.takeBack.run(number);
        this.#rest(number, row);
      }
      // Nobody was chosen: what was cancelled stays so.
      if (chosen === 0 && before.control === 'cancelled')
        this.#sql.setControl.run('cancelled', before.control_at, before.number);
      return chosen;
    });
  }

  async judgeCanary(run: string, verdict: CanaryVerdict): Promise<CanaryVerdict> {
    return this.#write(() => {
      const row = this.#runRow(run, `judge the canary of run ${JSON.stringify(run)}`);
      if (row.canary !== null) return JSON.parse(row.canary) as CanaryVerdict;
      this.#sql.judgeCanary.run(JSON.stringify(verdict), row.number);
      const isToStop = verdict.verdict === 'stopped' && row.control === 'going' && row.finished === 0;
      if (isToStop) this.#sql.setControl.run('paused', verdict.at, row.number);
      return verdict;
    });
  }

  async openBatches(run: string): Promise<OpenBatch[]> {
    return this.#read(() => {
      const row = this.#sql.run.get(run) as RunRow | undefined;
      const batches = row ? (this.#sql.openBatches.all(row.number) as BatchRow[]) : [];
      const lives = this.#livingHolders();
      return batches.map(({ batch, holder, next_at, not_before, zone }) => ({
        batch,
        held: lives(holder),
        nextAt: holder === null ? next_at : 0,
        notBefore: not_before,
        zone,
      }));
    });
  }

  async claim(run: string, batch: number, options: ClaimOptions): Promise<Claim | null> {
    const { now, eager = false } = options;
    return this.#write(() => {
      const action = `claim batch ${batch} of run ${JSON.stringify(run)}`;
      const { number: runNumber, plan, on_uncertain: policy, ...clocks } = this.#runRow(run, action);
      if (plan === null && batch !== 0) throw new IllegalMoveError(action, 'the plan is not complete');
      const lease = this.#sql.batch.get(runNumber, batch) as BatchRow | undefined;
      if (!lease) throw new IllegalMoveError(action, 'there is no such batch');
      if (lease.closed || (lease.holder !== null && this.#lock.isAlive(lease.holder))) return null;
      const { number, not_before } = lease;
      this.#sql.doubt.run({ batch: number, now, resendAt: now + RESEND_AFTER_MS });
      if (policy !== 'resend') this.#sql.withdraw.run({ batch: number });
      const expiry = expiryOf({ createdAt: clocks.created_at, expiresAt: clocks.expires_at }, not_before);
      if (now >= expiry) this.#sql.expire.run({ batch: number, now });
      const found = this.#moves.lookBack(lease, policy, now);
      this.#moves.recordCrashes(number, claimed(found));
      const { fence, rev } = this.#sql.hold.get(this.#lock.owner, policy, number) as BatchRow;
      const resend = Number(policy === 'resend');
      const isTime = eager || now >= not_before;
      const rows = isTime ? this.#sql.due.all({ batch: number, now, eager: Number(eager), resend }) : [];
      const due = (rows as unknown as DueRow[]).map(toDueDelivery);
      return { run, batch, fence, rev, careful: needsCare(found), due };
    });
  }

  async commit(
    claim: { run: string; batch: number; fence: number; rev: number },
    changes: { settled: readonly Settlement[]; intended: readonly Intent[]; current?: number },
  ): Promise<number> {
    const { run, batch, fence, rev } = claim;
    return this.#write(() => {
      const { number: runNumber } = this.#runRow(run, `commit batch ${batch} of run ${JSON.stringify(run)}`);
      const held = this.#sql.advance.get(runNumber, batch, fence, rev, this.#lock.owner) as BatchRow | undefined;
      if (!held) throw new FenceLostError(run, batch);
      for (const settlement of changes.settled) this.#moves.settle(held, settlement);
      for (const intent of changes.intended) this.#moves.intend(held, intent);
      this.#moves.remember(held, changes.settled.length > 0, changes.current);
      return held.rev;
    });
  }

  async release(claim: { run: string; batch: number; fence: number }): Promise<void> {
    const { run, batch, fence } = claim;
    this.#write(() => {
      const row = this.#runRow(run, `release batch ${batch} of run ${JSON.stringify(run)}`);
      const lease = this.#sql.batch.get(row.number, batch) as BatchRow | undefined;
      if (!lease || !this.#sql.release.get(lease.number, fence, this.#lock.owner)) return;
      this.#moves.recordCrashes(lease.number, givenBack(crashesOf(lease)));
      this.#rest(lease.number, row);
    });
  }

  async totals(run: string, batches?: number): Promise<Totals> {
    return this.#read(() => {
      const row = this.#sql.run.get(run) as RunRow | undefined;
      const counts = row ? (this.#sql.totals.all(row.number, batches ?? null) as CountRow[]) : [];
      const lives = this.#livingHolders();
      const totals = noTotals();
      for (const { state, holder, count } of counts) totals[visibleOutcome(state, lives(holder))] += count;
      return totals;
    });
  }

  /** Batch by batch, each as it stands when its turn comes: a long read would keep the log from being cut back. */
  async *deliveries(run: string, batch?: number): AsyncGenerator<DeliveryRecord> {
    const lives = this.#livingHolders();
    const row = this.#read(() => this.#sql.run.get(run) as RunRow | undefined);
    if (!row) return;
    const batches =
      batch === undefined ? this.#read(() => this.#sql.batches.all(row.number) as BatchRow[]) : [{ batch }];
    for (const { batch: number } of batches) {
      const rows = this.#read(() => this.#sql.deliveries.all(row.number, number) as unknown as DeliveryRow[]);
      for (const delivery of rows) yield toDeliveryRecord(delivery, lives);
    }
  }

  async find(run: string, key: string): Promise<DeliveryRecord[]> {
    return this.#read(() => {
      const lives = this.#livingHolders();
      const rows = this.#sql.find.all(run, key) as unknown as DeliveryRow[];
      return rows.map((row) => toDeliveryRecord(row, lives));
    });
  }

  async establish(run: string, evidence: readonly Evidence[]): Promise<EvidenceFound[]> {
    return this.#write(() => {
      const row = this.#runRow(run, `settle recipients of run ${JSON.stringify(run)} by evidence`);
      const { found, given } = establishAll(this.#sql, row.number, evidence, this.#livingHolders());
      // Under `resend` a batch may have waited for nobody else.
      for (const batch of given) this.#rest(batch, row);
      return found;
    });
  }

  async trace(keys: readonly string[]): Promise<TracedDelivery[]> {
    return this.#read(() => {
      const lives = this.#livingHolders();
      const rows = this.#sql.trace.all(JSON.stringify([...new Set(keys)])) as unknown as TracedRow[];
      return rows.map(([run, ...delivery]) => ({ run, ...toDeliveryRecord(delivery, lives) }));
    });
  }

  async spellings(key: string): Promise<string[]> {
    return this.#read(() => (this.#sql.spellings.all(key) as { key: string }[]).map((row) => row.key));
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  #addBatch(run: string, batch: number, deliveries: readonly PlannedDelivery[], { notBefore, zone }: BatchTime): void {
    const action = `add batch ${batch} to run ${JSON.stringify(run)}`;
    const { number: runNumber, plan } = this.#runRow(run, action);
    if (this.#sql.batch.get(runNumber, batch)) return;
    if (plan !== null) throw new IllegalMoveError(action, 'its plan is complete without it');
    const added = this.#sql.addBatch.get(runNumber, batch, notBefore, zone) as BatchRow;
    const seen = new Set<number>();
    for (const { index, row, recipient, key, messageId, state, problem } of deliveries) {
      if (seen.has(index)) throw new IllegalMoveError(action, `index ${index} comes twice`);
      seen.add(index);
      const id = deliveryId(added, index);
      const ownKey = key === recipient ? null : key;
      this.#sql.addDelivery.run(id, row, recipient, ownKey, messageId, state, problem ?? null);
    }
  }

  #runRow(run: string, action: string): RunRow {
    const row = this.#sql.run.get(run) as RunRow | undefined;
    if (!row) throw new IllegalMoveError(action, 'there is no such run');
    return row;
  }

  #restAll(run: RunRow): void {
    for (const { number, holder } of this.#sql.batches.all(run.number) as BatchRow[]) {
      if (holder === null) this.#rest(number, run);
    }
  }

  /** What a batch is that nobody holds: closed when each of its deliveries is settled, else due at the earliest of them. */
  #rest(batch: number, { on_uncertain, created_at, expires_at, plan, control, control_at }: RunRow): void {
    if (control === 'cancelled') this.#sql.cancel.run({ batch, now: control_at });
    const resend = on_uncertain === 'resend' && control !== 'cancelled';
    if (!resend) this.#sql.withdraw.run({ batch });
    const clocks = { created: created_at, expires: expires_at };
    if (plan !== null) this.#sql.rest.run({ batch, ...clocks, resend: Number(resend) });
  }

  /** Asks for each holder once: an answer is good for one call. */
  #livingHolders(): (holder: string | null) => boolean {
    const known = new Map<string | null, boolean>([[null, false]]);
    return (holder) => {
      const answer = known.get(holder) ?? (holder !== null && this.#lock.isAlive(holder));
      known.set(holder, answer);
      return answer;
    };
  }

  #read<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw toLedgerError(error, 'read the ledger', this.#file);
    }
  }

  #write<T>(work: () => T): T {
    try {
      this.#database.exec('BEGIN IMMEDIATE');
      const result = work();
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.#database.isOpen && this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw toLedgerError(error, 'write the ledger', this.#file);
    }
  }
}
