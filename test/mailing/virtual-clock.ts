/** A clock that stands still until a test moves it. */
import type { Clock } from '#mailing';

export class VirtualClock implements Clock {
  #ms = 0;
  readonly #timers = new Set<{ at: number; fn: () => void }>();

  now(): number {
    return 1_700_000_000_000 + this.#ms;
  }

  monotonic(): number {
    return this.#ms;
  }

  after(ms: number, fn: () => void): () => void {
    const timer = { at: this.#ms + ms, fn };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  get timers(): number {
    return this.#timers.size;
  }

  /** Lets `ms` pass, timer by timer, and what each sets off. */
  async pass(ms: number): Promise<void> {
    const end = this.#ms + ms;
    await settled();
    for (;;) {
      const due = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#timers.delete(due);
      this.#ms = Math.max(this.#ms, due.at);
      due.fn();
      await settled();
    }
    this.#ms = end;
    await settled();
  }

  /** Lets time pass to the next timer, where there is one, and all that are due then. */
  async passToNext(): Promise<void> {
    await settled();
    if (this.#timers.size === 0) return;
    const next = Math.min(...[...this.#timers].map(({ at }) => at));
    await this.pass(Math.max(next - this.#ms, 0));
  }
}

/** When every promise that can go on has gone on. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
