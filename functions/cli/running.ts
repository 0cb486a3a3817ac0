/** One campaign's run from plan to end, told on the way: what `run` and the demo share. */
import { type LocalState, openLinkKeys, systemClock } from '#local';
import {
  Allowance,
  type AudienceFile,
  endCancelled,
  escapeControls,
  exitCodeOf,
  formatProblem,
  hoursOf,
  isoTime,
  type LoadedCampaign,
  laneName,
  MailComposer,
  noTotals,
  OUTCOMES,
  type Outcome,
  type PaceState,
  RelayFault,
  type RoundOptions,
  type RunControl,
  type RunRecord,
  readContent,
  type SendReport,
  type SharedRelay,
  type StartedRun,
  sayingHow,
  sendToEnd,
  startRun,
  type Totals,
  type UncertainPolicy,
  watchControl,
} from '#mailing';
import { canaryWords } from './canary.ts';
import { type Shell, UsageError } from './command.ts';
import { openSigner } from './dkim-keys.ts';
import { explainRelay } from './explain.ts';
import { paceWords, slowWords } from './pace-words.ts';
import { grouped, Progress, span } from './progress.ts';
import type { OpenRelay, RelayWords } from './relays.ts';
import { restWords } from './resting.ts';
import { type LogWords, openRunLog, type RunLog, warningOnce } from './run-log.ts';
import { workTogether } from './workers.ts';

export interface RunRequest {
  readonly campaign: LoadedCampaign;
  readonly audience: AudienceFile;
  readonly state: LocalState;
  readonly openRelay: () => Promise<OpenRelay>;
  readonly slot: number | null;
  readonly another: boolean;
  /** One attempt for whoever is due, and no waiting for the others. */
  readonly once: boolean;
  /** To the embedded server. */
  readonly rehearsal: boolean;
  /** Go on with this run. */
  readonly resume?: string;
  readonly onUncertain?: UncertainPolicy;
  readonly planHash?: string;
  readonly connections?: number;
  readonly messagesPerSecond?: number;
  /** Processes that send, each opening the relay by these words; without them this one does. */
  readonly workers?: { readonly count: number; readonly relay: RelayWords };
  /** Without them no log is kept. */
  readonly log?: LogWords | undefined;
}

/** What of a request a process needs to know that sends. */
export type SendRequest = Pick<RunRequest, 'state' | 'openRelay' | 'once' | 'connections' | 'messagesPerSecond'>;

export interface SendCourse {
  readonly signal: AbortSignal;
  readonly onSettled: (outcome: Outcome) => void;
  readonly onReport: (report: SendReport) => void;
  /** The relay has changed the pace; told already. */
  readonly onPace?: (state: PaceState) => void;
  readonly log?: RunLog | undefined;
}

export interface RunEnd {
  /** `null` where the plan was not complete when the run was stopped. */
  readonly started: StartedRun | null;
  readonly totals: Totals;
  readonly seconds: number;
  readonly exitCode: 0 | 1 | 2 | 3;
}

/** How sending ended, apart from what became of each recipient. */
interface SendingEnd {
  /** Told already. */
  readonly isFault: boolean;
  readonly control: RunControl;
}

/** Where neither campaign, relay nor command line says how many. */
export const DEFAULT_CONNECTIONS = 4;
const SHOWN_PROBLEMS = 10;
const SHOWN_OTHERS = 3;

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

