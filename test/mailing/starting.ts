/** Starting runs on a real state, which dies when a test says so. */
import { onTestFinished } from 'vitest';
import { type LocalState, openCampaignFolder, openState } from '#local';
import {
  type Clock,
  type Ledger,
  loadCampaign,
  type ObjectStore,
  type StartedRun,
  type StartOptions,
  startRun,
} from '#mailing';

export const NOW = Date.parse('2026-12-01T09:00:00Z');

/** Time that stands still, but for what a wait asks for. */
const clock: Clock = {
  now: () => NOW,
  monotonic: () => 0,
  after: (_ms, fn) => {
    const timer = setImmediate(fn);
    return () => clearImmediate(timer);
  },
};

/** Counts what is written, and lets the process die there: from then on nothing works. */
export class Fate {
  written: string[] = [];
  #dead = false;
  readonly #dieAt: number;
  readonly #after: boolean;

  /** @param dieAt the number of the write, from 1; @param after whether that one still happens */
  constructor(dieAt = Number.POSITIVE_INFINITY, after = false) {
    this.#dieAt = dieAt;
    this.#after = after;
  }

  get isDead(): boolean {
    return this.#dead;
  }

  over<T extends object>(target: T, writes: ReadonlySet<string>): T {
    return new Proxy(target, {
      get: (_, name) => {
        const value = Reflect.get(target, name) as unknown;
        if (typeof value !== 'function') return value;
        const call = (...words: unknown[]) => Reflect.apply(value, target, words) as unknown;
        if (writes.has(String(name)))
          return async (...words: unknown[]) => this.#write(String(name), () => call(...words));
        return (...words: unknown[]) => {
          if (this.#dead) throw new Death();
          return call(...words);
        };
      },
    });
  }

  async #write(name: string, work: () => unknown): Promise<unknown> {
    if (this.#dead) throw new Death();
    this.written.push(name);
    this.#dead = this.written.length === this.#dieAt;
    if (this.#dead && !this.#after) throw new Death();
    const result = await work();
    if (this.#dead) throw new Death();
    return result;
  }
}

export class Death extends Error {}

/** The ledger with another `commit`. */
export function withCommit(ledger: Ledger, commit: Ledger['commit']): Ledger {
  return new Proxy(ledger, {
    get: (target, name) => {
      if (name === 'commit') return commit;
      const value = Reflect.get(target, name) as unknown;
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** Rejections that nobody has handled, from here to the end of the test. */
export function unhandledRejections(): unknown[] {
  const reasons: unknown[] = [];
  const note = (reason: unknown) => reasons.push(reason);
  process.on('unhandledRejection', note);
  onTestFinished(() => {
    process.off('unhandledRejection', note);
  });
  return reasons;
}

const LEDGER_WRITES: ReadonlySet<string> = new Set<keyof Ledger>([
  'createRun',
  'addBatch',
  'addBatches',
  'completePlan',
  'claim',
  'release',
  'setUncertainPolicy',
]);
const OBJECT_WRITES: ReadonlySet<string> = new Set<keyof ObjectStore>(['write', 'writeAll']);

export function opened(folder: string): LocalState {
  const state = openState(folder);
  onTestFinished(() => state.close());
  return state;
}

/** Starts the campaign of a folder as it is now. */
export async function start(
  state: LocalState,
  folder: string,
  options: Partial<StartOptions> & { fate?: Fate; list?: string; now?: number } = {},
): Promise<StartedRun> {
  const { fate = new Fate(), list = 'list.csv', now = NOW, ...rest } = options;
  const live = await loadCampaign(await openCampaignFolder(folder, { projectTemplates: folder }));
  const ports = {
    ledger: fate.over(state.ledger, LEDGER_WRITES),
    objects: fate.over(state.objects, OBJECT_WRITES),
    suppressions: state.suppressions,
    openScratch: state.openScratch,
    clock: { ...clock, now: () => now },
  };
  const audience = { name: list, open: () => live.source.files.stream(list) };
  const signal = new AbortController().signal;
  const started = await startRun(ports, live, audience, {
    slot: null,
    rehearsal: false,
    another: false,
    signal,
    ...rest,
  });
  if (started === null) throw new Error('the start was stopped');
  return started;
}

/** Everything that planning leaves behind about a run. */
export async function remains({ ledger, objects }: LocalState, run: string) {
  const deliveries: object[] = [];
  for await (const { batch, row, recipient, outcome, messageId, problem } of ledger.deliveries(run)) {
    deliveries.push({ batch, row, recipient, outcome, messageId, problem });
  }
  const files: Record<string, string> = {};
  for (const name of await objects.list(`runs/${run}/`)) files[name] = Buffer.from(await objects.read(name)).toString();
  return { record: await ledger.run(run), totals: await ledger.totals(run), deliveries, files };
}
