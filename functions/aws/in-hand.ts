/** What this process has in its hands: batches that it claimed and knows of. */
import type { Batch } from './batch.ts';
import type { Run } from './run-item.ts';

export interface Held {
  /** As it was when the batch was claimed. */
  readonly run: Run;
  readonly fence: number;
  /** As it was written last; `null` where a write failed, and nobody knows whether it is there. */
  batch: Batch | null;
}

export class InHand {
  readonly #held = new Map<string, Held>();
  /** Claims whose write is under way. */
  readonly #taking = new Set<string>();

  has(run: string, batch: number): boolean {
    return this.#held.has(nameOf(run, batch)) || this.#taking.has(nameOf(run, batch));
  }

  /** @returns `undefined` where it is not held under that fence */
  find(run: string, batch: number, fence: number): Held | undefined {
    const held = this.#held.get(nameOf(run, batch));
    return held?.fence === fence ? held : undefined;
  }

  drop(run: string, batch: number): void {
    this.#held.delete(nameOf(run, batch));
  }

  /** While `work` goes on nobody else in this process takes the batch. @param work `null`: it was not to be had */
  async take<T>(run: string, batch: number, work: (keep: (held: Held) => void) => Promise<T>): Promise<T> {
    const name = nameOf(run, batch);
    this.#taking.add(name);
    try {
      return await work((held) => this.#held.set(name, held));
    } finally {
      this.#taking.delete(name);
    }
  }
}

function nameOf(run: string, batch: number): string {
  return `${batch} ${run}`;
}
