/** What a seed says: who takes part, how the relay and the stores behave, and what befalls them. Plain data, so that it can be made smaller. */
import type { RetriedOutcome, UncertainPolicy } from '#mailing';
import { Random } from '../fuzz/random.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** What the relay thinks of a recipient. */
export type Disposition = 'fine' | 'dead' | 'greylisted' | 'full' | 'unwanted content';

/** One time in so many; 0: never. */
export interface Odds {
  /** At each thing that the relay answers. */
  readonly deferral: number;
  readonly refusedMail: number;
  readonly farewell: number;
  readonly close: number;
  readonly reset: number;
  readonly silence: number;
  readonly late: number;
  readonly garbage: number;
  /** The mail is accepted, and the word of it is lost. */
  readonly lostWord: number;
  /** At each write of the ledger: not written, or written and the answer is an error. */
  readonly throttled: number;
  readonly ambiguous: number;
  /** At each write of an object, and of the transcripts. */
  readonly diskFull: number;
}

/** What befalls a process at one of its calls to the outside, counted over all its lives. */
export interface Fate {
  readonly kind: 'death' | 'pause';
  readonly process: number;
  readonly call: number;
  /** A death before or after the call has done its work. */
  readonly after: boolean;
  readonly ms: number;
  /** While it is paused, it is taken for dead. */
  readonly stolen: boolean;
}

/** What somebody outside does once all processes together have made so many calls. */
export type Deed = { readonly call: number } & (
  | { readonly kind: 'clock'; readonly ms: number }
  | { readonly kind: 'suppress' | 'unsuppress'; readonly person: number }
  | { readonly kind: 'pause' | 'resume' | 'cancel' }
  | { readonly kind: 'policy'; readonly policy: UncertainPolicy }
  | { readonly kind: 'retry'; readonly outcomes: readonly RetriedOutcome[] }
  | { readonly kind: 'relay down'; readonly ms: number }
  | { readonly kind: 'doorbell' }
);

export interface Scenario {
  readonly seed: number;
  readonly ledger: 'memory' | 'sqlite';
  /** Whether the run is planned by the processes themselves. */
  readonly isPlannedHere: boolean;
  readonly people: readonly Disposition[];
  readonly batchSize: number;
  readonly policy: UncertainPolicy;
  readonly expiresAfterMs: number;
  readonly processes: number;
  /** How often each is started again while things go wrong. */
  readonly lives: number;
  /** A process goes on until the run's end, or makes one round and ends, to be woken by the next doorbell. */
  readonly toTheEnd: boolean;
  readonly connections: number;
  readonly depth: number;
  readonly messagesPerSecond: number | null;
  readonly extensions: readonly string[];
  /** One way over the network, and to the stores and back, at the most; 0: at once. */
  readonly networkMs: number;
  readonly storeMs: number;
  readonly odds: Odds;
  readonly fates: readonly Fate[];
  readonly deeds: readonly Deed[];
  /** What a person has sent again once the run is finished. */
  readonly retried: readonly RetriedOutcome[];
  /** Persons whose mail ends its process whenever it is made. */
  readonly poison: readonly number[];
}

export const NO_ODDS: Odds = {
  deferral: 0,
  refusedMail: 0,
  farewell: 0,
  close: 0,
  reset: 0,
  silence: 0,
  late: 0,
  garbage: 0,
  lostWord: 0,
  throttled: 0,
  ambiguous: 0,
  diskFull: 0,
};

const DISPOSITIONS: readonly Disposition[] = ['dead', 'greylisted', 'full', 'unwanted content'];
const EXTENSIONS = [[], ['PIPELINING'], ['PIPELINING', 'CHUNKING'], ['PIPELINING', 'CHUNKING']] as const;
const RETRIED: readonly (readonly RetriedOutcome[])[] = [
  ['refused'],
  ['uncertain'],
  ['refused', 'expired', 'cancelled'],
  ['deferred', 'uncertain', 'cancelled'],
];

