/**
 * The ledger against a model of a few lines, through random histories of two processes: claims, commits, releases,
 * deaths, changes of policy, and time. Whatever the order,
 * - every recipient is in a visible state, and totals are their sum (S1);
 * - none leaves a settled state, and none that was ever uncertain is handed out under `hold` or `skip` (S2);
 * - what the ledger accepts and refuses is what the model accepts and refuses.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Claim,
  type DeliveryState,
  isLegalMove,
  isSettled,
  type Ledger,
  RESEND_AFTER_MS,
  type Settlement,
  type UncertainPolicy,
} from '#mailing';
import { all, EXPIRES, type LedgerStore, MINUTE, type NewLedgerStore, plannedRun, START } from './ledger.harness.ts';

const SIZE = 4;

interface ModelRow {
  state: DeliveryState;
  attempt: number;
  uncertainAttempts: number;
  nextAt: number;
}

interface Model {
  now: number;
  policy: UncertainPolicy;
  rows: ModelRow[];
  /** Who holds the batch and lives. */
  holder: number | null;
  /** Given back, or never taken: not so after a death. */
  atRest: boolean;
  /** The policy under which the batch was claimed last. */
  claimedUnder: UncertainPolicy;
}

interface Real {
  readonly store: LedgerStore;
  readonly run: string;
  readonly processes: Ledger[];
  /** Each process's last claim, with its rev. */
  readonly claims: (Claim | null)[];
}

type Command = fc.AsyncCommand<Model, Real>;

/** Hands itself around as a command: what it does to the model tells what the real one must do. */
function command(name: string, run: (model: Model, real: Real) => Promise<void>): Command {
  return {
    check: () => true,
    run: async (model, real) => {
      const before = model.rows.map(({ state }) => state);
      const { policy } = model;
      await run(model, real);
      await compare(model, real, before, policy);
    },
    toString: () => name,
  };
}

async function compare(
  model: Model,
  real: Real,
  before: readonly DeliveryState[],
  policy: UncertainPolicy,
): Promise<void> {
  const [ledger] = real.processes;
  if (!ledger) throw new Error('no process');
  const seen = await all(ledger.deliveries(real.run));
  const visible = model.rows.map(({ state }) =>
    state !== 'intended' ? state : model.holder === null ? 'uncertain' : 'pending',
  );
  expect(seen.map(({ outcome }) => outcome)).toEqual(visible);
  expect(seen.map(({ attempts }) => attempts)).toEqual(model.rows.map(({ attempt }) => attempt));
  expect(seen.map(({ uncertainAttempts }) => uncertainAttempts)).toEqual(
    model.rows.map((row) => row.uncertainAttempts),
  );
  const totals = await ledger.totals(real.run);
  expect(Object.values(totals).reduce((sum, count) => sum + count)).toBe(SIZE);
  for (const { outcome } of seen) expect(totals[outcome]).toBe(visible.filter((state) => state === outcome).length);
  for (const [index, state] of before.entries()) {
    if (isSettled(state, policy) && isSettled(state, model.policy)) expect(model.rows[index]?.state).toBe(state);
  }
  const open = await ledger.openBatches(real.run);
  const rest = model.rows.every(({ state }) => isSettled(state, model.policy));
  if (model.holder !== null) expect(open).toMatchObject([{ held: true }]);
  else if (model.atRest && rest) expect(open).toEqual([]);
  else expect(open).toMatchObject([{ held: false }]);
  expect((await ledger.run(real.run))?.finished).toBe(open.length === 0);
  if (open.length > 0 && model.holder === null) expect(open).toMatchObject([{ nextAt: dueAt(model) }]);
}

/** When there is something to claim: at once after a death. */
function dueAt({ rows, policy, atRest }: Model): number {
  if (!atRest) return 0;
  const open = rows.filter(({ state }) => !isSettled(state, policy));
  const moments = open.map(({ state, nextAt }) => {
    if (state === 'deferred') return Math.min(nextAt, EXPIRES);
    return state === 'uncertain' ? nextAt : 0;
  });
  return Math.min(...moments);
}

/** What a batch's rows are once nobody holds it, under a policy that sends no doubt again. */
function withdraw({ rows, policy }: Model): void {
  if (policy === 'resend') return;
  for (const row of rows) if (row.state === 'deferred' && row.uncertainAttempts > 0) row.state = 'uncertain';
}

function claimModel(model: Model): number[] {
  for (const row of model.rows.filter(({ state }) => state === 'intended')) {
    Object.assign(row, { state: 'uncertain', nextAt: model.now + RESEND_AFTER_MS });
    row.uncertainAttempts += 1;
  }
  withdraw(model);
  for (const row of model.rows) if (row.state === 'deferred' && model.now >= EXPIRES) row.state = 'expired';
  model.claimedUnder = model.policy;
  return [...model.rows.keys()].filter((index) => isDue(model, model.rows[index]));
}

function isDue({ now, policy }: Model, row: ModelRow | undefined): boolean {
  if (row?.state === 'pending') return true;
  return row !== undefined && !isSettled(row.state, policy) && row.state !== 'intended' && row.nextAt <= now;
}

