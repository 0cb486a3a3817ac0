/**
 * Which parts of the rooms have been executed, as V8 counts blocks. Asking costs a millisecond, so it is asked once for
 * many inputs; only where something new was executed is the input looked for that did it.
 */
import { type Profiler, Session } from 'node:inspector';

const OWN_SOURCES = /\/functions\/[^?]*\.ts$/;

export class Coverage {
  readonly #session = new Session();
  /** By script and function: which of its characters were executed. */
  readonly #executed = new Map<string, Uint8Array>();

  constructor() {
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** Functions of the rooms that were executed. */
  get functions(): number {
    return this.#executed.size;
  }

  /** What was executed since it was last asked. */
  take(): readonly Profiler.ScriptCoverage[] {
    let result: readonly Profiler.ScriptCoverage[] = [];
    this.#session.post('Profiler.takePreciseCoverage', (error, taken) => {
      if (error !== null) throw error;
      result = taken.result.filter(({ url }) => OWN_SOURCES.test(url));
    });
    return result;
  }

  /** Whether something of it was never executed before. */
  isNew(taken: readonly Profiler.ScriptCoverage[]): boolean {
    return this.#anyExecuted(taken, (known, at) => known === null || known[at] !== 1);
  }

  remember(taken: readonly Profiler.ScriptCoverage[]): void {
    this.#anyExecuted(taken, (known, at, keep) => {
      (known ?? keep())[at] = 1;
      return false;
    });
  }

  stop(): void {
    this.#session.disconnect();
  }

  #anyExecuted(
    taken: readonly Profiler.ScriptCoverage[],
    test: (known: Uint8Array | null, at: number, keep: () => Uint8Array) => boolean,
  ): boolean {
    for (const { url, functions } of taken) {
      for (const { ranges } of functions) {
        const [whole] = ranges;
        if (whole === undefined || whole.count === 0) continue;
        const key = `${url} ${whole.startOffset} ${whole.endOffset}`;
        const keep = (): Uint8Array => {
          const fresh = new Uint8Array(whole.endOffset - whole.startOffset);
          this.#executed.set(key, fresh);
          return fresh;
        };
        for (const [at, count] of countsOf(ranges).entries()) {
          if (count > 0 && test(this.#executed.get(key) ?? null, at, keep)) return true;
        }
      }
    }
    return false;
  }
}

/** For each character of a function how it was executed: inner ranges come after those that they lie in. */
function countsOf(ranges: readonly Profiler.CoverageRange[]): Uint8Array {
  const from = ranges[0]?.startOffset ?? 0;
  const counts = new Uint8Array((ranges[0]?.endOffset ?? from) - from);
  for (const { startOffset, endOffset, count } of ranges)
    counts.fill(Math.min(count, 1), startOffset - from, endOffset - from);
  return counts;
}
