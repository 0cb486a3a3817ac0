/** One campaign's run from plan to end, told on the way: what `run` and the demo share. */
import { type LocalState, systemClock } from '#local';
import {
  type AudienceFile,
  endCancelled,
  exitCodeOf,
  type LoadedCampaign,
  noTotals,
  type RunControl,
  type RunRecord,
  type SendReport,
  type StartedRun,
  startRun,
  type UncertainPolicy,
  watchControl,
} from '#mailing';
import { canaryWords } from './canary.ts';
import { type Shell, UsageError } from './command.ts';
import { slowWords } from './pace-words.ts';
import { grouped, Progress } from './progress.ts';
import type { RelayWords } from './relays.ts';
import { type LogWords, openRunLog, type RunLog, warningOnce } from './run-log.ts';
import { type RunEnd, tellPlan, tellReport } from './run-words.ts';
import { paceOf, type SendCourse, type SendRequest, sendAll, signerOf } from './sending.ts';
import { workTogether } from './workers.ts';

export interface RunRequest extends SendRequest {
  readonly campaign: LoadedCampaign;
  readonly audience: AudienceFile;
  readonly slot: number | null;
  readonly another: boolean;
  /** To the embedded server. */
  readonly rehearsal: boolean;
  /** Go on with this run. */
  readonly resume?: string;
  readonly onUncertain?: UncertainPolicy;
  readonly planHash?: string;
  /** Processes that send, each opening the relay by these words; without them this one does. */
  readonly workers?: { readonly count: number; readonly relay: RelayWords };
  /** Without them no log is kept. */
  readonly log?: LogWords | undefined;
}

/** How sending ended, apart from what became of each recipient. */
interface SendingEnd {
  /** Told already. */
  readonly isFault: boolean;
  readonly control: RunControl;
}

/** @throws what stands in the way of planning, or of the ledger; a relay's fault is told and is exit code 1 */
export async function runCampaign(request: RunRequest, shell: Shell): Promise<RunEnd> {
  const clock = systemClock();
  const began = clock.monotonic();
  const { state } = request;
  // A key that cannot be used is told before anything is planned.
  await signerOf(request.campaign, shell);
  const started = await startRun({ ...state, clock }, request.campaign, request.audience, {
    slot: request.slot,
    another: request.another,
    rehearsal: request.rehearsal,
    ...(request.resume === undefined ? {} : { resume: request.resume }),
    ...(request.onUncertain === undefined ? {} : { onUncertain: request.onUncertain }),
    ...(request.planHash === undefined ? {} : { planHash: request.planHash }),
    signal: shell.signal,
    onPlanned: (rows) => shell.over(`Planning: ${grouped(rows)} rows`),
  });
  const seconds = () => Number(((clock.monotonic() - began) / 1000).toFixed(3));
  if (started === null) {
    shell.note('Stopped while planning; nothing was sent. Start again to go on.');
    return { started, totals: noTotals(), seconds: seconds(), exitCode: 3 };
  }
  tellPlan(started, shell);
  const note = warningOnce(shell.note);
  const log = openRunLog(request.log, state, started.run.id, note);
  try {
    log?.begun(started, request.workers?.count ?? 1);
    const { isFault, control }: SendingEnd =
      started.kind === 'finished'
        ? { isFault: false, control: 'going' }
        : await sendUnderControl(request, started, { ...shell, note }, log);
    const totals = await state.ledger.totals(started.run.id);
    const exitCode = isFault
      ? 1
      : control !== 'going' || (await wasStopped(state, started.run, shell))
        ? 3
        : exitCodeOf(totals);
    log?.ended(totals, seconds(), exitCode);
    return { started, totals, seconds: seconds(), exitCode };
  } catch (error) {
    log?.failed(error);
    throw error;
  } finally {
    log?.close();
  }
}

async function wasStopped(state: LocalState, run: RunRecord, shell: Shell): Promise<boolean> {
  return shell.signal.aborted && (await state.ledger.run(run.id))?.finished !== true;
}

