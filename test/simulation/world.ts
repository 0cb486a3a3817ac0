/**
 * Virtual time: whatever happens at a moment is in one row of events, and the seed's chance decides the moments. Nothing
 * here waits for a clock, a socket or a disk, so that the same seed is the same history, to the last octet.
 */
import { Random } from '../fuzz/random.ts';

/** When the stories begin, as walls show it: epoch ms. */
export const START = Date.UTC(2026, 11, 1, 9);

interface Event {
  readonly at: number;
  fn: (() => void) | null;
}

/** A story that goes on for so many events has lost its way. */
const MAX_EVENTS = 200_000;

export class World {
  readonly random: Random;
  /** Milliseconds since the beginning, never going back. */
  now = 0;
  /** By how much walls are wrong. */
  skewMs = 0;
  /** What happened, for whoever looks at a failure; `null`: nobody does. */
  readonly story: string[] | null;
  #events: Event[] = [];
  #tick = 0;

  constructor(seed: number, told = false) {
    this.random = new Random(seed);
    this.story = told ? [] : null;
  }

  /** Epoch milliseconds, as the clock on the wall says. */
  get wall(): number {
    return START + this.now + this.skewMs;
  }

  /** Numbers what must be told apart in order, where time stands still. */
  tick(): number {
    this.#tick += 1;
    return this.#tick;
  }

  tell(line: () => string): void {
    this.story?.push(`${String(this.now).padStart(9)} ${line()}`);
  }

  /** A number from `from` to `to`, both included. */
  between(from: number, to: number): number {
    return from + this.random.below(to - from + 1);
  }

  /** Whether it is one time in `times`; never where that is 0. */
  oneIn(times: number): boolean {
    return times > 0 && this.random.below(times) === 0;
  }

  /** Calls `fn` after `ms` of virtual time. @returns what cancels it */
  after(ms: number, fn: () => void): () => void {
    const event: Event = { at: this.now + Math.max(0, Math.ceil(ms)), fn };
    this.#insert(event);
    return () => {
      event.fn = null;
    };
  }

  /** Lets events happen until `isOver`, or none is left. @throws where the story does not end */
  async run(isOver: () => boolean): Promise<void> {
    for (let events = 0; !isOver(); events += 1) {
      if (events > MAX_EVENTS) throw new Error(`Cannot end the story: ${MAX_EVENTS} events, and more to come`);
      const event = await this.#next();
      if (event === null) return;
      this.now = event.at;
      event.fn?.();
    }
  }

  /** The code's own turns of the event loop come before time goes on. */
  async #next(): Promise<Event | null> {
    await turn();
    if (this.#first()?.at !== this.now) await turn();
    if (this.#first() === null) await turn();
    const event = this.#first();
    if (event !== null) this.#events.pop();
    return event;
  }

  /** Those that were cancelled are gone. */
  #first(): Event | null {
    for (;;) {
      const event = this.#events.at(-1);
      if (event === undefined) return null;
      if (event.fn !== null) return event;
      this.#events.pop();
    }
  }

  /** The next one stands last; of one moment, they happen in the order in which they were put here. */
  #insert(event: Event): void {
    let low = 0;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#events[middle];
      if (other !== undefined && other.at > event.at) low = middle + 1;
      else high = middle;
    }
    this.#events.splice(low, 0, event);
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
