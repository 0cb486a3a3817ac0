/** How far a long work is: one line that moves on a terminal, now and then a plain line elsewhere. */
import { isSettled, noTotals, OUTCOMES, type Outcome, type UncertainPolicy } from '#mailing';
import type { Shell } from './command.ts';

const BAR_WIDTH = 28;
const MOVING_EVERY_MS = 100;
const PLAIN_EVERY_MS = 5000;
/** A rate is of the last half minute or so: a run may have rested for hours before. */
const RATE_OVER_MS = 15_000;

/**
 * What is done is final. A recipient who is deferred, or will be sent to again, is met in a later round, as often as it takes:
 * that moves the rate, and not the bar.
 */
export class Progress {
  readonly #shell: Shell;
  readonly #total: number;
  readonly #policy: UncertainPolicy;
  readonly #now: () => number;
  readonly #counts = noTotals();
  #done = 0;
  /** Also whoever is not done: mails that were tried. */
  #tried = 0;
  #shown: number;
  #plainTenths = 0;
  /** Behind the rate: why it is not more. */
  #slow = '';
  /** Two earlier moments, and how many had been tried by then. */
  #marks: readonly [Mark, Mark];

  /** @param total recipients that are open @param now monotonic milliseconds @param policy the run's */
  constructor(shell: Shell, total: number, now: () => number, policy: UncertainPolicy = 'hold') {
    this.#shell = shell;
    this.#total = total;
    this.#policy = policy;
    this.#now = now;
    this.#shown = now();
    this.#marks = [
      { at: this.#shown, tried: 0 },
      { at: this.#shown, tried: 0 },
    ];
  }

  settled(outcome: Outcome, count = 1): void {
    const now = this.#now();
    this.#mark(now);
    this.#tried += count;
    this.#counts[outcome] += count;
    if (isSettled(outcome, this.#policy)) this.#done += count;
    if (this.#shell.isTerminal) {
      if (now - this.#shown < MOVING_EVERY_MS && this.#done < this.#total) return;
      this.#shown = now;
      this.#shell.over(`${bar(this.#done / this.#total)} ${this.#words(now)}`);
    } else {
      const tenths = Math.floor((this.#done / this.#total) * 10);
      if (tenths === this.#plainTenths && now - this.#shown < PLAIN_EVERY_MS) return;
      this.#plainTenths = tenths;
      this.#shown = now;
      this.#shell.note(this.#words(now));
    }
  }

  /** @param why in words that go behind the rate; empty: nothing holds it up */
  slowed(why: string): void {
    this.#slow = why;
  }

  #mark(now: number): void {
    const [, later] = this.#marks;
    const mark = { at: now, tried: this.#tried };
    // After a rest nothing that was before says how fast it goes.
    if (now - later.at > 2 * RATE_OVER_MS) this.#marks = [mark, mark];
    else if (now - later.at > RATE_OVER_MS) this.#marks = [later, mark];
  }

  #words(now: number): string {
    const [since] = this.#marks;
    const rate = (this.#tried - since.tried) / Math.max((now - since.at) / 1000, 0.001);
    const counts = OUTCOMES.filter((outcome) => this.#counts[outcome] > 0).map((outcome) => this.#count(outcome));
    // Where everybody was tried once, who is left waits for a moment that the rate does not know.
    const untried = this.#total - this.#tried;
    const left = untried > 0 && rate > 0 ? [`${span(untried / rate)} left`] : [];
    const done = `${grouped(this.#done)} of ${grouped(this.#total)}`;
    return [done, ...counts, `${grouped(Math.round(rate))}/s${this.#slow}`, ...left].join(' · ');
  }

  /** One recipient can be deferred in each round. */
  #count(outcome: Outcome): string {
    const count = this.#counts[outcome];
    if (isSettled(outcome, this.#policy)) return `${outcome} ${grouped(count)}`;
    return `${outcome} ${count === 1 ? 'once' : `${grouped(count)} times`}`;
  }
}

interface Mark {
  readonly at: number;
  readonly tried: number;
}

function bar(share: number): string {
  const full = Math.round(Math.min(share, 1) * BAR_WIDTH);
  return `[${'#'.repeat(full)}${'·'.repeat(BAR_WIDTH - full)}]`;
}

/** `1,000,000` */
export function grouped(value: number): string {
  // By hand: the first toLocaleString of a process takes as long as a thousand mails.
  return String(value).replace(/\B(?<!\.\d*)(?=(?:\d{3})+(?!\d))/g, ',');
}

/** `1 row`, `1,000 rows` */
export function counted(value: number, noun: string): string {
  return `${grouped(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** `8 s`, `3 min`, `2.5 h` */
export function span(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

/** `812 octets`, `4.2 kB`, `3.1 MB` */
export function size(octets: number): string {
  if (octets < 1000) return `${octets} octets`;
  return octets < 1e6 ? `${(octets / 1000).toFixed(1)} kB` : `${grouped(Number((octets / 1e6).toFixed(1)))} MB`;
}
