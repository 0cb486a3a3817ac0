/**
 * The loop: take an input that was interesting, change it, run it, and keep it where it ended in a new way or executed
 * something new. The first thing that is wrong ends it. Seed and target decide all of it.
 */
import { Coverage } from './coverage.ts';
import { mutate } from './mutator.ts';
import { Random } from './random.ts';
import { octetsOf, type Target } from './target.ts';

export interface FuzzOptions {
  /** Inputs to run. */
  readonly inputs: number;
  readonly seed: number;
  /** Ask V8 what was executed. Default: what inputs end with is the only guide. */
  readonly guided?: boolean;
  /** Told of each input before it is run: should it never end, somebody else knows which it was. */
  readonly before?: (input: Uint8Array) => void;
  /** Milliseconds that one input may take. Default 1,000. */
  readonly limitMs?: number;
}

export interface Failure {
  readonly target: string;
  readonly seed: number;
  /** Inputs run before. */
  readonly index: number;
  /** The input in hex. */
  readonly input: string;
  readonly problem: string;
}

export interface FuzzReport {
  readonly target: string;
  readonly seed: number;
  readonly inputs: number;
  /** Different ways in which inputs ended. */
  readonly endings: number;
  /** Inputs kept because they were interesting. */
  readonly corpus: number;
  /** Functions of the rooms that were executed; 0 where nobody asked. */
  readonly functions: number;
  readonly slowestMs: number;
  /** By how much the process has grown at most since its first inputs, in MiB. */
  readonly grownMiB: number;
  readonly failure: Failure | null;
}

const DEFAULT_MAX_OCTETS = 4096;
const BATCH = 256;
const MAX_CORPUS = 4000;
const MAX_ENDINGS = 20_000;
const MAX_GROWTH_MIB = 256;
const MIB = 1024 * 1024;

export async function fuzz(target: Target, options: FuzzOptions): Promise<FuzzReport> {
  return new Fuzzer(target, options).run();
}

/** Runs one input alone. @returns what is wrong, `null` where nothing is */
export async function replay(target: Target, input: Uint8Array): Promise<string | null> {
  try {
    await target.run(input);
    return null;
  } catch (error) {
    return problemOf(error);
  }
}

class Fuzzer {
  readonly #target: Target;
  readonly #options: FuzzOptions;
  readonly #random: Random;
  readonly #words: readonly Uint8Array[];
  readonly #corpus: Uint8Array[];
  readonly #endings = new Set<string>();
  readonly #coverage: Coverage | null;
  #inputs = 0;
  #slowestMs = 0;
  #firstRss = 0;
  #grownMiB = 0;

  constructor(target: Target, options: FuzzOptions) {
    this.#target = target;
    this.#options = options;
    this.#random = new Random(options.seed);
    this.#words = target.words.map(octetsOf);
    this.#corpus = target.seeds.map(octetsOf);
    this.#coverage = options.guided === true ? new Coverage() : null;
  }