/** @returns whether the relay was at fault, told already; `false` where the run went as far as it could */
export async function sendAll(
  request: SendRequest,
  { run, loaded }: Pick<StartedRun, 'run' | 'loaded'>,
  shell: Shell,
  { signal, onSettled, onReport, onPace, log }: SendCourse,
): Promise<boolean> {
  const { state } = request;
  const clock = systemClock();
  const hours = hoursOf(loaded.campaign.schedule, run.slot);
  const composer = await MailComposer.open(loaded, {
    // What waits for its hour is dated when it comes: a mail of yesterday would be found far down.
    date: hours?.openFrom(run.createdAt) ?? run.createdAt,
    readFile: (content) => readContent(state.objects, content),
    linkKeys: loaded.campaign.oneClick === null ? [] : openLinkKeys(state.folder, run.createdAt),
    signer: await signerOf(loaded, shell),
  });
  const access = await request.openRelay();
  shell.note(
    access.inbox === null
      ? `Over ${access.relay.label}`
      : 'A rehearsal: no relay is named, so the mails go to the embedded server; `npx cartero inbox` shows them.',
  );
  const told = new Set<string>();
  try {
    const allowance = await allowanceOf(access, state, shell);
    const pace = paceOf(request, loaded, access);
    const options: RoundOptions = {
      ...pace,
      once: request.once,
      canary: loaded.campaign.canary,
      archive: loaded.campaign.archive,
      onJudged: (verdict) => {
        if (verdict.verdict === 'passed')
          shell.note(`The canary has passed, ${grouped(verdict.tried)} were tried: the others follow.`);
      },
      hours,
      ...(allowance === null ? {} : { allowance }),
      onResting: (until, why) => shell.note(restWords(until, why, request.once)),
      openSession: access.openSession,
      shared: shareOf(request, loaded, access, shell),
      signal,
      owner: state.owner,
      onSettled,
      onPace: (pace) => {
        onPace?.(pace);
        shell.note(paceWords(pace));
      },
      onBroken: (error, nextAt) =>
        shell.note(
          `${access.relay.label}: ${escapeControls(error.message)}; nobody is lost by this. The run rests until ${isoTime(nextAt)}, then one mail is tried. Ctrl-C stops; the same run goes on.`,
        ),
      onMended: () => shell.note(`${access.relay.label} works again; the others follow.`),
      onWaiting: (error, delayMs) => {
        // Each connection meets the same: it is told once.
        const words = `${access.relay.label}: ${escapeControls(error.message)}; trying again in ${span(delayMs / 1000)}`;
        if (!told.has(words)) shell.note(words);
        told.add(words);
      },
    };
    log?.sending(access, pace.connections);
    const who = { owner: state.owner, run: run.id, relay: access.relay.label };
    const said = sayingHow(options, state.standings, who);
    const report = await sendToEnd(run, composer, { ...state, clock }, log?.watching(said) ?? said);
    onReport(report);
    return false;
  } catch (error) {
    if (!(error instanceof RelayFault)) throw error;
    shell.note(explainRelay(error.cause, access.relay));
    shell.note(
      'Nobody is lost by this: who was not begun is still pending. Start the same run again when the relay is in order.',
    );
    return true;
  } finally {
    await access.close();
  }
}

/** What the relay's warm-up allows all processes of the state; told with what was sent of it. */
async function allowanceOf({ relay }: OpenRelay, state: LocalState, shell: Shell): Promise<Allowance | null> {
  if (relay.warmUp === undefined) return null;
  const allowance = new Allowance(relay.warmUp, { book: state.allowances, clock: systemClock() });
  const today = await allowance.today();
  if (today === null) return null;
  shell.note(
    `Warm-up of "${relay.warmUp.relay}": ${grouped(today.taken)} of the ${grouped(today.limit)} mails of ${today.day} (${relay.warmUp.timezone}) are sent or in hand.`,
  );
  return allowance;
}

/** All processes of the state share the relay by lanes. */
function shareOf(request: SendRequest, loaded: LoadedCampaign, access: OpenRelay, shell: Shell): SharedRelay {
  const { relay } = access;
  const { connections } = paceOf(request, loaded, access);
  const ofRun = smallest([request.messagesPerSecond, loaded.campaign.pace.messagesPerSecond]);
  // A person who asks for more than the relay's settings say knows better.
  const ofRelay = relay.connections === undefined ? undefined : Math.max(relay.connections, request.connections ?? 0);
  return {
    book: request.state.lanes,
    relay: laneName(relay.session),
    limits: {
      connections,
      ...(ofRun === undefined ? {} : { messagesPerSecond: ofRun }),
      ...(ofRelay === undefined ? {} : { relayConnections: ofRelay }),
      ...(relay.messagesPerSecond === undefined ? {} : { relayMessagesPerSecond: relay.messagesPerSecond }),
    },
    onWaiting: (runs) =>
      shell.note(`Every connection to ${relay.label} is in the hands of ${runs.join(', ')}; waiting for one.`),
  };
}

function signerOf({ campaign }: LoadedCampaign, shell: Shell): ReturnType<typeof openSigner> {
  return openSigner({ relay: campaign.relay, fromDomain: campaign.from.mailbox.domain }, shell);
}

/** The smaller of what the campaign, the relay and the command line say. */
function paceOf(
  request: { readonly connections?: number | undefined; readonly messagesPerSecond?: number | undefined },
  { campaign }: LoadedCampaign,
  { relay }: OpenRelay,
): { connections: number; messagesPerSecond?: number } {
  const connections =
    request.connections ?? smallest([campaign.pace.connections, relay.connections]) ?? DEFAULT_CONNECTIONS;
  const messagesPerSecond = smallest([
    request.messagesPerSecond,
    campaign.pace.messagesPerSecond,
    relay.messagesPerSecond,
  ]);
  return { connections, ...(messagesPerSecond === undefined ? {} : { messagesPerSecond }) };
}

function smallest(values: readonly (number | undefined)[]): number | undefined {
  const given = values.filter((value) => value !== undefined);
  return given.length === 0 ? undefined : Math.min(...given);
}

