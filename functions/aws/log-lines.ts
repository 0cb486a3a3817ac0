/**
 * A function's log: JSON Lines to its standard output, from where they get to CloudWatch Logs. Best effort: what takes no more
 * stops no mail; those lines are lost, and counted in the next one.
 */
import type { Writable } from 'node:stream';
import type { Clock } from '#mailing';

export interface LogLines {
  /** One line, made of what is defined. */
  write(entry: Readonly<Record<string, unknown>>): void;
  /** When what was written has left this process, or will not. Never throws. */
  flush(): Promise<void>;
}

/** A log event in CloudWatch Logs has 256 KiB at the most, 26 octets of which are its own (PutLogEvents). */
export const MAX_EVENT_OCTETS = 256 * 1024 - 26;

/** Octets that wait in memory where the output takes no more. */
const MAX_WAITING = 8 * 1024 * 1024;

/** A function that has done its work does not wait longer for its log. */
const FLUSH_MS = 5_000;

/** @param output stays open, it is the process's own */
export function openLogLines(output: Writable, clock: Pick<Clock, 'now' | 'after'>): LogLines {
  return new OutputLines(output, clock);
}

class OutputLines implements LogLines {
  readonly #output: Writable;
  readonly #clock: Pick<Clock, 'now' | 'after'>;
  #waiting = 0;
  #lost = 0;
  #isEmpty: (() => void)[] = [];

  constructor(output: Writable, clock: Pick<Clock, 'now' | 'after'>) {
    this.#output = output;
    this.#clock = clock;
    // Without somebody who hears it, an output that has gone would end the process.
    output.on('error', () => {});
  }

  write(entry: Readonly<Record<string, unknown>>): void {
    if (this.#waiting > MAX_WAITING || this.#output.destroyed) {
      this.#lost += 1;
      return;
    }
    if (this.#lost > 0) this.#tellOfLoss();
    this.#send(entry);
  }

  async flush(): Promise<void> {
    if (this.#waiting === 0) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#clock.after(FLUSH_MS, resolve);
      this.#isEmpty.push(() => {
        cancel();
        resolve();
      });
    });
  }

  #tellOfLoss(): void {
    const lines = this.#lost;
    this.#lost = 0;
    this.#send({ at: new Date(this.#clock.now()).toISOString(), event: 'lines lost', lines });
  }

  #send(entry: Readonly<Record<string, unknown>>): void {
    const line = `${JSON.stringify(entry)}\n`;
    this.#waiting += line.length;
    this.#output.write(line, (error) => {
      if (error) this.#lost += 1;
      this.#waiting -= line.length;
      if (this.#waiting > 0) return;
      for (const tell of this.#isEmpty) tell();
      this.#isEmpty = [];
    });
  }
}
