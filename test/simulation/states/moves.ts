/** What may happen in a state of the machine: every order of these is a history. */
import type { RetriedOutcome, UncertainPolicy } from '#mailing';
import type { Machine, Phase } from './machine.ts';

export interface Move {
  readonly name: string;
  /** Whether it is a worker's own, the relay's or time's, and no trouble. */
  readonly isUsual: boolean;
  readonly make: (machine: Machine) => void;
}

const REPLIES = ['accepted', 'refused', 'deferred', 'doubt'] as const;
const POLICIES: readonly UncertainPolicy[] = ['hold', 'resend', 'skip'];
const RETRIED: readonly (readonly RetriedOutcome[])[] = [
  ['uncertain'],
  ['refused', 'deferred', 'expired', 'cancelled'],
];

export function* movesOf(machine: Machine): Generator<Move> {
  for (const number of machine.workers.keys()) yield* movesOfWorker(machine, number);
  for (const [index, flying] of machine.flying.entries()) {
    if (flying === 0) continue;
    yield { name: `the relay takes ${index}`, isUsual: true, make: (next) => next.land(index, true) };
    yield { name: `${index} is lost`, isUsual: true, make: (next) => next.land(index, false) };
  }
  yield* time(machine);
  if (machine.budget.deeds > 0) yield* deeds(machine);
}

function* movesOfWorker(machine: Machine, number: number): Generator<Move> {
  const { workers, budget, run } = machine;
  const worker = workers[number];
  if (worker === undefined) return;
  const isGoing = run.control === 'going';
  if (worker.claim === null) {
    // Also of a cancelled run: what is left in it is cancelled when it is given back.
    if (run.control !== 'paused' && isWorthAsking(machine))
      yield { name: `${number} claims`, isUsual: true, make: (next) => next.claim(number) };
  } else {
    for (const [index, phase] of worker.phases.entries())
      yield* movesOfMail(machine, { number, index, phase, isGoing });
    if (worker.phases.every((phase) => phase === 'none' || (phase === 'due' && !isGoing)))
      yield { name: `${number} gives back`, isUsual: true, make: (next) => next.release(number) };
  }
  if (budget.crashes > 0 && worker.claim !== null)
    yield { name: `${number} dies`, isUsual: false, make: (next) => next.crash(number) };
  if (budget.thefts > 0 && worker.isSeen && worker.claim !== null)
    yield { name: `${number} is taken for dead`, isUsual: false, make: (next) => next.steal(number) };
}

/** A claim that gives nothing and changes nothing leads nowhere. */
function isWorthAsking({ batch, workers }: Machine): boolean {
  if (batch.closed) return false;
  if (batch.holder === null) return true;
  return !workers.some(({ claim, isSeen }) => isSeen && claim?.fence === batch.fence);
}

interface InHand {
  readonly number: number;
  readonly index: number;
  readonly phase: Phase;
  readonly isGoing: boolean;
}

function* movesOfMail(machine: Machine, { number, index, phase, isGoing }: InHand): Generator<Move> {
  const name = `${number} ${index}`;
  if (phase === 'due') {
    if (isGoing && machine.rowOf(index).attempts < machine.budget.attempts)
      yield { name: `${name} intends`, isUsual: true, make: (next) => next.commit(number, index) };
  } else if (phase === 'intended') {
    yield { name: `${name} sends`, isUsual: true, make: (next) => next.send(number, index) };
  } else if (phase === 'left') {
    for (const reply of REPLIES)
      yield { name: `${name} hears ${reply}`, isUsual: true, make: (next) => next.replied(number, index, reply) };
  } else if (phase !== 'none') {
    yield { name: `${name} settles ${phase}`, isUsual: true, make: (next) => next.commit(number, index) };
  }
}

function* time({ batch, now, run }: Machine): Generator<Move> {
  const waits = batch.rows.some(({ nextAt }) => nextAt !== null && nextAt > now);
  if (waits) yield { name: 'half an hour passes', isUsual: true, make: (next) => next.pass() };
  const canExpire = now < run.facts.expiresAt && batch.rows.some(({ state }) => state === 'deferred');
  if (canExpire) yield { name: 'two days pass', isUsual: true, make: (next) => next.expire() };
}

function* deeds({ suppressed, run }: Machine): Generator<Move> {
  for (const [index, isOn] of suppressed.entries())
    if (!isOn) yield { name: `${index} is suppressed`, isUsual: false, make: (next) => next.suppress(index) };
  if (run.control === 'going') yield { name: 'pause', isUsual: false, make: (next) => next.control('paused') };
  if (run.control === 'paused') yield { name: 'resume', isUsual: false, make: (next) => next.control('going') };
  if (run.control !== 'cancelled') yield { name: 'cancel', isUsual: false, make: (next) => next.control('cancelled') };
  for (const policy of POLICIES)
    if (policy !== run.facts.onUncertain)
      yield { name: `policy ${policy}`, isUsual: false, make: (next) => next.policy(policy) };
  for (const outcomes of RETRIED)
    yield { name: `retry ${outcomes.join(', ')}`, isUsual: false, make: (next) => next.retry(outcomes) };
}
