import type { SessionTime } from '#smtp';

/** Time that stands still until it is told to move. */
export class VirtualTime implements SessionTime {
  #now = Date.UTC(2026, 10, 24, 12);
  readonly #timers = new Set<{ at: number; fn: () => void }>();
  /** Timers set so far. */
  begun = 0;

  /** Timers that were neither fired nor cancelled. */
  get pending(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, fn: () => void): () => void {
    // Clocks tell whole milliseconds, whatever part of one is waited for.
    const timer = { at: this.#now + Math.ceil(ms), fn };
    this.begun += 1;
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  advance(ms: number): void {
    this.#now += ms;
    for (const timer of [...this.#timers]) {
      if (timer.at <= this.#now && this.#timers.delete(timer)) timer.fn();
    }
  }

  /** Lets time pass until the next timer fires. @returns whether there was one */
  advanceToNext(): boolean {
    const next = Math.min(...[...this.#timers].map(({ at }) => at));
    if (next === Number.POSITIVE_INFINITY) return false;
    this.advance(Math.max(0, next - this.#now));
    return true;
  }
}
