/** One run's connections to a relay that others use as well: a pool and a pace that are kept to its lanes. */
import type { SessionSettings } from '#smtp';
import { Lanes } from './lanes.ts';
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

/** The same of a pace. `undefined`: no limit. */
export interface SharedPace {
  setShare(messagesPerSecond: number | undefined): void;
}

export class RelayShare {
  readonly #lanes: Lanes;

  /** @param onFailure see `LaneUse` */
  constructor(
    { book, relay, limits, onWaiting }: SharedRelay,
    { run, owner, clock }: { run: string; owner: string; clock: Clock },
    { pool, pace: shared }: { pool: LimitedPool; pace: SharedPace },
    onFailure: (error: unknown) => void,
  ) {
    pool.limit(0);
    this.#lanes = new Lanes(
      { book, clock, owner },
      { relay, run, limits },
      {
        open: () => pool.occupied,
        onShare: (connections, pace) => {
          // Without connections nothing is begun, whatever the pace.
          if (pace === null || pace > 0) shared.setShare(pace ?? undefined);
          pool.limit(connections);
        },
        onWaiting,
        onFailure,
      },
    );
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
