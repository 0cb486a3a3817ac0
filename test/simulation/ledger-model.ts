/**
 * What a ledger is, in plain data: runs, batches, deliveries, and the moves between them, each a function of what is there.
 * It can be copied, and compared; `memory-ledger.ts` makes a Ledger of it, and `states/` walks through all it can become.
 */
import {
  ANY_TIME,
  afterCrash,
  type BatchTime,
  type CanaryVerdict,
  type Claim,
  type ClaimOptions,
  type CrashRecord,
  claimed,
  type DeliveryRecord,
  type DeliveryState,
  expiryOf,
  FenceLostError,
  givenBack,
  IllegalMoveError,
  type Intent,
  isLegalMove,
  isSettled,
  type Ledger,
  NO_CRASHES,
  needsCare,
  noTotals,
  type OpenBatch,
  type PlanCounts,
  type PlannedDelivery,
  QUARANTINE_PROBLEM,
  RESEND_AFTER_MS,
  type RetryChoice,
  type RunControl,
  type RunRecord,
  type Settlement,
  type Totals,
  type UncertainPolicy,
} from '#mailing';

type Written<T> = { -readonly [name in keyof T]: T[name] };

/** A delivery, with the fields of its record. */
export interface ModelRow extends Omit<Written<DeliveryRecord>, 'outcome' | 'batch'> {
  readonly index: number;
  readonly key: string;
  state: DeliveryState;
}

export interface ModelBatch extends BatchTime {
  readonly batch: number;
  fence: number;
  rev: number;
  holder: string | null;
  policy: UncertainPolicy;
  nextAt: number;
  closed: boolean;
  deaths: CrashRecord;
  rows: ModelRow[];
}

export interface ModelRun {
  facts: Omit<RunRecord, 'plan' | 'finished' | 'canary'>;
  plan: PlanCounts | null;
  canary: CanaryVerdict | null;
  control: RunControl;
  controlAt: number | null;
  /** In the order of their making. */
  batches: ModelBatch[];
}

/** Who asks, and who lives by then. */
export interface Asker {
  readonly owner: string;
  isAlive(owner: string): boolean;
}

/** As many deliveries a batch may have. */
const ROOM = 65_536;

export class LedgerModel {
  readonly runs: ModelRun[] = [];

  copy(): LedgerModel {
    const copied = new LedgerModel();
    for (const run of this.runs) copied.runs.push({ ...run, batches: run.batches.map(copyOf) });
    return copied;
  }

  record(id: string): RunRecord | null {
    const run = this.find(id);
    if (run === undefined) return null;
    const finished = run.plan !== null && run.batches.every(({ closed }) => closed);
    return { ...run.facts, plan: run.plan, finished, canary: run.canary };
  }

  find(id: string): ModelRun | undefined {
    return this.runs.find(({ facts }) => facts.id === id);
  }

  createRun(facts: ModelRun['facts'], by: Asker): void {
    const run = this.find(facts.id);
    if (run === undefined) {
      this.runs.push({ facts, plan: null, canary: null, control: 'going', controlAt: null, batches: [] });
    } else if (run.facts.contentHash !== facts.contentHash && run.plan === null && !isHeld(run, by)) {
      run.facts = facts;
      run.batches = [];
    }
  }

  addBatch(id: string, batch: number, deliveries: readonly PlannedDelivery[], time: BatchTime = ANY_TIME): void {
    const action = `add batch ${batch} to run ${JSON.stringify(id)}`;
    const run = this.#run(id, action);
    if (run.batches.some((known) => known.batch === batch)) return;
    if (run.plan !== null) throw new IllegalMoveError(action, 'its plan is complete without it');
    const rows = deliveries.map(freshRow);
    for (const [place, { index }] of rows.entries()) {
      if (rows.findIndex((row) => row.index === index) < place)
        throw new IllegalMoveError(action, `index ${index} comes twice`);
      refuseIndex(index, batch);
    }
    rows.sort((a, b) => a.index - b.index);
    const fresh = { fence: 0, rev: 0, holder: null, policy: 'hold', nextAt: 0, closed: false } as const;
    run.batches.push({ ...time, ...fresh, batch, deaths: NO_CRASHES, rows });
  }

