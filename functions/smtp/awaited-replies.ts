/**
 * The replies to commands that were sent ahead, in the order of the commands: whose turn it is to be answered, and until when
 * (RFC 5321 §4.5.3.2). A reply's deadline is absolute; it begins when the one before it has come.
 */
import { type Step, TimeoutError } from './errors.ts';
import type { Reply } from './reply.ts';
import { type SessionTime, type Timeouts, timeoutOf } from './timeouts.ts';

/** Whose commands were sent ahead, and who hears the replies to them. */
export interface Correspondent {
  /** Which of them is answered next. */
  readonly awaited: Step;
  /** @param lineOctets octets of each line on the wire */
  heard(reply: Reply, lineOctets: readonly number[]): void;
}

/** A correspondent and how many replies there will be for it. */
export interface Expected {
  readonly who: Correspondent;
  readonly replies: number;
}

export class AwaitedReplies {
  readonly #time: SessionTime;
  readonly #timeouts: Timeouts;
  readonly #late: (error: TimeoutError) => void;
  readonly #row: { readonly who: Correspondent; replies: number }[] = [];
  #count = 0;
  /** When the first of them is due, and the timer that looks; the timer may be an older one, and earlier. */
  #dueAt = 0;
  #looksAt = 0;
  #cancel: (() => void) | null = null;
  /** Octets of what is answered are still on their way to the operating system. */
  #isWriting = false;

  /** @param late told when the first of them has not come in time */
  constructor(time: SessionTime, timeouts: Timeouts, late: (error: TimeoutError) => void) {
    this.#time = time;
    this.#timeouts = timeouts;
    this.#late = late;
  }

  /** How many are awaited in all. */
  get count(): number {
    return this.#count;
  }

  /** Which command is answered next; `null` where none is. */
  get step(): Step | null {
    return this.#row[0]?.who.awaited ?? null;
  }

  add(expected: readonly Expected[]): void {
    const wasIdle = this.#count === 0;
    for (const { who, replies } of expected) {
      this.#row.push({ who, replies });
      this.#count += replies;
    }
    if (wasIdle) this.watch();
  }

  /** One of them has come. @returns whose it is, `null` where none was awaited; `watch` is to be called once that one was told */
  take(): Correspondent | null {
    const first = this.#row[0];
    if (first === undefined) return null;
    first.replies -= 1;
    this.#count -= 1;
    if (first.replies === 0) this.#row.shift();
    return first.who;
  }

  /** While what the first of them answers is being written, it cannot be late: each block has a deadline of its own. */
  set isWriting(isWriting: boolean) {
    this.#isWriting = isWriting;
    if (!isWriting) this.watch();
  }

  /** From now on the first of them has its time. */
  watch(): void {
    const { step } = this;
    if (step === null) {
      this.#cancel?.();
      this.#cancel = null;
      return;
    }
    const ms = timeoutOf(step, this.#timeouts);
    this.#dueAt = this.#time.now() + ms;
    // A timer for each reply would cost more than the reply: one that fires before looks again then.
    if (this.#cancel !== null && this.#looksAt <= this.#dueAt) return;
    this.#cancel?.();
    this.#lookAfter(ms);
  }

  /** No more of them will come. */
  clear(): void {
    this.#row.length = 0;
    this.#count = 0;
    this.watch();
  }

  #lookAfter(ms: number): void {
    this.#looksAt = this.#time.now() + ms;
    this.#cancel = this.#time.after(ms, () => this.#look());
  }

  #look(): void {
    this.#cancel = null;
    const { step } = this;
    if (step === null) return;
    const ms = timeoutOf(step, this.#timeouts);
    const left = this.#isWriting ? ms : this.#dueAt - this.#time.now();
    if (left > 0) this.#lookAfter(left);
    else this.#late(new TimeoutError(`the server did not answer within ${ms / 1000} s`, { step }));
  }
}