/** Sends until the end, a signal, or the word of a person in another process. */
async function sendUnderControl(
  request: RunRequest,
  started: StartedRun,
  shell: Shell,
  log: RunLog | undefined,
): Promise<SendingEnd> {
  const { state } = request;
  const { run } = started;
  const watch = await watchControl(state.ledger, run.id, systemClock());
  try {
    const signal = AbortSignal.any([shell.signal, watch.signal]);
    const isFault = watch.control === 'going' && (await sendWithProgress(request, started, shell, { signal, log }));
    // A canary stops the run in this very process: the watch has not seen it yet.
    const control = watch.control === 'going' ? ((await state.ledger.control(run.id)) ?? 'going') : watch.control;
    if (control === 'cancelled') await endCancelled(run.id, { ...state, clock: systemClock() });
    if (control === 'cancelled') shell.note(`Run ${run.id} is cancelled.`);
    if (control === 'paused') shell.note(await whyPaused(state, run));
    return { isFault, control };
  } finally {
    watch.close();
  }
}

async function whyPaused({ ledger }: LocalState, { id }: RunRecord): Promise<string> {
  const canary = (await ledger.run(id))?.canary ?? null;
  return canary?.verdict === 'stopped'
    ? `Run ${id} is ${canaryWords(canary)}. Nobody else was sent to; \`npx cartero status ${id} --recipients\` names them, \`npx cartero resume ${id}\` and the same \`cartero run\` send to the others all the same.`
    : `Run ${id} is paused; \`npx cartero resume ${id}\` lets it go on.`;
}

/** @returns whether the relay was at fault, told already */
async function sendWithProgress(
  request: RunRequest,
  started: StartedRun,
  shell: Shell,
  { signal, log }: Pick<SendCourse, 'signal' | 'log'>,
): Promise<boolean> {
  const { run, plan } = started;
  const clock = systemClock();
  const before = await request.state.ledger.totals(run.id);
  const open = before.pending + before.deferred + before.uncertain;
  const progress = new Progress(
    shell,
    Math.max(open - (run.onUncertain === 'resend' ? 0 : before.uncertain), 1),
    () => clock.monotonic(),
    run.onUncertain,
  );
  if (open === 0 && plan.recipients > 0) shell.note('Nobody is left to send to.');
  if (request.workers !== undefined)
    return sendByWorkers(request, request.workers, started, { shell, signal, progress });
  const onReport = (report: SendReport) => tellReport(report, shell);
  return sendAll(request, started, shell, {
    signal,
    onSettled: (outcome) => progress.settled(outcome),
    onPace: (pace) => progress.slowed(slowWords(pace)),
    onReport,
    log,
  });
}

async function sendByWorkers(
  { openRelay, state, once, connections, messagesPerSecond, log }: RunRequest,
  { count, relay }: NonNullable<RunRequest['workers']>,
  { run, loaded }: StartedRun,
  { shell, signal, progress }: { shell: Shell; signal: AbortSignal; progress: Progress },
): Promise<boolean> {
  const access = await openRelay();
  try {
    const most = paceOf({ connections, messagesPerSecond }, loaded, access).connections;
    if (most < count) shell.note(`There are ${most} connections: so many workers are enough.`);
    const order = {
      run: run.id,
      state: state.folder,
      relay: access.inbox === null ? relay : access.connected,
      once,
      ...(connections === undefined ? {} : { connections }),
      ...(messagesPerSecond === undefined ? {} : { messagesPerSecond }),
      ...(log === undefined ? {} : { log }),
    };
    const isFault = await workTogether(order, Math.min(count, most), {
      note: shell.note,
      signal,
      onSettled: (outcome, settled) => progress.settled(outcome, settled),
    });
    const held = (await state.ledger.openBatches(run.id)).filter((batch) => batch.held).length;
    tellReport({ stopped: signal.aborted, elsewhere: held }, shell);
    return isFault;
  } finally {
    await access.close();
  }
}

/** `--at` in epoch ms, or by hand. */
export function slotOf(at: number | undefined): number | null {
  if (at !== undefined && at % 1000 !== 0) throw new UsageError('--at names a moment in whole seconds');
  return at ?? null;
}