function tellPlan({ run, plan, kind, changed, problems, others, warning }: StartedRun, shell: Shell): void {
  if (kind === 'finished')
    shell.note(`Run ${run.id} is finished and has the same content: nothing to do. \`--new\` starts another.`);
  else {
    const verb = kind === 'new' ? 'Planned' : 'Going on with';
    shell.note(
      `${verb} run ${run.id}: ${grouped(plan.rows)} rows, ${grouped(plan.recipients)} recipients, plan ${plan.planHash.slice(0, 12)}`,
    );
  }
  if (kind !== 'finished' && changed.length > 0) {
    shell.note(
      `Changed since this run was planned: ${changed.join(', ')}. It goes on with its own copy; \`--new\` starts another run with the files as they are now.`,
    );
  }
  if (warning !== null) shell.note(`Look again: ${warning}`);
  for (const { id } of others.slice(-SHOWN_OTHERS)) {
    shell.note(`Run ${id} of this campaign is not finished; \`--resume ${id}\` goes on with it.`);
  }
  for (const problem of problems.slice(0, SHOWN_PROBLEMS)) shell.note(`  ${formatProblem(problem)}`);
  if (plan.invalid > SHOWN_PROBLEMS && problems.length > 0) {
    shell.note(
      `  … ${grouped(plan.invalid - Math.min(SHOWN_PROBLEMS, problems.length))} more; \`npx cartero status ${run.id} --recipients\` names them all`,
    );
  }
}

function tellReport({ stopped, elsewhere }: SendReport, shell: Shell): void {
  if (stopped) shell.note('Stopped: what was in flight is settled. Start the same run again to go on.');
  if (elsewhere > 0)
    shell.note(`${elsewhere} ${elsewhere === 1 ? 'batch is' : 'batches are'} in another process's hands.`);
}

/** The object that `run --json` prints as its last line. */
export function runJson({ started, totals, seconds }: RunEnd, campaign: string): Record<string, unknown> {
  const plan = started?.plan;
  return {
    run: started?.run.id ?? null,
    campaign,
    rows: plan?.rows ?? 0,
    recipients: plan?.recipients ?? 0,
    duplicates: plan?.duplicates ?? 0,
    notSelected: plan?.notSelected ?? 0,
    ...totals,
    seconds,
  };
}

/** The summary for people. */
export function summaryOf({ started, totals, seconds }: RunEnd): string {
  if (started === null) return '';
  const { run, plan } = started;
  const left = [
    ...(plan.duplicates > 0 ? [`${grouped(plan.duplicates)} duplicates left out`] : []),
    ...(plan.notSelected > 0 ? [`${grouped(plan.notSelected)} not selected`] : []),
  ];
  const counts = OUTCOMES.filter((outcome) => totals[outcome] > 0).map(
    (outcome) => `  ${outcome.padEnd(12)}${grouped(totals[outcome]).padStart(10)}`,
  );
  return [
    `Run ${run.id}: ${grouped(plan.recipients)} recipients of ${grouped(plan.rows)} rows${left.length > 0 ? ` (${left.join(', ')})` : ''}, ${seconds.toFixed(1)} s`,
    ...counts,
    '',
  ].join('\n');
}

/** What waits and what is in doubt, a line each. */
export async function openEnds(state: LocalState, run: RunRecord, totals: Totals): Promise<string[]> {
  const lines: string[] = [];
  const resends = run.onUncertain === 'resend';
  if (totals.uncertain > 0 && !resends) {
    const people = totals.uncertain === 1 ? '1 is' : `${grouped(totals.uncertain)} are`;
    const choice =
      run.onUncertain === 'hold' ? '; `--on-uncertain resend` sends to them again, `skip` gives them up' : '';
    lines.push(`${people} uncertain: the mail had left and no reply came. Nobody is mailed twice${choice}.`);
  }
  if (totals.deferred === 0 && !(resends && totals.uncertain > 0)) return lines;
  const next = await nextOfWaiting(state, run.id, resends);
  if (Number.isFinite(next))
    lines.push(`The next of those who wait is due at ${isoTime(next)}; start the same run again then.`);
  return lines;
}

/** Batches know it, but for those that are held or have somebody who need not wait: their recipients are looked at. */
async function nextOfWaiting({ ledger }: LocalState, run: string, resends: boolean): Promise<number> {
  let next = Number.POSITIVE_INFINITY;
  for (const batch of await ledger.openBatches(run)) {
    if (!batch.held && batch.nextAt > 0) {
      next = Math.min(next, batch.nextAt);
      continue;
    }
    for await (const { outcome, nextAt } of ledger.deliveries(run, batch.batch)) {
      const waits = outcome === 'deferred' || (outcome === 'uncertain' && resends);
      if (waits && nextAt !== null) next = Math.min(next, nextAt);
    }
  }
  return next;
}

/** `--at` in epoch ms, or by hand. */
export function slotOf(at: number | undefined): number | null {
  if (at !== undefined && at % 1000 !== 0) throw new UsageError('--at names a moment in whole seconds');
  return at ?? null;
}
