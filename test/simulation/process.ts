/**
 * A process of the story. Its code is the real one, and all that it does to the outside, or hears of it, passes here: so it
 * can die at any await, stand still while others go on, and get its answers late, or never.
 */
import { LedgerError } from '#mailing';
import type { Fate, Scenario } from './scenario.ts';
import type { World } from './world.ts';

/** What goes wrong with one call: it does nothing and fails, or does its work and fails. */
export type Fault = { readonly works: boolean; readonly error: Error } | null;

export interface Surroundings {
  readonly world: World;
  readonly scenario: Scenario;
  /** Told of each call, before it is made. */
  readonly onCall: () => void;
}

export class SimulatedProcess {
  readonly owner: string;
  readonly number: number;
  /** Whether others see it as living. */
  holdsLock = true;
  /** Whether the work that is begun now will be told as done. */
  willHear = true;
  readonly #surroundings: Surroundings;
  readonly #fates: FateBook;
  readonly #connections = new Set<{ abandon(): void }>();
  readonly #onDeath: (() => void)[] = [];
  #state: 'running' | 'paused' | 'dead' = 'running';
  #held: (() => void)[] = [];

  constructor(name: { owner: string; number: number }, surroundings: Surroundings, fates: FateBook) {
    this.owner = name.owner;
    this.number = name.number;
    this.#surroundings = surroundings;
    this.#fates = fates;
  }

  /** Whether somebody reads the story. */
  get isTold(): boolean {
    return this.#surroundings.world.story !== null;
  }

  get isDead(): boolean {
    return this.#state === 'dead';
  }

  get isPaused(): boolean {
    return this.#state === 'paused';
  }

  onDeath(fn: () => void): void {
    this.#onDeath.push(fn);
  }

  /** Its connections are the operating system's to close. */
  keeps(connection: { abandon(): void }): void {
    this.#connections.add(connection);
  }

  letsGo(connection: { abandon(): void }): void {
    this.#connections.delete(connection);
  }

  /** Something reaches its code: at once, when it goes on, or never. */
  reach(fn: () => void): void {
    if (this.#state === 'running') fn();
    else if (this.#state === 'paused') this.#held.push(fn);
  }

  /** A timer of its own. */
  after(ms: number, fn: () => void): () => void {
    let isCancelled = false;
    const cancel = this.#surroundings.world.after(ms, () =>
      this.reach(() => {
        if (!isCancelled) fn();
      }),
    );
    return () => {
      isCancelled = true;
      cancel();
    };
  }

  /** @param work done when the call arrives, also where the process is dead by then */
  call<T>(what: string, work: () => Promise<T>, faultOf: () => Fault = () => null): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.act(what, () => this.#send(what, work, faultOf(), { resolve, reject }));
    });
  }

  /** The same for what is done at once: a write to a socket. */
  act(what: string, deed: () => void): void {
    this.reach(() => {
      if (this.#state !== 'running') return;
      const { world, onCall } = this.#surroundings;
      onCall();
      const fate = this.#fates.next(this.number);
      world.tell(() => `${this.owner} ${what}`);
      if (fate === null) return deed();
      if (fate.kind === 'death') {
        if (fate.after) deed();
        return this.die(fate.after ? `after ${what}` : `before ${what}`);
      }
      this.pause(fate);
      this.reach(deed);
    });
  }

  pause({ ms, stolen }: Pick<Fate, 'ms' | 'stolen'>): void {
    const { world } = this.#surroundings;
    world.tell(() => `${this.owner} stands still for ${ms} ms${stolen ? ', and is taken for dead' : ''}`);
    this.#state = 'paused';
    if (stolen) this.holdsLock = false;
    world.after(ms, () => this.goOn());
  }

  goOn(): void {
    if (this.#state !== 'paused') return;
    this.#surroundings.world.tell(() => `${this.owner} goes on`);
    this.#state = 'running';
    const held = this.#held;
    this.#held = [];
    // What comes first may stop it again.
    for (const fn of held) this.reach(fn);
  }

  /** From here on nothing reaches it; what it has sent is on its way. */
  die(why: string): void {
    if (this.#state === 'dead') return;
    this.#surroundings.world.tell(() => `${this.owner} dies ${why}`);
    this.#state = 'dead';
    this.holdsLock = false;
    this.#held = [];
    for (const connection of this.#connections) connection.abandon();
    for (const tell of this.#onDeath) tell();
  }

  #send<T>(
    what: string,
    work: () => Promise<T>,
    fault: Fault,
    settle: { resolve: (value: T) => void; reject: (error: unknown) => void },
  ): void {
    const { world, scenario } = this.#surroundings;
    const later = (fn: () => void) =>
      scenario.storeMs === 0 ? fn() : world.after(world.between(0, scenario.storeMs), fn);
    const answer = (fn: () => void) => later(() => this.reach(fn));
    const fail = (error: unknown) => {
      world.tell(() => `${this.owner} ${what}: ${error instanceof Error ? error.message : String(error)}`);
      answer(() => settle.reject(error));
    };
    later(() => {
      if (fault !== null && !fault.works) return fail(fault.error);
      this.willHear = fault === null;
      work().then((value) => {
        if (fault === null) answer(() => settle.resolve(value));
        else fail(fault.error);
      }, fail);
    });
  }
}

/** Which call of which process meets its fate. */
export class FateBook {
  readonly #fates: readonly Fate[];
  readonly #calls: number[] = [];

  constructor(fates: readonly Fate[]) {
    this.#fates = fates;
  }

  /** Counts a call. */
  next(process: number): Fate | null {
    const call = (this.#calls[process] ?? 0) + 1;
    this.#calls[process] = call;
    return this.#fates.find((fate) => fate.process === process && fate.call === call) ?? null;
  }
}

export function throttled(): Error {
  return new LedgerError('Cannot write the ledger: another process has kept it locked for too long; try again');
}

type Methods = Readonly<Record<string, unknown>>;

/**
 * A port as one process sees it: each method is a call.
 * @param faultOf what goes wrong with a call of that method
 */
export function throughProcess<T extends object>(
  process: SimulatedProcess,
  name: string,
  target: T,
  faultOf: (method: string) => Fault = () => null,
): T {
  const known = new Map<string | symbol, unknown>();
  return new Proxy(target, {
    get: (_, key) => {
      const found = known.get(key);
      if (found !== undefined) return found;
      const value: unknown = (target as Methods)[String(key)];
      if (typeof value !== 'function') return value;
      const what = `${name}.${String(key)}`;
      const apply = (words: unknown[]): unknown => Reflect.apply(value, target, words);
      const made = MANY.has(what)
        ? async function* (...words: unknown[]) {
            yield* await process.call(what, () => all(apply(words) as AsyncIterable<unknown>));
          }
        : (...words: unknown[]) =>
            process.call(
              process.isTold ? `${what} ${JSON.stringify(words).slice(0, 200)}` : what,
              async () => apply(words),
              () => faultOf(String(key)),
            );
      known.set(key, made);
      return made;
    },
  });
}

/** Methods that give one thing after the other. */
const MANY: ReadonlySet<string> = new Set(['ledger.deliveries', 'objects.stream', 'suppressions.list']);

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}