const claim = (who: number): Command =>
  command(`claim by ${who}`, async (model, real) => {
    const wasOpen = (await real.processes[0]?.openBatches(real.run))?.length === 1;
    const got = (await real.processes[who]?.claim(real.run, 1, { now: model.now })) ?? null;
    expect(got !== null).toBe(model.holder === null && wasOpen);
    if (got === null) return;
    const fences = real.claims.map((earlier) => earlier?.fence ?? 0);
    expect(got.fence).toBeGreaterThan(Math.max(...fences));
    expect(got.due.map(({ index }) => index)).toEqual(claimModel(model));
    Object.assign(model, { holder: who, atRest: false });
    real.claims[who] = got;
  });

type Change = { index: number; to: Settlement['state'] | 'intended'; off: number };

const commit = (who: number, changes: readonly Change[]): Command =>
  command(`commit by ${who} of ${JSON.stringify(changes)}`, async (model, real) => {
    const held = real.claims[who];
    if (!held) return;
    const rows = model.rows.map((row) => ({ ...row }));
    const { settled, intended, legal } = applyChanges(rows, changes, model);
    const attempt = real.processes[who]?.commit(held, { settled, intended });
    if (model.holder !== who) {
      await expect(attempt).rejects.toThrow(expect.objectContaining({ code: 'ERR_FENCE_LOST' }));
    } else if (!legal) {
      await expect(attempt).rejects.toThrow(expect.objectContaining({ code: 'ERR_ILLEGAL_MOVE' }));
    } else {
      real.claims[who] = { ...held, rev: (await attempt) ?? 0 };
      model.rows = rows;
    }
  });

function applyChanges(rows: ModelRow[], changes: readonly Change[], { now, claimedUnder }: Model) {
  const settled: Settlement[] = [];
  const intended: { index: number; attempt: number }[] = [];
  let legal = true;
  const ordered = [...changes].sort((a, b) => Number(a.to === 'intended') - Number(b.to === 'intended'));
  for (const { index, to, off } of ordered) {
    const row = rows[index];
    if (!row) throw new Error('no such row');
    const attempt = row.attempt + (row.state === 'intended' ? 0 : 1) + off;
    legal &&= isLegalMove(row.state, to, claimedUnder) && off === 0;
    if (to === 'intended') intended.push({ index, attempt });
    else settled.push({ index, attempt, state: to, at: now, nextAt: now + 5 * MINUTE });
    if (!legal) continue;
    const nextAt = to === 'uncertain' ? now + RESEND_AFTER_MS : now + 5 * MINUTE;
    Object.assign(row, { state: to, attempt, nextAt });
    if (to === 'uncertain') row.uncertainAttempts += 1;
  }
  return { settled, intended, legal };
}

const release = (who: number): Command =>
  command(`release by ${who}`, async (model, real) => {
    const held = real.claims[who];
    if (!held) return;
    await real.processes[who]?.release(held);
    if (model.holder !== who) return;
    Object.assign(model, { holder: null, atRest: true });
    withdraw(model);
  });

const die = (who: number): Command =>
  command(`death of ${who}`, async (model, real) => {
    const ledger = real.processes[who];
    if (ledger) await real.store.die(ledger);
    real.processes[who] = await real.store.join();
    if (model.holder === who) model.holder = null;
  });

const changePolicy = (policy: UncertainPolicy): Command =>
  command(`policy ${policy}`, async (model, real) => {
    await real.processes[0]?.setUncertainPolicy(real.run, policy);
    model.policy = policy;
    if (model.atRest) withdraw(model);
  });

const wait = (minutes: number): Command =>
  command(`${minutes} minutes`, async (model) => {
    model.now += minutes * MINUTE;
  });

const who = fc.integer({ min: 0, max: 1 });
const change: fc.Arbitrary<Change> = fc.record({
  index: fc.integer({ min: 0, max: SIZE - 1 }),
  to: fc.constantFrom(
    'intended',
    'intended',
    'intended',
    'accepted',
    'accepted',
    'refused',
    'deferred',
    'uncertain',
    'suppressed',
  ),
  off: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, -2, 1),
});

const history = fc.commands(
  [
    who.map(claim),
    fc.tuple(who, fc.array(change, { minLength: 1, maxLength: 3 })).map(([by, changes]) => commit(by, changes)),
    fc.tuple(who, fc.array(change, { minLength: 1, maxLength: 2 })).map(([by, changes]) => commit(by, changes)),
    who.map(release),
    who.map(die),
    fc.constantFrom<UncertainPolicy>('hold', 'resend', 'skip').map(changePolicy),
    fc.constantFrom(1, 5, 15, 3000).map(wait),
  ],
  { maxCommands: 40 },
);

export function describeLedgerProperties(name: string, newStore: NewLedgerStore, numRuns = 60): void {
  describe(`${name} through random histories`, () => {
    test('does what the model does: nobody lost, nobody moved out of a settled state', {
      timeout: 120_000,
    }, async () => {
      const run = fc.asyncProperty(history, async (commands) => {
        const store = await newStore();
        try {
          const processes = [await store.join(), await store.join()];
          const [first] = processes;
          if (!first) throw new Error('no process');
          const real: Real = {
            store,
            run: await plannedRun(first, { sizes: [SIZE] }),
            processes,
            claims: [null, null],
          };
          const fresh = () => ({ state: 'pending' as const, attempt: 0, uncertainAttempts: 0, nextAt: 0 });
          const rows: ModelRow[] = Array.from({ length: SIZE }, fresh);
          const model: Model = { now: START, policy: 'hold', claimedUnder: 'hold', rows, holder: null, atRest: true };
          await fc.asyncModelRun(() => ({ model, real }), commands);
        } finally {
          await store.remove();
        }
      });
      await fc.assert(run, { numRuns });
    });
  });
}
