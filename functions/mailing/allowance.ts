/**
 * One process's part in what a warm-up allows today, which all runs and processes of a state share.
 *
 *     take ► out of what is held here, else a chunk out of the book ► … ► use, before the indicator ► close
 *                                                                          └ not used: for the next mail ─┘
 *
 * A chunk is durable before any of it is used. A process that dies takes what it holds with it: never more leave than the
 * day allows, and for each death as many fewer as a chunk has, and as were under way. At the end the rest is given back.
 */
import type { AllowanceBook, Clock } from './ports.ts';
import { type DayAllowance, Ramp, type WarmUp } from './warm-up.ts';

/** A chunk is this part of the day's allowance, one mail at the least, … */
const CHUNKS_A_DAY = 100;
/** … and so many at the most: a write to the disk costs little against as many mails. */
const LARGEST_CHUNK = 100;

/** No day: mails that are begun when the warm-up is over. */
const NO_DAY = '';

/** Room for one mail. */
export interface Permit {
  /**
   * To be called right before the end-of-mail-data indicator: the mail counts from here on, on the day that it is then.
   * @returns `false`: there is no room any more, since a day has ended that the mail was begun on
   */
  use(): Promise<boolean>;
  /** The mail is over. What was not used is another's. */
  close(): void;
}

export class Allowance {
  readonly #relay: string;
  readonly #ramp: Ramp;
  readonly #book: AllowanceBook;
  readonly #clock: Clock;
  /** Taken out of the book, and in no mail's hands. */
  #held = 0;
  /** The day that it was taken out for. */
  #day = NO_DAY;
  #fetching: Promise<boolean> | null = null;

  constructor(warmUp: WarmUp, { book, clock }: { book: AllowanceBook; clock: Clock }) {
    this.#relay = warmUp.relay;
    this.#ramp = new Ramp(warmUp);
    this.#book = book;
    this.#clock = clock;
  }

  /** @returns `null` where no mail more may go today; see {@link shutUntil} */
  async take(): Promise<Permit | null> {
    const day = await this.#takeOne();
    return day === null ? null : this.#permitOf(day);
  }

  /** When a mail may go, epoch ms; 0: one may go now, also where the warm-up is over. */
  async shutUntil(): Promise<number> {
    const today = this.#today();
    if (today === null || this.#held > 0) return 0;
    const taken = await this.#book.taken(this.#relay, today.day);
    return taken < today.limit ? 0 : today.endsAt;
  }

  /** What has been taken out today; `null` where the warm-up is over. */
  async today(): Promise<(DayAllowance & { readonly taken: number }) | null> {
    const today = this.#today();
    return today === null ? null : { ...today, taken: await this.#book.taken(this.#relay, today.day) };
  }

  /** Gives back what no mail has used. Where that cannot be written, the day has fewer mails. */
  async giveBack(): Promise<void> {
    const held = this.#held;
    this.#held = 0;
    if (held === 0) return;
    await this.#change(this.#day, (taken) => -Math.min(held, taken)).catch(() => {});
  }

  #permitOf(begun: string): Permit {
    let day = begun;
    let isOver = false;
    return {
      use: async () => {
        while (!this.#isNow(day)) {
          const next = await this.#takeOne();
          if (next === null) return false;
          day = next;
        }
        isOver = true;
        return true;
      },
      close: () => {
        if (!isOver && day !== NO_DAY && day === this.#day) this.#held += 1;
        isOver = true;
      },
    };
  }

  #isNow(day: string): boolean {
    const today = this.#today();
    return today === null || today.day === day;
  }

  /** @returns the day for which it is; `null` where none is left of today */
  async #takeOne(): Promise<string | null> {
    for (;;) {
      const today = this.#today();
      if (today === null) return NO_DAY;
      if (this.#held > 0) {
        this.#held -= 1;
        return today.day;
      }
      this.#fetching ??= this.#fetch(today).finally(() => {
        this.#fetching = null;
      });
      if (!(await this.#fetching)) return null;
    }
  }

  /** What is held of another day is of no use any more. */
  #today(): DayAllowance | null {
    const today = this.#ramp.on(this.#clock.now());
    const day = today?.day ?? NO_DAY;
    if (day !== this.#day) this.#held = 0;
    this.#day = day;
    return today;
  }

  /** @returns whether there was anything left */
  async #fetch({ day, limit }: DayAllowance): Promise<boolean> {
    if (limit === 0) return false;
    const chunk = Math.min(Math.max(Math.floor(limit / CHUNKS_A_DAY), 1), LARGEST_CHUNK);
    const more = await this.#change(day, (taken) => Math.max(Math.min(chunk, limit - taken), 0));
    if (day === this.#day) this.#held += more;
    return more > 0;
  }

  /** Where another was faster, it looks again: each such look is another's success. */
  async #change(day: string, more: (taken: number) => number): Promise<number> {
    for (;;) {
      const taken = await this.#book.taken(this.#relay, day);
      const change = more(taken);
      if (change === 0 || (await this.#book.change(this.#relay, day, taken, taken + change))) return change;
    }
  }
}