  /** All of them or none. */
  addBatches(id: string, batches: Parameters<Ledger['addBatches']>[1]): void {
    const run = this.#run(id, `add batches to run ${JSON.stringify(id)}`);
    const before = [...run.batches];
    try {
      for (const [batch, deliveries, time] of batches) this.addBatch(id, batch, deliveries, time);
    } catch (error) {
      run.batches = before;
      throw error;
    }
  }

  completePlan(id: string, plan: PlanCounts): void {
    const action = `complete the plan of run ${JSON.stringify(id)}`;
    const run = this.#run(id, action);
    if (run.plan !== null) {
      if (run.plan.planHash === plan.planHash) return;
      throw new IllegalMoveError(action, `found plan ${run.plan.planHash} complete, want ${plan.planHash}`);
    }
    const planned = run.batches.filter(({ batch }) => batch > 0);
    const recipients = planned.reduce((sum, { rows }) => sum + rows.length, 0);
    if (planned.length !== plan.batches || recipients !== plan.recipients)
      throw new IllegalMoveError(action, `found ${planned.length} batches with ${recipients} recipients`);
    run.plan = plan;
    restAll(run);
  }

  setUncertainPolicy(id: string, policy: UncertainPolicy): void {
    const run = this.#run(id, `change run ${JSON.stringify(id)}`);
    if (run.facts.onUncertain === policy) return;
    run.facts = { ...run.facts, onUncertain: policy };
    restAll(run);
  }

  setControl(id: string, control: RunControl, at: number, by: Asker): void {
    const action = `set run ${JSON.stringify(id)} ${control}`;
    const run = this.#run(id, action);
    if (run.control === control) throw new IllegalMoveError(action, `it is ${control} already`);
    if (run.control === 'cancelled') throw new IllegalMoveError(action, 'it is cancelled');
    if (this.record(id)?.finished) throw new IllegalMoveError(action, 'it is finished');
    Object.assign(run, { control, controlAt: at });
    if (control === 'going') overrule(run);
    if (control !== 'cancelled') return;
    for (const batch of run.batches) {
      if (batch.closed || holds(batch, by)) continue;
      doubt(batch, at);
      takeBack(batch);
      rest(batch, run);
    }
  }

  retry(id: string, { outcomes, key, at }: RetryChoice, by: Asker): number {
    const action = `send again to recipients of run ${JSON.stringify(id)}`;
    const run = this.#run(id, action);
    if (run.plan === null) throw new IllegalMoveError(action, 'its plan is not complete');
    if (isHeld(run, by)) throw new IllegalMoveError(action, 'it is being sent');
    const before = run.control;
    if (before === 'cancelled') run.control = 'going';
    const wanted: ReadonlySet<string> = new Set(outcomes);
    let chosen = 0;
    for (const batch of run.batches) {
      if (batch.batch === 0) continue;
      const isDoubted = doubt(batch, at);
      const rows = batch.rows.filter((row) => wanted.has(row.state) && (key === undefined || row.key === key));
      if (rows.length === 0 && !isDoubted) continue;
      for (const row of rows) Object.assign(row, { state: 'pending', nextAt: null });
      chosen += rows.length;
      takeBack(batch);
      rest(batch, run);
    }
    if (chosen === 0) run.control = before;
    else if (before === 'cancelled') run.controlAt = at;
    if (before === 'cancelled') overrule(run);
    return chosen;
  }

  judgeCanary(id: string, verdict: CanaryVerdict): CanaryVerdict {
    const run = this.#run(id, `judge the canary of run ${JSON.stringify(id)}`);
    if (run.canary !== null) return run.canary;
    run.canary = verdict;
    const isToStop = verdict.verdict === 'stopped' && run.control === 'going' && !this.record(id)?.finished;
    if (isToStop) Object.assign(run, { control: 'paused', controlAt: verdict.at });
    return verdict;
  }

