/**
 * `run --log FILE`: what happens, a JSON line each, for machines that watch.
 *
 *     run begun | resumed ► sending begun ► connection opened ► mail settled … ► connection lost | closed ► run ended
 *
 * Every line has `at`, `event`, `run` and `process`. People are named by a hash (`recipient`), which `cartero trace` computes from
 * an address, in replies as well; credentials are nowhere. A line says what this process saw: what is durable is in the ledger.
 */
import { resolve } from 'node:path';
import { type LocalState, type LogFile, openLogFile, openLogKeys, systemClock } from '#local';
import {
  type CanaryVerdict,
  isoTime,
  type NameOf,
  namesBy,
  type RestCause,
  type SendOptions,
  type SettledMail,
  type Settlement,
  type StartedRun,
  type Totals,
  withoutAddresses,
  withoutRecipient,
} from '#mailing';
import type { SmtpError } from '#smtp';
import type { OpenRelay } from './relays.ts';
import { watchSession } from './watched-session.ts';

/** As it is typed; to be handed to another process. */
export interface LogWords {
  /** An absolute path. */
  readonly file: string;
  /** Addresses as they are. */
  readonly inClear: boolean;
}

/** @param cwd what a relative path is meant from */
export function logWords(file: string | undefined, inClear: boolean, cwd: string): LogWords | undefined {
  return file === undefined ? undefined : { file: resolve(cwd, file), inClear };
}

/** Begins every warning about a log, of which one is enough for all processes of a run. */
const WARNING = 'The log cannot be kept';

/** The same notes, but that of warnings about the log only the first is told. */
export function warningOnce(note: (line: string) => void): (line: string) => void {
  let isWarned = false;
  return (line) => {
    const isWarning = line.startsWith(WARNING);
    if (!(isWarning && isWarned)) note(line);
    isWarned ||= isWarning;
  };
}

/**
 * A log that cannot be kept is told and costs nobody the mail.
 * @param note told once, when lines are lost
 * @returns `undefined` where there are no words, or the state has no key and takes none: addresses are not written then
 */
export function openRunLog(
  words: LogWords | undefined,
  state: Pick<LocalState, 'folder' | 'owner'>,
  run: string,
  note: (line: string) => void,
): RunLog | undefined {
  if (words === undefined) return undefined;
  const warn = (error: unknown) =>
    note(`${WARNING}: ${error instanceof Error ? error.message : error}. Lines of it are lost, and no mail by it.`);
  try {
    const newest = openLogKeys(state.folder, systemClock().now()).at(-1);
    const names = newest === undefined || words.inClear ? null : namesBy(newest.secret);
    return new RunLog(words.file, { run, process: state.owner }, names, warn);
  } catch (error) {
    warn(error);
    return undefined;
  }
}

export class RunLog {
  readonly #lines: LogFile;
  readonly #where: Readonly<Record<'run' | 'process', string>>;
  readonly #nameOf: NameOf | null;
  readonly #clock = systemClock();
  #connections = 0;

  /** @param nameOf `null`: addresses stay */
  constructor(
    file: string,
    where: Readonly<Record<'run' | 'process', string>>,
    nameOf: NameOf | null,
    onLoss: (error: unknown) => void,
  ) {
    this.#where = where;
    this.#nameOf = nameOf;
    this.#lines = openLogFile(file, { onLoss, gap: (lines) => this.#entry('lines lost', { lines }) });
  }

  begun({ run, plan, kind }: StartedRun, workers: number): void {
    const { planHash, rows, recipients, invalid } = plan;
    const event = kind === 'new' ? 'run begun' : kind === 'resumed' ? 'run resumed' : 'run found finished';
    this.#tell(event, { campaign: run.campaign, planHash, rows, recipients, invalid, workers });
  }

  sending({ relay }: OpenRelay, connections: number): void {
    this.#tell('sending begun', { relay: this.#cleaned(relay.label), connections });
  }

  ended(totals: Totals, seconds: number, exitCode: number): void {
    this.#tell('run ended', { exitCode, seconds, ...totals });
  }

  /** Something that is no relay's fault: the ledger, the disk. */
  failed(error: unknown): void {
    this.#tell('run failed', this.#errorOf(error));
  }

  /** Writes what is left. */
  close(): void {
    this.#lines.close();
  }

