/** One of several processes that send a run together. It ends in order when it is told to, or when nobody is left to tell. */
import { openState, systemClock } from '#local';
import { frozenSource, loadCampaign, type Outcome, RunError, readManifest } from '#mailing';
import type { Shell } from './command.ts';
import { explain } from './explain.ts';
import { chooseRelay, connectTo, type OpenRelay } from './relays.ts';
import { openRunLog } from './run-log.ts';
import { sendAll } from './sending.ts';
import { openShell } from './shell.ts';
import type { FromWorker, ToWorker, WorkOrder } from './worker-messages.ts';

/** A parent that counts needs no more. */
const TELL_EVERY_MS = 100;

/** Waits for its order, does the work, and ends. */
export async function work(): Promise<void> {
  const stop = new AbortController();
  const own = openShell();
  const shell: Shell = {
    env: own.env,
    cwd: own.cwd,
    isTerminal: false,
    signal: AbortSignal.any([own.signal, stop.signal]),
    out: () => {},
    note: (line) => void tell({ kind: 'note', line }),
    over: () => {},
  };
  // The channel closes when its other end dies, however it dies: what is in flight is settled, and nobody begins another.
  process.on('disconnect', () => stop.abort());
  const order = await new Promise<WorkOrder | null>((resolve) => {
    process.on('message', (message: ToWorker) => {
      if (message.kind === 'work') resolve(message.order);
      else stop.abort();
    });
    stop.signal.addEventListener('abort', () => resolve(null), { once: true });
  });
  if (order !== null) await tell(await workOn(order, shell));
  if (process.connected) process.disconnect();
  own.close();
}

async function workOn(order: WorkOrder, shell: Shell): Promise<FromWorker> {
  const counter = new Counter();
  try {
    return { kind: 'ended', fault: await sendAsOrdered(order, shell, (outcome) => counter.add(outcome)) };
  } catch (error) {
    return { kind: 'failed', message: explain(error, 'run') };
  } finally {
    await counter.close();
  }
}

async function sendAsOrdered(
  { run: id, state: folder, relay, log: logWords, ...words }: WorkOrder,
  shell: Shell,
  onSettled: (outcome: Outcome) => void,
): Promise<boolean> {
  const state = openState(folder, {
    onTranscriptLoss: (error) =>
      shell.note(`Transcripts could not be kept: ${error instanceof Error ? error.message : error}`),
  });
  const log = openRunLog(logWords, state, id, shell.note);
  try {
    const run = await state.ledger.run(id);
    if (run?.plan == null) throw new RunError(`Cannot send run ${id}: its plan is not complete`);
    const { source } = frozenSource(state.objects, await readManifest(state.objects, run));
    const loaded = await loadCampaign(source);
    const openRelay = () => openAsOrdered(relay, shell);
    const course = { signal: shell.signal, onSettled, onReport: () => {}, log };
    return await sendAll({ ...words, state, openRelay }, { run, loaded }, shell, course);
  } finally {
    log?.close();
    state.close();
  }
}

async function openAsOrdered(relay: WorkOrder['relay'], shell: Shell): Promise<OpenRelay> {
  if ('relay' in relay) return connectTo(relay.relay, relay.files, relay.inbox, async () => {});
  return (await chooseRelay(relay, shell)).open();
}

/** Tells what was settled, now and then. */
class Counter {
  readonly #clock = systemClock();
  #counts: Partial<Record<Outcome, number>> = {};
  #cancel: (() => void) | null = null;

  add(outcome: Outcome): void {
    this.#counts[outcome] = (this.#counts[outcome] ?? 0) + 1;
    this.#cancel ??= this.#clock.after(TELL_EVERY_MS, () => void this.#tell());
  }

  async close(): Promise<void> {
    this.#cancel?.();
    await this.#tell();
  }

  async #tell(): Promise<void> {
    this.#cancel = null;
    const counts = this.#counts;
    this.#counts = {};
    if (Object.keys(counts).length > 0) await tell({ kind: 'settled', counts });
  }
}

/** @returns when it is said, or nobody is there to hear it */
function tell(message: FromWorker): Promise<void> {
  return new Promise((resolve) => {
    if (!process.connected) resolve();
    else process.send?.(message, undefined, undefined, () => resolve());
  });
}