  openBatches(id: string, by: Asker): OpenBatch[] {
    const open = (this.find(id)?.batches ?? []).filter(({ closed }) => !closed);
    return open
      .sort((a, b) => a.batch - b.batch)
      .map((batch) => ({
        batch: batch.batch,
        held: holds(batch, by),
        nextAt: batch.holder === null ? batch.nextAt : 0,
        notBefore: batch.notBefore,
        zone: batch.zone,
      }));
  }

  claim(id: string, number: number, { now, eager = false }: ClaimOptions, by: Asker): Claim | null {
    const action = `claim batch ${number} of run ${JSON.stringify(id)}`;
    const run = this.#run(id, action);
    const { onUncertain: policy } = run.facts;
    if (run.plan === null && number !== 0) throw new IllegalMoveError(action, 'the plan is not complete');
    const batch = run.batches.find((known) => known.batch === number);
    if (batch === undefined) throw new IllegalMoveError(action, 'there is no such batch');
    if (batch.closed || holds(batch, by)) return null;
    doubt(batch, now);
    if (policy !== 'resend') withdraw(batch);
    if (now >= expiryOf(run.facts, batch.notBefore)) expire(batch, now);
    const deaths = lookBack(batch, policy, now);
    const lease = { fence: batch.fence + 1, rev: batch.rev + 1, holder: by.owner, policy };
    Object.assign(batch, { ...lease, deaths: claimed(deaths) });
    const isTime = eager || now >= batch.notBefore;
    const due = isTime ? batch.rows.filter((row) => isDue(row, { now, eager, policy })) : [];
    return {
      run: id,
      batch: number,
      fence: batch.fence,
      rev: batch.rev,
      careful: needsCare(deaths),
      due: due.map(({ index, row, recipient, messageId, attempts }) => ({
        index,
        row,
        recipient,
        messageId,
        attempt: attempts,
      })),
    };
  }

  commit(
    claim: { run: string; batch: number; fence: number; rev: number },
    { settled, intended, current }: { settled: readonly Settlement[]; intended: readonly Intent[]; current?: number },
    by: Asker,
  ): number {
    const { run: id, batch: number, fence, rev } = claim;
    const run = this.#run(id, `commit batch ${number} of run ${JSON.stringify(id)}`);
    const batch = run.batches.find((known) => known.batch === number);
    if (batch === undefined || batch.fence !== fence || batch.rev !== rev || batch.holder !== by.owner)
      throw new FenceLostError(id, number);
    const before = batch.rows.map((row) => ({ ...row }));
    try {
      for (const settlement of settled) settle(batch, settlement);
      for (const intent of intended) intend(batch, intent);
      if (current !== undefined) standing(batch, current, `work delivery ${current} alone`);
    } catch (error) {
      batch.rows = before;
      throw error;
    }
    batch.rev += 1;
    if (settled.length > 0) batch.deaths = NO_CRASHES;
    if (current !== undefined) batch.deaths = { ...batch.deaths, current };
    return batch.rev;
  }

  release({ run: id, batch: number, fence }: { run: string; batch: number; fence: number }, by: Asker): void {
    const run = this.#run(id, `release batch ${number} of run ${JSON.stringify(id)}`);
    const batch = run.batches.find((known) => known.batch === number);
    if (batch === undefined || batch.fence !== fence || batch.holder !== by.owner) return;
    Object.assign(batch, { holder: null, rev: batch.rev + 1, deaths: givenBack(batch.deaths) });
    rest(batch, run);
  }

  /** @param batches only of the first so many */
  totals(id: string, batches: number | undefined, by: Asker): Totals {
    const totals = noTotals();
    for (const { outcome, batch } of this.deliveries(id, undefined, by))
      if (batches === undefined || batch <= batches) totals[outcome] += 1;
    return totals;
  }

