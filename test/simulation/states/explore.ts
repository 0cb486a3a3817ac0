/** Visits every state that the machine can come to, nearest first, and looks at each. */
import type { UncertainPolicy } from '#mailing';
import { isSettled } from '#mailing';
import { type Budget, Machine, ownerOf } from './machine.ts';
import { movesOf } from './moves.ts';

export interface Explored {
  readonly states: number;
  readonly steps: number;
  /** What was wrong, and the shortest way there; `null` where nothing is. */
  readonly failure: { readonly problem: string; readonly way: readonly string[] } | null;
}

interface Visited {
  readonly machine: Machine;
  readonly from: Visited | null;
  readonly move: string;
}

export function explore(recipients: number, policy: UncertainPolicy, budget: Budget): Explored {
  const first: Visited = { machine: Machine.begin(recipients, policy, budget), from: null, move: '' };
  const seen = new Set([keyOf(first.machine)]);
  let layer: Visited[] = [first];
  let steps = 0;
  while (layer.length > 0) {
    const next: Visited[] = [];
    for (const visited of layer) {
      let isStuck = true;
      for (const { name, isUsual, make } of movesOf(visited.machine)) {
        if (isUsual) isStuck = false;
        steps += 1;
        const machine = visited.machine.copy();
        make(machine);
        const reached = { machine, from: visited, move: name };
        const problem = problemOf(machine);
        if (problem !== null) return { states: seen.size, steps, failure: { problem, way: wayTo(reached) } };
        const key = keyOf(machine);
        if (seen.has(key)) continue;
        seen.add(key);
        next.push(reached);
      }
      const problem = isStuck ? problemAtRest(visited.machine) : null;
      if (problem !== null) return { states: seen.size, steps, failure: { problem, way: wayTo(visited) } };
    }
    layer = next;
  }
  return { states: seen.size, steps, failure: null };
}

function wayTo(visited: Visited): string[] {
  const way: string[] = [];
  for (let at: Visited | null = visited; at !== null && at.from !== null; at = at.from) way.unshift(at.move);
  return way;
}

/** What may be in no state. */
export function problemOf(machine: Machine): string | null {
  const { accepted, flying, workers, batch, run, fault } = machine;
  if (fault !== null) return fault;
  for (const [index, row] of batch.rows.entries()) {
    const taken = accepted[index] ?? 0;
    const inTheAir = workers.filter(({ phases }) => phases[index] === 'intended' || phases[index] === 'left').length;
    const known = row.uncertainAttempts + (row.state === 'accepted' || row.state === 'intended' ? 1 : 0);
    const possible = taken + (flying[index] ?? 0) + inTheAir;
    if (possible > known)
      return `I3: ${index} is ${row.state}, may be accepted ${possible} times, and the ledger knows of ${known}`;
    if (!machine.mayResend && taken > 1) return `I2: ${index} was accepted ${taken} times`;
    if (row.state === 'accepted' && taken === 0) return `I4: ${index} is accepted, and the relay knows nothing of it`;
  }
  const isDone = batch.rows.every(({ state }) => isSettled(state, run.facts.onUncertain));
  if (batch.closed && !isDone && run.control !== 'cancelled') return 'I1: the batch is closed, and somebody is left';
  return null;
}

/** Where nothing happens by itself any more, everybody has come to an end. */
function problemAtRest({ batch, run, budget }: Machine): string | null {
  if (run.control === 'paused' || batch.closed) return null;
  if (batch.rows.some(({ attempts }) => attempts >= budget.attempts)) return null;
  return `I1: nothing more is to come, and somebody is left: ${batch.rows.map(({ state }) => state).join(', ')}`;
}

/** States that differ in names only are one: recipients are alike, and so are workers. */
export function keyOf(machine: Machine): string {
  const [first, second] = machine.workers.keys();
  const orders = [
    [first ?? 0, second ?? 1],
    [second ?? 1, first ?? 0],
  ] as const;
  const [one = '', other = ''] = orders.map((order) => keyInOrder(machine, order));
  return one < other ? one : other;
}

function keyInOrder(machine: Machine, order: readonly number[]): string {
  const { workers, batch, run, budget, now } = machine;
  const rows = batch.rows.map((row, index) => {
    const due = row.nextAt === null ? '-' : row.nextAt <= now ? 'd' : 'w';
    const phases = order.map((number) => workers[number]?.phases[index]).join();
    const { accepted, flying, suppressed } = machine;
    return `${row.state} ${due}${row.attempts}${row.uncertainAttempts} ${phases} ${accepted[index]}${flying[index]}${suppressed[index] ? 's' : ''}`;
  });
  const hands = order.map((number) => {
    const worker = workers[number];
    if (worker === undefined || worker.claim === null) return worker?.isSeen ? 'free' : 'unseen';
    const isMine = worker.claim.fence === batch.fence && batch.holder === ownerOf(number, worker);
    return `${isMine ? 'holds' : 'held'}${worker.isSeen ? '' : ' unseen'}`;
  });
  const holder = batch.holder === null ? 'rest' : batch.policy;
  const whole = `${run.control} ${run.facts.onUncertain} ${holder} ${batch.closed} ${now >= run.facts.expiresAt} ${machine.mayResend}`;
  return `${rows.sort().join('|')}#${hands.join()}#${whole}#${budget.crashes}${budget.thefts}${budget.deeds}`;
}
