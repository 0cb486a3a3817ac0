/** One run's connections to a relay that others use as well: a pool that is kept to its lanes, and the pace that goes with them. */
import type { SessionSettings } from '#smtp';
import { Lanes } from './lanes.ts';
import { Pacer } from './pacing.ts';
import type { Clock, LaneBook, LaneLimits } from './ports.ts';

export interface SharedRelay {
  readonly book: LaneBook;
  /** Which relay it is, see `laneName`. */
  readonly relay: string;
  /** What this run may have over all its processes, and what the relay takes of all runs together. */
  readonly limits: LaneLimits;
  /** Every connection that the relay takes has been in the hands of these runs for a while. */
  readonly onWaiting?: (runs: readonly string[]) => void;
}

/** Relays count connections by account: one server under two logins is two relays, and under two names of ours one. */
export function laneName({ host, port, credentials }: Pick<SessionSettings, 'host' | 'port' | 'credentials'>): string {
  const user = credentials?.user;
  return `${host.toLowerCase()}:${port}${user === undefined ? '' : ` ${user}`}`;
}

/** As far as a share has to do with it, a pool. */
export interface LimitedPool {
  readonly occupied: number;
  limit(connections: number): void;
}

export class RelayShare {
  readonly #lanes: Lanes;
  readonly #pacer: Pacer;

  /** @param onFailure see `LaneUse` */
  constructor(
    { book, relay, limits, onWaiting }: SharedRelay,
    { run, owner, clock }: { run: string; owner: string; clock: Clock },
    pool: LimitedPool,
    onFailure: (error: unknown) => void,
  ) {
    this.#pacer = new Pacer(clock, undefined);
    pool.limit(0);
    this.#lanes = new Lanes(
      { book, clock, owner },
      { relay, run, limits },
      {
        open: () => pool.occupied,
        onShare: (connections, pace) => {
          // Without connections nothing is begun, whatever the pace.
          if (pace === null || pace > 0) this.#pacer.change(pace ?? undefined);
          pool.limit(connections);
        },
        onWaiting,
        onFailure,
      },
    );
  }

  get isLimited(): boolean {
    return this.#pacer.isLimited;
  }

  /** @returns when the next mail may begin, or `signal` is aborted */
  turn(signal: AbortSignal): Promise<void> {
    return this.#pacer.turn(signal);
  }

  /** Another connection could be used. */
  want(): void {
    this.#lanes.want();
  }

  /** A connection is no more. */
  closed(): void {
    this.#lanes.closed();
  }

  /** Gives everything back, when the pool is closed. */
  leave(): Promise<void> {
    return this.#lanes.leave();
  }
}