  deliveries(id: string, number: number | undefined, by: Asker): DeliveryRecord[] {
    const run = this.find(id);
    const batches = (run?.batches ?? []).filter(({ batch }) => number === undefined || batch === number);
    return batches
      .sort((a, b) => a.batch - b.batch)
      .flatMap((batch) => batch.rows.map((row) => recordOf(row, batch, run?.facts.onUncertain ?? 'hold', by)));
  }

  withKey(id: string, key: string, by: Asker): DeliveryRecord[] {
    const run = this.find(id);
    if (run === undefined || run.plan === null) return [];
    return run.batches.flatMap((batch) =>
      batch.rows.filter((row) => row.key === key).map((row) => recordOf(row, batch, run.facts.onUncertain, by)),
    );
  }

  #run(id: string, action: string): ModelRun {
    const run = this.find(id);
    if (run === undefined) throw new IllegalMoveError(action, 'there is no such run');
    return run;
  }
}

function copyOf(batch: ModelBatch): ModelBatch {
  return { ...batch, rows: batch.rows.map((row) => ({ ...row })) };
}

function freshRow({ index, row, recipient, key, messageId, state, problem }: PlannedDelivery): ModelRow {
  return {
    index,
    row,
    recipient,
    key,
    messageId,
    state,
    attempts: 0,
    uncertainAttempts: 0,
    at: null,
    nextAt: null,
    reply: null,
    enhancedStatus: null,
    queueId: null,
    problem: problem ?? null,
  };
}

function recordOf(row: ModelRow, batch: ModelBatch, policy: UncertainPolicy, by: Asker): DeliveryRecord {
  const { index: _index, key: _key, state, ...record } = row;
  const outcome = state !== 'intended' ? state : holds(batch, by) ? 'pending' : 'uncertain';
  const nextAt = state !== 'uncertain' || policy === 'resend' ? row.nextAt : null;
  return { ...record, batch: batch.batch, outcome, nextAt };
}

/** A person lets the others go, whatever became of the canary. */
function overrule(run: ModelRun): void {
  if (run.canary?.verdict === 'stopped') run.canary = { ...run.canary, verdict: 'overruled' };
}

function holds({ holder }: ModelBatch, by: Asker): boolean {
  return holder !== null && by.isAlive(holder);
}

function isHeld({ batches }: ModelRun, by: Asker): boolean {
  return batches.some((batch) => holds(batch, by));
}

function isDue(row: ModelRow, { now, eager, policy }: { now: number; eager: boolean; policy: UncertainPolicy }) {
  const moment = row.nextAt ?? 0;
  if (row.state === 'deferred') return eager || moment <= now;
  return row.state === 'pending' || (row.state === 'uncertain' && policy === 'resend' && moment <= now);
}

/** @returns whether there was anything to doubt */
function doubt({ rows }: ModelBatch, now: number): boolean {
  let isDoubted = false;
  for (const row of rows) {
    if (row.state !== 'intended') continue;
    isDoubted = true;
    const problem = `the process of attempt ${row.attempts} ended before its outcome was known`;
    const evidence = { reply: null, enhancedStatus: null, queueId: null, problem };
    Object.assign(row, { state: 'uncertain', at: now, nextAt: now + RESEND_AFTER_MS, ...evidence });
    row.uncertainAttempts += 1;
  }
  return isDoubted;
}

/** What the last holder's end says of the row that it had alone. */
function lookBack(batch: ModelBatch, policy: UncertainPolicy, now: number): CrashRecord {
  const rowOf = (index: number) => standing(batch, index, `claim batch ${batch.batch}`);
  const { record, quarantined } = afterCrash(batch.deaths, (index) => isSettled(rowOf(index).state, policy));
  if (quarantined !== null) {
    const facts = { at: now, nextAt: null, reply: null, enhancedStatus: null, queueId: null };
    Object.assign(rowOf(quarantined), { ...facts, state: 'quarantined', problem: QUARANTINE_PROBLEM });
  }
  return record;
}

