/** A run on a real state, over sessions that do what a test says, in virtual time. */
import { type LocalState, openState } from '#local';
import { MailComposer, type RoundOptions, readContent, type SendReport, type StartedRun, sendToEnd } from '#mailing';
import { ConnectionLostError, parseExtensions, type RecipientResult, type Reply, type Session, type Step } from '#smtp';
import { temporaryFolder, writeCampaign } from '../cli/cartero.ts';
import { NOW, opened, start } from './starting.ts';
import { VirtualClock } from './virtual-clock.ts';

export class RunClock extends VirtualClock {
  override now(): number {
    return NOW + Math.floor(this.monotonic());
  }
}

/** What a relay does with a mail: says a reply at a step (RCPT), or hangs up before or after the indicator. */
export type Fate = Reply | { readonly step: Step; readonly reply: Reply } | 'lost' | 'in doubt';

export const OK: Reply = { code: 250, lines: ['ok'], enhancedStatus: null };

export function replyOf(line: string): Reply {
  const [, code = '', text = ''] = /^(\d{3}) (.*)$/.exec(line) ?? [];
  const enhancedStatus = /^[245]\.\d+\.\d+/.exec(text)?.[0] ?? null;
  return { code: Number(code), lines: [text], enhancedStatus };
}

export interface Attempt {
  readonly to: string;
  /** Number of the session, from 1. */
  readonly session: number;
  /** Virtual time since the start. */
  readonly atMs: number;
}

export interface SceneOptions {
  readonly people?: number;
  /** Keys of campaign.json. */
  readonly campaign?: object;
  /** What becomes of each mail; default: it is accepted. `attempt` counts those for this recipient. */
  readonly fate?: (attempt: Attempt & { readonly attempt: number }) => Fate;
  /** Called as each session is opened; what it throws keeps it from being opened. */
  readonly opening?: (session: number, atMs: number) => void;
  /** How long a mail is under way. Default 0. */
  readonly mailMs?: number;
}

export type SceneRun = Partial<Omit<RoundOptions, 'openSession' | 'signal'>> & {
  readonly signal?: AbortSignal;
  readonly state?: LocalState;
};

export class RunScene {
  readonly clock = new RunClock();
  readonly attempts: Attempt[] = [];
  readonly accepted: string[] = [];
  /** Moments at which sessions were asked for. */
  readonly openings: number[] = [];
  readonly state: LocalState;
  readonly started: StartedRun;
  readonly #options: SceneOptions;
  #openNow = 0;
  /** Sessions that were open at one time, at the most. */
  most = 0;

  private constructor(state: LocalState, started: StartedRun, options: SceneOptions) {
    this.state = state;
    this.started = started;
    this.#options = options;
  }

  static async open(options: SceneOptions = {}): Promise<RunScene> {
    const { people = 10, campaign = {} } = options;
    const folder = await writeCampaign(temporaryFolder(), 'letters', {
      'campaign.json': JSON.stringify({ from: 'News <news@example.com>', audience: 'list.csv', ...campaign }),
      'list.csv': `email,name\n${Array.from({ length: people }, (_, index) => `p${index}@example.com,P\n`).join('')}`,
    });
    const state = opened(temporaryFolder());
    return new RunScene(state, await start(state, folder), options);
  }

  get run(): string {
    return this.started.run.id;
  }

  get sessions(): number {
    return this.openings.length;
  }

  /** The same state as another process has it. */
  anotherProcess(): LocalState {
    return openState(this.state.folder);
  }

  totals() {
    return this.state.ledger.totals(this.run);
  }

  /** Sends to the run's end, while virtual time goes on as fast as the disk lets it. */
  async send({ state = this.state, ...options }: SceneRun = {}): Promise<SendReport> {
    const sending = this.begin({ state, ...options });
    await this.passUntilOver(sending);
    return sending;
  }

  async begin({ state = this.state, ...options }: SceneRun = {}): Promise<SendReport> {
    const { run, loaded } = this.started;
    const composer = await MailComposer.open(loaded, {
      date: run.createdAt,
      readFile: (content) => readContent(state.objects, content),
    });
    return sendToEnd(
      run,
      composer,
      { ...state, clock: this.clock },
      {
        connections: 1,
        once: false,
        canary: loaded.campaign.canary,
        signal: new AbortController().signal,
        owner: state.owner,
        ...options,
        openSession: async () => this.#openSession(),
      },
    );
  }

  /** Time passes only where somebody waits for it: files are written in real time. */
  async passUntilOver(...work: readonly Promise<unknown>[]): Promise<void> {
    let over = false;
    void Promise.allSettled(work).then(() => {
      over = true;
    });
    while (!over) {
      await this.clock.passToNext();
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  }

  #openSession(): Session {
    this.openings.push(this.clock.monotonic());
    const number = this.openings.length;
    this.#options.opening?.(number, this.clock.monotonic());
    this.#openNow += 1;
    this.most = Math.max(this.most, this.#openNow);
    return this.#session(number, () => {
      this.#openNow -= 1;
    });
  }

  #session(number: number, onEnd: () => void): Session {
    let transactions = 0;
    let usable = true;
    let underWay = 0;
    const end = () => {
      if (usable) onEnd();
      usable = false;
    };
    return {
      extensions: parseExtensions({ code: 250, lines: ['ready'], enhancedStatus: null }),
      peer: null,
      get usable() {
        return usable;
      },
      get transactions() {
        return transactions;
      },
      mode: 'lockstep',
      get underWay() {
        return underWay;
      },
      get room() {
        return usable && underWay === 0 ? 1 : 0;
      },
      ready: async () => usable,
      transact: async ({ forwardPaths }, _data, { release }) => {
        transactions += 1;
        underWay += 1;
        const { mailMs = 0 } = this.#options;
        if (mailMs > 0) await new Promise<void>((resolve) => this.clock.after(mailMs, resolve));
        const [result, isOver] = await this.#result(forwardPaths[0] ?? '', number, release);
        underWay -= 1;
        if (isOver) end();
        return { recipients: [result], error: 'error' in result ? result.error : null };
      },
      quit: async () => end(),
      destroy: end,
    };
  }

  async #result(to: string, session: number, release: () => Promise<boolean>): Promise<[RecipientResult, boolean]> {
    const attempt = { to, session, atMs: this.clock.monotonic() };
    this.attempts.push(attempt);
    const count = this.attempts.filter((each) => each.to === to).length;
    const fate = this.#options.fate?.({ ...attempt, attempt: count }) ?? OK;
    const lost = new ConnectionLostError('the server closed the connection', { step: 'mail data' });
    if (fate === 'lost') return [{ outcome: 'unsent', error: lost }, true];
    if (fate !== 'in doubt') {
      const { step, reply } = 'step' in fate ? fate : { step: 'RCPT' as const, reply: fate };
      const isOver = reply.code === 421;
      if (reply.code >= 500) return [{ outcome: 'refused', step, reply }, isOver];
      if (reply.code >= 400) return [{ outcome: 'deferred', step, reply }, isOver];
    }
    if (!(await release())) return [{ outcome: 'unsent', error: lost }, true];
    if (fate === 'in doubt') return [{ outcome: 'uncertain', error: lost }, true];
    this.accepted.push(to);
    return [{ outcome: 'accepted', reply: OK, queueId: null }, false];
  }
}
