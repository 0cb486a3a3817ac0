/**
 * How fast a run goes: as fast as it may, until the relay asks for less.
 *
 *     full ─► the relay asks ─► half the rate, half the connections ─► a clean minute: a step up ─► … ─► full
 *                                    └──── asked again by a mail that was begun since ◄──┘
 *
 * A burst of such replies is one: what was begun before the pace was lowered says nothing of the lower one.
 */
import { type Reply, replyText } from '#smtp';
import { Pacer } from './pacing.ts';
import type { Clock } from './ports.ts';
import { asksForLess } from './retry.ts';

/** So long without such a reply, and the pace goes up by a step. */
const CLEAN_MS = 60_000;
/** The steps from nothing to where it was lowered first. */
const STEPS = 10;
/** Nobody is begun for so long after the pace was lowered: a relay that counts by the second is to see it. */
const BREATH_MS = 1000;
/** Mails per second at the least, where the cap is not lower still: a run that stands still learns nothing. */
const LEAST = 0.1;

export interface PaceCaps {
  /** No limit by default. */
  readonly messagesPerSecond?: number;
  readonly connections: number;
}

export interface PaceState {
  /** As fast as it may. */
  readonly isFull: boolean;
  /** `undefined`: no limit. */
  readonly messagesPerSecond: number | undefined;
  readonly connections: number;
  /** What the relay said when it was lowered last. */
  readonly because: string;
}

export class AdaptivePace {
  /** Counts how often the pace was lowered; whoever begins a mail keeps it for {@link heard}. */
  epoch = 0;
  readonly #clock: Clock;
  readonly #onChange: (state: PaceState) => void;
  readonly #pacer: Pacer;
  #caps: PaceCaps;
  /** What it was lowered to; `undefined`: it is not. */
  #rate: number | undefined;
  #fewer: number | undefined;
  /** Where the rate was when it was lowered first. */
  #ceiling = 0;
  #changedAt = 0;
  #because = '';
  /** Mails begun since {@link restart}, for the rate where none is configured. */
  #begun = 0;
  #since: number;
  #setConnections: (connections: number) => void = () => {};

  constructor(clock: Clock, caps: PaceCaps, onChange: (state: PaceState) => void = () => {}) {
    this.#clock = clock;
    this.#caps = caps;
    this.#onChange = onChange;
    this.#pacer = new Pacer(clock, caps.messagesPerSecond);
    this.#since = clock.monotonic();
  }

  get connections(): number {
    return Math.min(this.#caps.connections, this.#fewer ?? Number.POSITIVE_INFINITY);
  }

  get isFull(): boolean {
    return this.#rate === undefined && this.#fewer === undefined;
  }

  /** Whether a mail may have to wait for its turn, or changes the pace by its coming. */
  get isLimited(): boolean {
    return this.#pacer.isLimited || !this.isFull;
  }

  /** Sending begins, over connections of which `setConnections` changes the number. */
  restart(setConnections: (connections: number) => void): void {
    this.#setConnections = setConnections;
    this.#begun = 0;
    this.#since = this.#clock.monotonic();
  }

  /** Other caps from here on. What the relay asked for holds beside them. */
  setCaps(caps: PaceCaps): void {
    this.#caps = caps;
    this.#pacer.change(this.#messagesPerSecond());
    this.#setConnections(this.connections);
  }

  /** A mail is begun. */
  begin(): void {
    this.#begun += 1;
  }

  /** @returns when the next mail may begin, or `signal` is aborted */
  turn(signal: AbortSignal): Promise<void> {
    if (!this.isFull && this.#clock.monotonic() - this.#changedAt >= CLEAN_MS) this.#raise();
    return this.#pacer.turn(signal);
  }

  /** What the relay said to a mail that was begun at `epoch`. */
  heard(reply: Reply, epoch: number): void {
    const asked = epoch === this.epoch ? asksForLess(reply) : null;
    if (asked === null) return;
    this.epoch += 1;
    const isOne = this.connections <= 1;
    if (asked !== 'connections' || isOne) this.#lower();
    if (asked !== 'rate' && !isOne) this.#fewer = Math.floor(this.connections / 2);
    this.#because = replyText(reply);
    this.#apply(BREATH_MS);
  }

  /** No more than so many connections can be had. @param because why */
  crowded(connections: number, because: string): void {
    if (connections >= this.connections) return;
    this.#fewer = connections;
    this.#because = because;
    this.#apply(0);
  }

  #lower(): void {
    const { messagesPerSecond: cap = Number.POSITIVE_INFINITY } = this.#caps;
    if (this.#rate === undefined) {
      // A cap that was never reached says nothing: half of it would change nothing.
      const seconds = Math.max((this.#clock.monotonic() - this.#since) / 1000, 1);
      this.#ceiling = Math.min(cap, Math.max(this.#begun / seconds, LEAST));
      this.#rate = this.#ceiling;
    }
    this.#rate = Math.max(this.#rate / 2, Math.min(LEAST, cap));
  }

  #raise(): void {
    if (this.#rate !== undefined) {
      const higher = this.#rate + this.#ceiling / STEPS;
      // Sums of tenths come out a little short.
      this.#rate = higher < this.#ceiling * 0.999 ? higher : undefined;
      if (this.#rate === undefined) this.restart(this.#setConnections);
    }
    if (this.#fewer !== undefined) {
      const more = this.#fewer + 1;
      this.#fewer = more < this.#caps.connections ? more : undefined;
    }
    this.#apply(0);
  }

  #apply(restMs: number): void {
    this.#changedAt = this.#clock.monotonic();
    const messagesPerSecond = this.#messagesPerSecond();
    this.#pacer.change(messagesPerSecond, restMs);
    this.#setConnections(this.connections);
    const { isFull, connections } = this;
    this.#onChange({ isFull, messagesPerSecond, connections, because: this.#because });
  }

  #messagesPerSecond(): number | undefined {
    const { messagesPerSecond: cap } = this.#caps;
    if (this.#rate === undefined || cap === undefined) return this.#rate ?? cap;
    return Math.min(this.#rate, cap);
  }
}