/** @param seed a whole number from 0 */
export function scenarioOf(seed: number): Scenario {
  const random = new Random(Math.imul(seed + 1, 0x9e3779b1));
  const upTo = (most: number) => 1 + random.below(most);
  const people = Array.from({ length: upTo(random.pick([4, 8, 12])) }, () =>
    random.below(4) === 0 ? random.pick(DISPOSITIONS) : 'fine',
  );
  const processes = random.pick([1, 1, 2, 2, 3, 4]);
  const isCalm = random.below(12) === 0;
  return {
    seed,
    ledger: random.below(8) === 0 ? 'sqlite' : 'memory',
    isPlannedHere: random.below(6) === 0,
    people,
    batchSize: upTo(6),
    policy: random.pick(['hold', 'hold', 'skip', 'resend', 'resend']),
    expiresAfterMs: random.pick([HOUR, 2 * HOUR, 4 * HOUR]),
    processes,
    lives: upTo(4),
    toTheEnd: random.below(4) === 0,
    connections: upTo(3),
    depth: upTo(4),
    messagesPerSecond: random.below(6) === 0 ? upTo(10) : null,
    extensions: random.pick<readonly string[]>(EXTENSIONS),
    networkMs: random.pick([0, 5, 50, 500]),
    storeMs: random.pick([0, 0, 2, 40, 1000]),
    odds: isCalm ? NO_ODDS : oddsOf(random),
    fates: isCalm ? [] : fatesOf(random, processes),
    deeds: isCalm ? [] : deedsOf(random, people.length),
    retried: random.below(5) === 0 ? random.pick(RETRIED) : [],
    poison: random.below(8) === 0 ? Array.from({ length: upTo(2) }, () => random.below(people.length)) : [],
  };
}

/** Most seeds have a few kinds of trouble, so that the others are not drowned by them. */
function oddsOf(random: Random): Odds {
  const odd = (times: number) => (random.below(3) === 0 ? times + random.below(3 * times) : 0);
  return {
    deferral: odd(6),
    refusedMail: odd(12),
    farewell: odd(10),
    close: odd(10),
    reset: odd(10),
    silence: odd(12),
    late: odd(10),
    garbage: odd(15),
    lostWord: odd(3),
    throttled: odd(10),
    ambiguous: odd(10),
    diskFull: odd(4),
  };
}

function fatesOf(random: Random, processes: number): Fate[] {
  return Array.from({ length: random.below(7) }, () => ({
    kind: random.pick(['death', 'death', 'pause'] as const),
    process: random.below(processes),
    call: 1 + random.below(random.pick([20, 60, 150])),
    after: random.below(2) === 0,
    ms: random.pick([10, 2 * SECOND, MINUTE, 20 * MINUTE, 2 * HOUR]),
    stolen: random.below(2) === 0,
  }));
}

function deedsOf(random: Random, people: number): Deed[] {
  const deeds: Deed[] = [];
  for (let left = random.below(5); left > 0; left -= 1) {
    const call = 1 + random.below(random.pick([30, 100, 250]));
    const person = random.below(people);
    deeds.push(
      random.pick<Deed>([
        { kind: 'clock', call, ms: random.pick([-10 * MINUTE, 10 * MINUTE, -3 * DAY, DAY, 20 * MINUTE]) },
        { kind: 'suppress', call, person },
        { kind: 'suppress', call, person },
        { kind: 'unsuppress', call, person },
        { kind: 'pause', call },
        { kind: 'resume', call },
        { kind: 'cancel', call },
        { kind: 'policy', call, policy: random.pick(['hold', 'skip', 'resend']) },
        { kind: 'retry', call, outcomes: random.pick(RETRIED) },
        { kind: 'relay down', call, ms: random.pick([SECOND, 20 * SECOND, 10 * MINUTE]) },
        { kind: 'doorbell', call },
        { kind: 'doorbell', call },
      ]),
    );
  }
  return deeds;
}
