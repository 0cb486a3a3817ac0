/**
 * What each process that sends says of how it goes: that the relay has asked for less, or until when it rests and why. It is said
 * when it changes, and asked for by whoever looks at the run from outside; nothing that is sent depends on it.
 */
import type { PaceState } from './adaptive-pace.ts';
import type { RestCause } from './due-time.ts';
import type { RoundOptions } from './rounds.ts';

export interface Standing {
  /** The process, by a name that no other has or had. */
  readonly owner: string;
  readonly run: string;
  /** As messages call it. */
  readonly relay: string;
  /** Slower than it may; `null`: as fast. */
  readonly pace: Pick<PaceState, 'messagesPerSecond' | 'connections' | 'because'> | null;
  /** The last rest, also where it is over by now; `null` where there was none, or the relay works again since. */
  readonly rest: Rest | null;
}

export interface Rest {
  /** Epoch ms. */
  readonly until: number;
  /** `relay`: it does not work, and is tried with one mail then. */
  readonly why: RestCause | 'relay';
  /** What the relay did; `null` where it is not at fault. */
  readonly because: string | null;
}

/** The port. Methods throw LedgerError where the store fails. */
export interface StandingBook {
  /** In place of what this process said before. */
  say(standing: Standing): Promise<void>;
  /** Of the processes that live, in the order of their names. */
  of(run: string): Promise<readonly Standing[]>;
}

type Heard = Pick<RoundOptions, 'onPace' | 'onBroken' | 'onMended' | 'onResting'>;

/** @returns the same options, that say in the book what they are told */
export function sayingHow<T extends Heard>(
  options: T,
  book: StandingBook,
  who: Pick<Standing, 'owner' | 'run' | 'relay'>,
): T {
  const { onPace, onBroken, onMended, onResting } = options;
  let standing: Standing = { ...who, pace: null, rest: null };
  const say = (change: Partial<Pick<Standing, 'pace' | 'rest'>>) => {
    standing = { ...standing, ...change };
    // Who looks on learns it a little later, and nobody waits for that or misses a mail by it.
    book.say(standing).catch(() => {});
  };
  return {
    ...options,
    onPace: (state) => {
      const { isFull, messagesPerSecond, connections, because } = state;
      say({ pace: isFull ? null : { messagesPerSecond, connections, because } });
      onPace?.(state);
    },
    onBroken: (error, nextAt) => {
      say({ rest: { until: nextAt, why: 'relay', because: error.message } });
      onBroken?.(error, nextAt);
    },
    onMended: () => {
      say({ rest: null });
      onMended?.();
    },
    onResting: (until, why) => {
      say({ rest: { until, why, because: null } });
      onResting?.(until, why);
    },
  };
}