function withdraw({ rows }: ModelBatch): void {
  for (const row of rows) if (row.state === 'deferred' && row.uncertainAttempts > 0) row.state = 'uncertain';
}

function expire({ rows }: ModelBatch, now: number): void {
  for (const row of rows) if (row.state === 'deferred') Object.assign(row, { state: 'expired', at: now, nextAt: null });
}

function takeBack(batch: ModelBatch): void {
  Object.assign(batch, { fence: batch.fence + 1, rev: batch.rev + 1, holder: null, deaths: NO_CRASHES });
}

function restAll(run: ModelRun): void {
  for (const batch of run.batches) if (batch.holder === null) rest(batch, run);
}

/** What a batch is that nobody holds. */
function rest(batch: ModelBatch, { facts, plan, control, controlAt }: ModelRun): void {
  if (control === 'cancelled') {
    for (const row of batch.rows)
      if (row.state === 'pending' || row.state === 'deferred')
        Object.assign(row, { state: 'cancelled', at: controlAt, nextAt: null });
  }
  const policy = control === 'cancelled' && facts.onUncertain === 'resend' ? 'hold' : facts.onUncertain;
  if (policy !== 'resend') withdraw(batch);
  if (plan === null) return;
  const open = batch.rows.filter(({ state }) => !isSettled(state, policy));
  const moments = open.map(({ state, nextAt }) => {
    if (state === 'deferred') return Math.min(nextAt ?? 0, expiryOf(facts, batch.notBefore));
    return state === 'uncertain' ? (nextAt ?? 0) : 0;
  });
  batch.closed = open.length === 0;
  batch.nextAt = open.length === 0 ? 0 : Math.max(Math.min(...moments), batch.notBefore);
}

function settle(batch: ModelBatch, settlement: Settlement): void {
  const { index, attempt, state, at, nextAt } = settlement;
  const action = `settle delivery ${index} of batch ${batch.batch} as ${state}`;
  const row = standing(batch, index, action);
  const counted = row.state === 'intended' ? [row.attempts] : [row.attempts, row.attempts + 1];
  if (!isLegalMove(row.state, state, batch.policy)) throw new IllegalMoveError(action, `it is ${row.state}`);
  if (!counted.includes(attempt)) throw new IllegalMoveError(action, `found attempt ${attempt}`);
  const due = { uncertain: Math.max(at + RESEND_AFTER_MS, nextAt ?? 0), deferred: nextAt ?? at };
  const { reply = null, enhancedStatus = null, queueId = null, problem = null } = settlement;
  Object.assign(row, { state, attempts: attempt, at, reply, enhancedStatus, queueId, problem });
  row.nextAt = state === 'uncertain' || state === 'deferred' ? due[state] : null;
  if (state === 'uncertain') row.uncertainAttempts += 1;
}

function intend(batch: ModelBatch, { index, attempt }: Intent): void {
  const action = `intend delivery ${index} of batch ${batch.batch}`;
  const row = standing(batch, index, action);
  if (!isLegalMove(row.state, 'intended', batch.policy)) throw new IllegalMoveError(action, `it is ${row.state}`);
  if (attempt !== row.attempts + 1) throw new IllegalMoveError(action, `found attempt ${attempt}`);
  Object.assign(row, { state: 'intended', attempts: attempt, nextAt: null });
}

function standing(batch: ModelBatch, index: number, action: string): ModelRow {
  refuseIndex(index, batch.batch);
  const row = batch.rows.find((known) => known.index === index);
  if (row === undefined) throw new IllegalMoveError(action, 'there is no such delivery');
  return row;
}

function refuseIndex(index: number, batch: number): void {
  if (!Number.isInteger(index) || index < 0 || index >= ROOM)
    throw new IllegalMoveError(`write delivery ${index} of batch ${batch}`, `found index ${index}`);
}
