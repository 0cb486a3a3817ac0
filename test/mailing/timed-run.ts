/** A whole run in virtual time, by the clock on a wall that a test sets: when was who sent to? */
import { hoursOf, MailComposer, type Outcome, readContent, type SendReport, sendToEnd } from '#mailing';
import type { Reply, Session } from '#smtp';
import { temporaryFolder, writeCampaign } from '../cli/cartero.ts';
import { scriptedSession } from './scripted-session.ts';
import { opened, start } from './starting.ts';
import { VirtualClock } from './virtual-clock.ts';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
/** Passes while a batch is read or written. */
const SHORT = 50;
export const OK: Reply = { code: 250, lines: ['ok'], enhancedStatus: null };
export const LATER: Reply = { code: 451, lines: ['4.7.1 later'], enhancedStatus: '4.7.1' };

/** Time that passes as timers do, and a wall clock that can be set. */
export class WallClock extends VirtualClock {
  #start: number;

  constructor(start: string) {
    super();
    this.#start = Date.parse(start);
  }

  override now(): number {
    return this.#start + this.monotonic();
  }

  /** The machine slept, or somebody set its clock: timers know nothing of it. */
  set(ms: number): void {
    this.#start += ms;
  }
}

export interface TimedRunOptions {
  /** What the wall shows in UTC when the run begins. */
  readonly now: string;
  readonly schedule: object | undefined;
  readonly list?: string;
  readonly campaign?: object;
  readonly slot?: string;
  readonly connections?: number;
  /** The moments between two mails. Default: none. */
  readonly everyMs?: number;
  /** The relay's word, at RCPT where it is a no. Default: yes. */
  readonly answer?: (to: string, attempt: number) => Reply;
  /** So long the relay thinks about its final reply. Default: not at all. */
  readonly replyMs?: number;
}

export async function timedRun(options: TimedRunOptions) {
  const { schedule, list = 'email,name\nana@example.com,Ana\nzoe@example.com,Zoë\n' } = options;
  const clock = new WallClock(options.now);
  const campaign = { from: 'news@example.com', audience: 'list.csv', schedule, ...options.campaign };
  const folder = await writeCampaign(temporaryFolder(), 'letters', {
    'campaign.json': JSON.stringify(campaign),
    'list.csv': list,
  });
  const state = opened(temporaryFolder());
  const slot = options.slot === undefined ? null : Date.parse(options.slot);
  const started = await start(state, folder, { now: clock.now(), slot });
  const { run, loaded } = started;
  const hours = hoursOf(loaded.campaign.schedule, run.slot);
  const composer = await MailComposer.open(loaded, {
    date: hours?.openFrom(run.createdAt) ?? run.createdAt,
    readFile: (content) => readContent(state.objects, content),
  });
  const attempts: { to: string; at: string }[] = [];
  const dates: Record<string, string> = {};
  const resting: string[] = [];
  const settled: Outcome[] = [];
  const stop = new AbortController();
  const shown = (at: number) => new Date(at).toISOString().slice(0, 16);
  let restsUntil = 0;
  const session = () =>
    sessionOf(
      async (to, content) => {
        attempts.push({ to, at: shown(clock.now()) });
        dates[to] = /^Date: (.*)$/m.exec(content)?.[1]?.trim() ?? '';
        return options.answer?.(to, attempts.filter((each) => each.to === to).length) ?? OK;
      },
      () => new Promise<void>((resolve) => void clock.after(options.replyMs ?? 0, resolve)),
    );
  const ended = { report: null as SendReport | null };
  const send = (once = false) =>
    sendToEnd(
      run,
      composer,
      { ...state, clock },
      {
        connections: options.connections ?? 1,
        ...(options.everyMs === undefined ? {} : { messagesPerSecond: 1000 / options.everyMs }),
        once,
        hours,
        canary: loaded.campaign.canary,
        openSession: async () => session(),
        signal: stop.signal,
        owner: 'sender',
        onSettled: (outcome) => settled.push(outcome),
        onResting: (until, why) => {
          restsUntil = until;
          resting.push(`${why} ${shown(until)}`);
        },
      },
    ).then((report) => {
      ended.report = report;
    });
  /** Time passes only where somebody waits for it, since files are written in real time; the faster the longer they wait. */
  const passUntil = async (isEnough: () => boolean) => {
    let known = 0;
    let step = SHORT;
    while (!isEnough()) {
      const rest = restsUntil - clock.now();
      if (attempts.length > known || rest > 0) step = SHORT;
      known = attempts.length;
      if (clock.timers > 0)
        await clock.pass(rest > 10 * MINUTE ? Math.min(rest - 5 * MINUTE, HOUR) : rest > 0 ? MINUTE / 2 : step);
      step = Math.min(Math.ceil(step * 1.1), MINUTE / 2);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  };
  /** To the end of the run. */
  const sendAll = async (once = false) => {
    const sending = send(once);
    await passUntil(() => ended.report !== null);
    await sending;
    return attempts.map(({ to, at }) => `${to.split('@')[0]} ${at}`);
  };
  return { state, started, run, clock, attempts, dates, resting, settled, stop, ended, send, sendAll, passUntil };
}

/** A session that refuses at RCPT, or accepts after a while. */
function sessionOf(answer: (to: string, content: string) => Promise<Reply>, thinking: () => Promise<void>): Session {
  return scriptedSession(async (to, release, content) => {
    const reply = await answer(to, content());
    if (reply.code >= 400) return { outcome: 'deferred', step: 'RCPT', reply };
    await release();
    await thinking();
    return { outcome: 'accepted', reply, queueId: null };
  });
}
