/** How far a long work is: one line that moves on a terminal, now and then a plain line elsewhere. */
import { noTotals, OUTCOMES, type Outcome } from '#mailing';
import type { Shell } from './command.ts';

const BAR_WIDTH = 28;
const MOVING_EVERY_MS = 100;
const PLAIN_EVERY_MS = 5000;

export class Progress {
  readonly #shell: Shell;
  readonly #total: number;
  readonly #started: number;
  readonly #now: () => number;
  readonly #counts = noTotals();
  #done = 0;
  #shown: number;
  #plainTenths = 0;

  /** @param now monotonic milliseconds */
  constructor(shell: Shell, total: number, now: () => number) {
    this.#shell = shell;
    this.#total = total;
    this.#now = now;
    this.#started = now();
    this.#shown = this.#started;
  }

  settled(outcome: Outcome): void {
    this.#done += 1;
    this.#counts[outcome] += 1;
    const now = this.#now();
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

  #words(now: number): string {
    const seconds = Math.max((now - this.#started) / 1000, 0.001);
    const rate = this.#done / seconds;
    const left = (this.#total - this.#done) / rate;
    const counts = OUTCOMES.filter((outcome) => this.#counts[outcome] > 0).map(
      (outcome) => `${outcome} ${grouped(this.#counts[outcome])}`,
    );
    return `${grouped(this.#done)} of ${grouped(this.#total)} · ${counts.join(' · ')} · ${grouped(Math.round(rate))}/s${this.#done < this.#total ? ` · ${span(left)} left` : ''}`;
  }
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
