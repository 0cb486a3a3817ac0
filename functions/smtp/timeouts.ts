import type { Step } from './errors.ts';

/** The session's time, given from outside. */
export interface SessionTime {
  /** Epoch milliseconds. */
  now(): number;
  /** Calls `fn` once after `ms`; the returned function cancels. */
  after(ms: number, fn: () => void): () => void;
}

/**
 * How long each step may take, in milliseconds. A deadline is absolute: it is set once, when the command is written, and
 * a server that drips octets does not move it.
 */
export interface Timeouts {
  readonly connectMs: number;
  readonly tlsMs: number;
  readonly greetingMs: number;
  /** EHLO and HELO. */
  readonly ehloMs: number;
  readonly startTlsMs: number;
  /** Each command of the AUTH exchange. */
  readonly authMs: number;
  readonly mailMs: number;
  readonly rcptMs: number;
  /** From DATA to its 354. */
  readonly dataMs: number;
  /** Each block of mail data, until the operating system has taken it. */
  readonly dataBlockMs: number;
  /** From the end-of-mail-data indicator to the final reply. */
  readonly endOfDataMs: number;
  readonly rsetMs: number;
  readonly quitMs: number;
}

/** Waits `ms`, or until `signal` is aborted. */
export function pause(time: Pick<SessionTime, 'after'>, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const cancel = time.after(ms, finish);
    function finish() {
      signal.removeEventListener('abort', finish);
      cancel();
      resolve();
    }
    signal.addEventListener('abort', finish, { once: true });
  });
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** RFC 5321 §4.5.3.2 where it names one; a shorter wait for the final reply makes duplicates (§4.5.3.2.6). */
export const DEFAULT_TIMEOUTS: Timeouts = {
  connectMs: 30 * SECOND,
  tlsMs: 30 * SECOND,
  greetingMs: 5 * MINUTE,
  ehloMs: 5 * MINUTE,
  startTlsMs: 2 * MINUTE,
  authMs: 2 * MINUTE,
  mailMs: 5 * MINUTE,
  rcptMs: 5 * MINUTE,
  dataMs: 2 * MINUTE,
  dataBlockMs: 3 * MINUTE,
  endOfDataMs: 10 * MINUTE,
  rsetMs: 2 * MINUTE,
  // Nothing hangs on it any more: the outcomes are settled.
  quitMs: 5 * SECOND,
};

const TIMEOUT_OF_STEP: Record<Step, keyof Timeouts> = {
  connect: 'connectMs',
  TLS: 'tlsMs',
  greeting: 'greetingMs',
  EHLO: 'ehloMs',
  HELO: 'ehloMs',
  STARTTLS: 'startTlsMs',
  AUTH: 'authMs',
  MAIL: 'mailMs',
  RCPT: 'rcptMs',
  DATA: 'dataMs',
  'mail data': 'dataBlockMs',
  'end of data': 'endOfDataMs',
  RSET: 'rsetMs',
  QUIT: 'quitMs',
  idle: 'rsetMs',
};

export function timeoutOf(step: Step, timeouts: Timeouts): number {
  return timeouts[TIMEOUT_OF_STEP[step]];
}
