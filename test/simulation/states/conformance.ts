/** Random walks through the machine's states, with another ledger at its side that is asked the same and must say the same. */
import type { Ledger, UncertainPolicy } from '#mailing';
import { Random } from '../../fuzz/random.ts';
import { type Budget, codeOf, factsOf, type LedgerCall, Machine, plannedFor, planOf, RUN } from './machine.ts';
import { movesOf } from './moves.ts';

/** The other ledger, as the process of that name has it. */
export type LedgerOf = (owner: string) => Ledger;

export interface Walk {
  readonly seed: number;
  readonly recipients: number;
  readonly policy: UncertainPolicy;
  readonly budget: Budget;
  readonly steps: number;
}

/**
 * @param live told who lives, before each question
 * @returns where the two differ, with the way there; `null` where they do not
 */
export async function walkAlong(
  walk: Walk,
  ledgerOf: LedgerOf,
  live: (living: readonly string[]) => void,
): Promise<string | null> {
  const random = new Random(walk.seed);
  const machine = Machine.begin(walk.recipients, walk.policy, walk.budget);
  const calls: LedgerCall[] = [];
  machine.calls = calls;
  await plan(ledgerOf('nobody'), walk);
  const way: string[] = [];
  for (let step = 0; step < walk.steps; step += 1) {
    const moves = [...movesOf(machine)];
    if (moves.length === 0) break;
    const move = random.pick(moves);
    way.push(move.name);
    move.make(machine);
    for (const call of calls.splice(0)) {
      live(call.living);
      const difference = differenceOf(call.result, await ask(ledgerOf(call.owner), call));
      if (difference !== null) return `${way.join('; ')}: ${call.method} ${difference}`;
    }
    live(machine.living());
    const difference = differenceOf(seenOf(machine), await seenBy(ledgerOf('person')));
    if (difference !== null) return `${way.join('; ')}: ${difference}`;
  }
  return null;
}

async function plan(ledger: Ledger, { recipients, policy }: Walk): Promise<void> {
  await ledger.createRun(factsOf(policy));
  await ledger.addBatch(RUN, 1, plannedFor(recipients));
  await ledger.completePlan(RUN, planOf(recipients));
}

async function ask(ledger: Ledger, { method, words }: LedgerCall): Promise<unknown> {
  try {
    return await Reflect.apply(ledger[method], ledger, words as never);
  } catch (error) {
    return codeOf(error);
  }
}

/** All that can be asked, by somebody who holds nothing. */
function seenOf(machine: Machine): unknown {
  const living = machine.living();
  const by = { owner: 'person', isAlive: (name: string) => name === 'person' || living.includes(name) };
  const { ledger } = machine;
  return {
    run: ledger.record(RUN),
    control: machine.run.control,
    open: ledger.openBatches(RUN, by),
    totals: ledger.totals(RUN, undefined, by),
    deliveries: ledger.deliveries(RUN, undefined, by),
  };
}

async function seenBy(ledger: Ledger): Promise<unknown> {
  const deliveries: unknown[] = [];
  for await (const record of ledger.deliveries(RUN)) deliveries.push(record);
  return {
    run: await ledger.run(RUN),
    control: await ledger.control(RUN),
    open: await ledger.openBatches(RUN),
    totals: await ledger.totals(RUN),
    deliveries,
  };
}

function differenceOf(expected: unknown, found: unknown): string | null {
  const [first, second] = [inOrder(expected), inOrder(found)];
  return first === second ? null : `gives ${second}, ${first} is wanted`;
}

/** As JSON, whatever the order of the names is. */
function inOrder(value: unknown): string {
  return (
    JSON.stringify(value, (_, part: unknown) =>
      typeof part === 'object' && part !== null && !Array.isArray(part)
        ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
        : part,
    ) ?? 'nothing'
  );
}
