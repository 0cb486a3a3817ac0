/** Mails per second, held by giving each mail its own moment on one line of time that all connections share. */
import { pause } from '#smtp';
import type { Clock } from './ports.ts';

/** A pause longer than this is not made good by a burst afterwards: in no second begin more mails than in 1.1 seconds. */
const LONGEST_DEBT_MS = 100;

export class Pacer {
  readonly #clock: Clock;
  #intervalMs: number;
  #next: number;

  /** @param messagesPerSecond more than 0; `undefined`: no limit */
  constructor(clock: Clock, messagesPerSecond: number | undefined) {
    this.#clock = clock;
    this.#intervalMs = intervalOf(messagesPerSecond);
    this.#next = clock.monotonic();
  }

  /** Whether a mail may have to wait for its moment. */
  get isLimited(): boolean {
    return this.#intervalMs > 0;
  }

  /** Another pace from here on. @param restMs before the next mail, at the least */
  change(messagesPerSecond: number | undefined, restMs = 0): void {
    this.#intervalMs = intervalOf(messagesPerSecond);
    const now = this.#clock.monotonic();
    // What was a long wait at the old pace is none at a quicker one.
    this.#next = Math.max(Math.min(this.#next, now + this.#intervalMs), now + restMs);
  }

  /** @returns when the next mail may begin, or `signal` is aborted */
  async turn(signal: AbortSignal): Promise<void> {
    if (!this.isLimited) return;
    const now = this.#clock.monotonic();
    const moment = Math.max(this.#next, now - LONGEST_DEBT_MS);
    this.#next = moment + this.#intervalMs;
    if (moment > now) await pause(this.#clock, moment - now, signal);
  }
}

function intervalOf(messagesPerSecond: number | undefined): number {
  return messagesPerSecond === undefined ? 0 : 1000 / messagesPerSecond;
}
