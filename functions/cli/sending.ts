/** One process's part of a run: what it opens, how fast it may go, and what it says on the way. */
import { type LocalState, openLinkKeys, systemClock } from '#local';
import {
  Allowance,
  escapeControls,
  hoursOf,
  isoTime,
  type LoadedCampaign,
  laneName,
  MailComposer,
  type Outcome,
  type PaceState,
  RelayFault,
  type RoundOptions,
  readContent,
  type SendReport,
  type SharedRelay,
  type StartedRun,
  sayingHow,
  sendToEnd,
} from '#mailing';
import type { Shell } from './command.ts';
import { openSigner } from './dkim-keys.ts';
import { explainRelay } from './explain.ts';
import { paceWords } from './pace-words.ts';
import { grouped, span } from './progress.ts';
import type { OpenRelay } from './relays.ts';
import { restWords } from './resting.ts';
import type { RunLog } from './run-log.ts';

/** What a process needs to know that sends. */
export interface SendRequest {
  readonly state: LocalState;
  readonly openRelay: () => Promise<OpenRelay>;
  /** One attempt for whoever is due, and no waiting for the others. */
  readonly once: boolean;
  readonly connections?: number;
  readonly messagesPerSecond?: number;
}

export interface SendCourse {
  readonly signal: AbortSignal;
  readonly onSettled: (outcome: Outcome) => void;
  readonly onReport: (report: SendReport) => void;
  /** The relay has changed the pace; told already. */
  readonly onPace?: (state: PaceState) => void;
  readonly log?: RunLog | undefined;
}

/** Where neither campaign, relay nor command line says how many. */
export const DEFAULT_CONNECTIONS = 4;

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

export function signerOf({ campaign }: LoadedCampaign, shell: Shell): ReturnType<typeof openSigner> {
  return openSigner({ relay: campaign.relay, fromDomain: campaign.from.mailbox.domain }, shell);
}

/** The smaller of what the campaign, the relay and the command line say. */
export function paceOf(
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