  /** What a run is to tell while it sends, beside what it tells already. */
  watching<T extends Watched>(options: T): T {
    const { onJudged, onResting, onPace, onBroken, onMended, onWaiting } = options;
    return {
      ...options,
      openSession: this.#opening(options.openSession),
      onMail: (settlement, mail) => this.#settled(settlement, mail),
      onJudged: (verdict) => {
        this.#tell('canary judged', { verdict: verdict.verdict, tried: verdict.tried, problems: verdict.problems });
        onJudged?.(verdict);
      },
      onResting: (until, why) => {
        this.#tell('run resting', { until: isoTime(until), why });
        onResting?.(until, why);
      },
      onPace: (pace) => {
        const { isFull, messagesPerSecond, connections, because } = pace;
        this.#tell('pace changed', { isFull, messagesPerSecond, connections, because: this.#cleaned(because) });
        onPace?.(pace);
      },
      onBroken: (error, nextAt) => {
        this.#tell('run resting', { until: isoTime(nextAt), why: 'relay', ...this.#errorOf(error) });
        onBroken?.(error, nextAt);
      },
      onMended: () => {
        this.#tell('relay works again');
        onMended?.();
      },
      onWaiting: (error, delayMs) => {
        this.#tell('relay does not answer', { againInMs: delayMs, ...this.#errorOf(error) });
        onWaiting?.(error, delayMs);
      },
    };
  }

  #settled(settlement: Settlement, { batch, delivery, began }: SettledMail): void {
    const { state, attempt, reply, enhancedStatus, queueId, problem, nextAt } = settlement;
    const { recipient, row } = delivery;
    this.#tell('mail settled', {
      batch: batch.claim.batch,
      row,
      recipient: this.#nameOf === null ? recipient : this.#nameOf(recipient),
      attempt,
      outcome: state,
      reply: this.#cleaned(reply, recipient),
      enhancedStatus,
      queueId: this.#cleaned(queueId, recipient),
      // What is wrong with a row may hold any of its fields.
      problem: state === 'invalid' && this.#nameOf !== null ? undefined : this.#cleaned(problem, recipient),
      nextAt: nextAt === undefined ? undefined : isoTime(nextAt),
      ms: began === null ? undefined : this.#since(began),
    });
  }

  #opening(open: SendOptions['openSession']): SendOptions['openSession'] {
    return async (record, signal) => {
      const began = this.#clock.monotonic();
      this.#connections += 1;
      const connection = this.#connections;
      try {
        const session = await open(record, signal);
        const { mode, peer } = session;
        this.#tell('connection opened', { connection, mode, tls: peer?.protocol ?? null, ms: this.#since(began) });
        return watchSession(session, (error, recipients) => {
          const { transactions: mails } = session;
          const facts = { connection, mails, ms: this.#since(began) };
          if (error === null) this.#tell('connection closed', facts);
          else this.#tell('connection lost', { ...facts, ...this.#errorOf(error, recipients) });
        });
      } catch (error) {
        // No longer wanted, before it stood.
        const event = signal.aborted ? 'connection given up' : 'connection failed';
        this.#tell(event, { connection, ms: this.#since(began), ...this.#errorOf(error) });
        throw error;
      }
    };
  }

  #errorOf(error: unknown, recipients: readonly string[] = []): Readonly<Record<string, unknown>> {
    const { message, code, step } = Object(error) as Partial<SmtpError>;
    const text = String(message ?? error);
    return { code, step, problem: recipients.reduce((words, each) => this.#cleaned(words, each), this.#cleaned(text)) };
  }

  #cleaned<T extends string | undefined>(text: T, recipient?: string): T | string {
    if (text === undefined || this.#nameOf === null) return text;
    return recipient === undefined
      ? withoutAddresses(text, this.#nameOf)
      : withoutRecipient(text, recipient, this.#nameOf);
  }

  #since(began: number): number {
    return Math.round(this.#clock.monotonic() - began);
  }

  #tell(event: string, facts: Readonly<Record<string, unknown>> = {}): void {
    this.#lines.write(this.#entry(event, facts));
  }

  #entry(event: string, facts: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
    return { at: isoTime(this.#clock.now()), event, ...this.#where, ...facts };
  }
}

/** What of a run's options is watched. */
type Watched = Pick<SendOptions, 'openSession' | 'onMail' | 'onPace' | 'onWaiting'> & {
  readonly onJudged?: (verdict: CanaryVerdict) => void;
  readonly onResting?: (until: number, why: RestCause) => void;
  readonly onBroken?: (error: SmtpError, nextAt: number) => void;
  readonly onMended?: () => void;
};
