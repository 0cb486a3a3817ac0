/**
 * Several processes that send one run: `cartero run --workers N`.
 *
 *     this process: plans, starts workers, counts what they settle, tells what they say once, replaces who dies
 *     workers:      take batches from the ledger and lanes from the state, and know nothing of each other
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { CAREFUL_AFTER, OUTCOMES, type Outcome, QUARANTINED_AFTER } from '#mailing';
import type { Shell } from './command.ts';
import type { FromWorker, ToWorker, WorkOrder } from './worker-messages.ts';

/**
 * So many that die without having settled anything die of something that another would die of as well. It is more than
 * what one mail takes that ends its process: by then that one is quarantined, and the others go on.
 */
const MAX_DEATHS_IN_A_ROW = CAREFUL_AFTER + QUARANTINED_AFTER + 3;

const WORKER = fileURLToPath(new URL('worker-process.js', import.meta.url));

/** The work cannot be done by workers. The message is the whole story. */
export class WorkerError extends Error {
  readonly code = 'ERR_WORKER';
  constructor(message: string) {
    super(message);
    this.name = 'WorkerError';
  }
}

export interface Foreman {
  readonly note: Shell['note'];
  /** Aborted: the workers settle what is in flight, and end. */
  readonly signal: AbortSignal;
  readonly onSettled: (outcome: Outcome, count: number) => void;
}

/**
 * Ends when every worker has ended.
 * @returns whether the relay was at fault, which is told already
 * @throws WorkerError
 */
export async function workTogether(order: WorkOrder, workers: number, foreman: Foreman): Promise<boolean> {
  return new Crew(order, foreman).work(workers);
}

class Crew {
  readonly #order: WorkOrder;
  readonly #foreman: Foreman;
  readonly #halt = new AbortController();
  readonly #signal: AbortSignal;
  /** What one worker has said, the others need not say again. */
  readonly #told = new Set<string>();
  #deathsInARow = 0;
  #fault = false;
  #failure: WorkerError | null = null;

  constructor(order: WorkOrder, foreman: Foreman) {
    this.#order = order;
    this.#foreman = foreman;
    this.#signal = AbortSignal.any([foreman.signal, this.#halt.signal]);
  }

  async work(workers: number): Promise<boolean> {
    await Promise.all(Array.from({ length: workers }, () => this.#keepOne()));
    if (this.#failure !== null) throw this.#failure;
    return this.#fault;
  }

  /** One worker, and another in its place when it dies. */
  async #keepOne(): Promise<void> {
    while (!this.#signal.aborted) {
      const end = await this.#runOne();
      if (typeof end === 'string') this.#mourn(end);
      else {
        if (end.kind === 'failed') this.#failure ??= new WorkerError(end.message);
        else if (end.fault) this.#fault = true;
        // What stops one stops all: the same relay, the same disk.
        if (end.kind === 'failed' || end.fault) this.#halt.abort();
        return;
      }
    }
  }

  #mourn(how: string): void {
    this.#deathsInARow += 1;
    if (this.#signal.aborted) return;
    if (this.#deathsInARow < MAX_DEATHS_IN_A_ROW) {
      this.#foreman.note(`A worker ended before its work (${how}); another takes its place.`);
      return;
    }
    this.#failure ??= new WorkerError(
      `Cannot go on: ${this.#deathsInARow} workers in a row ended before their work (the last: ${how}); nobody is lost, start the same run again`,
    );
    this.#halt.abort();
  }

  /** @returns its last word, or how it ended without one */
  #runOne(): Promise<Extract<FromWorker, { kind: 'ended' | 'failed' }> | string> {
    const child = fork(WORKER, [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const stop = () => say(child, { kind: 'stop' });
    this.#signal.addEventListener('abort', stop, { once: true });
    let last: Extract<FromWorker, { kind: 'ended' | 'failed' }> | null = null;
    child.on('message', (message: FromWorker) => {
      if (message.kind === 'settled') this.#count(message.counts);
      else if (message.kind === 'note') this.#tell(message.line);
      else last = message;
    });
    say(child, { kind: 'work', order: this.#order });
    return new Promise((resolve) => {
      const ended = (how: string) => {
        this.#signal.removeEventListener('abort', stop);
        resolve(last ?? how);
      };
      child.once('error', (error) => ended(error.message));
      child.once('close', (code, signal) => ended(signal ?? `exit code ${code}`));
    });
  }

  #count(counts: Extract<FromWorker, { kind: 'settled' }>['counts']): void {
    this.#deathsInARow = 0;
    for (const outcome of OUTCOMES) {
      const count = counts[outcome] ?? 0;
      if (count > 0) this.#foreman.onSettled(outcome, count);
    }
  }

  #tell(line: string): void {
    if (this.#told.has(line)) return;
    this.#told.add(line);
    this.#foreman.note(line);
  }
}

/** A worker that is gone hears nothing, and its end is met elsewhere. */
function say(child: ChildProcess, message: ToWorker): void {
  if (child.connected) child.send(message, () => {});
}