  async run(): Promise<FuzzReport> {
    let failure = await this.#runAll([...this.#corpus]);
    this.#coverage?.remember(this.#coverage.take());
    this.#firstRss = process.memoryUsage.rss();
    while (failure === null && this.#inputs < this.#options.inputs) failure = await this.#batch();
    this.#coverage?.stop();
    return {
      target: this.#target.name,
      seed: this.#options.seed,
      inputs: this.#inputs,
      endings: this.#endings.size,
      corpus: this.#corpus.length,
      functions: this.#coverage?.functions ?? 0,
      slowestMs: Math.round(this.#slowestMs),
      grownMiB: Math.round(this.#grownMiB),
      failure,
    };
  }

  async #batch(): Promise<Failure | null> {
    const size = Math.min(BATCH, this.#options.inputs - this.#inputs);
    const inputs = Array.from({ length: size }, () => this.#next());
    const failure = await this.#runAll(inputs);
    if (failure !== null) return failure;
    if (this.#coverage !== null) {
      const taken = this.#coverage.take();
      if (this.#coverage.isNew(taken)) await this.#keepThoseBehind(inputs, this.#coverage);
      this.#coverage.remember(taken);
    }
    const grown = this.#growth();
    const last = inputs.at(-1) ?? Buffer.alloc(0);
    return grown > MAX_GROWTH_MIB
      ? this.#failure(last, `the process has grown by ${Math.round(grown)} MiB: ${parts()}`)
      : null;
  }

  /** In MiB. What only waits to be collected is, before it counts, where the process may do so (`--expose-gc`). */
  #growth(): number {
    const growth = (): number => (process.memoryUsage.rss() - this.#firstRss) / MIB;
    if (growth() > MAX_GROWTH_MIB) globalThis.gc?.();
    this.#grownMiB = Math.max(this.#grownMiB, growth());
    return growth();
  }

  #next(): Uint8Array {
    const sources = { random: this.#random, words: this.#words, other: this.#random.pick(this.#corpus) };
    return mutate(this.#random.pick(this.#corpus), sources, this.#target.maxOctets ?? DEFAULT_MAX_OCTETS);
  }

  async #runAll(inputs: readonly Uint8Array[]): Promise<Failure | null> {
    for (const input of inputs) {
      this.#options.before?.(input);
      const began = performance.now();
      try {
        const ending = this.#target.run(input);
        this.#keepNew(typeof ending === 'string' ? ending : await ending, input);
      } catch (error) {
        return this.#failure(input, problemOf(error));
      }
      const problem = (await this.#slowness(input, performance.now() - began)) ?? strangeness();
      if (problem !== null) return this.#failure(input, problem);
      this.#inputs += 1;
    }
    return null;
  }

  #keepNew(ending: string, input: Uint8Array): void {
    if (this.#endings.has(ending) || this.#endings.size >= MAX_ENDINGS) return;
    this.#endings.add(ending);
    this.#keep(input);
  }

  #keep(input: Uint8Array): void {
    // Memory of its own: what is kept would keep the 64 KiB that small buffers share, with all that was in them.
    const copy = new Uint8Array(input);
    if (this.#corpus.length < MAX_CORPUS) this.#corpus.push(copy);
    else this.#corpus[this.#random.below(MAX_CORPUS)] = copy;
  }

  /** By halves: the inputs are run again until those are alone that execute something new. */
  async #keepThoseBehind(inputs: readonly Uint8Array[], coverage: Coverage): Promise<void> {
    for (const input of inputs) await this.#target.run(input);
    const taken = coverage.take();
    if (!coverage.isNew(taken)) return;
    if (inputs.length > 1) {
      const middle = inputs.length >> 1;
      await this.#keepThoseBehind(inputs.slice(0, middle), coverage);
      await this.#keepThoseBehind(inputs.slice(middle), coverage);
      return;
    }
    coverage.remember(taken);
    const [input] = inputs;
    if (input !== undefined) this.#keep(input);
  }

  /** A machine with other things to do may make any input slow once; what is slow by itself is slow again. */
  async #slowness(input: Uint8Array, firstMs: number): Promise<string | null> {
    const limit = this.#options.limitMs ?? 1000;
    let ms = firstMs;
    for (let again = 0; ms > limit / 10 && again < 3; again += 1) {
      const began = performance.now();
      await this.#target.run(input);
      ms = Math.min(ms, performance.now() - began);
    }
    this.#slowestMs = Math.max(this.#slowestMs, ms);
    return ms > limit ? `took ${Math.round(ms)} ms, at most ${limit} are wanted` : null;
  }

  #failure(input: Uint8Array, problem: string): Failure {
    const { name } = this.#target;
    return {
      target: name,
      seed: this.#options.seed,
      index: this.#inputs,
      input: Buffer.from(input).toString('hex'),
      problem,
    };
  }
}

/** What the process's memory is made of. */
function parts(): string {
  const { heapUsed, heapTotal, external, arrayBuffers } = process.memoryUsage();
  const mib = (octets: number): string => `${Math.round(octets / MIB)} MiB`;
  return `objects ${mib(heapUsed)} of ${mib(heapTotal)}, beside them ${mib(external)}, array buffers ${mib(arrayBuffers)}`;
}

function strangeness(): string | null {
  const strange = Object.keys(Object.prototype);
  return strange.length === 0 ? null : `Object.prototype has got ${strange.join(', ')}`;
}

function problemOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
