/** What there is to be said to a sender, and what it says. */
import type { Session, SmtpError, TranscriptRecord } from '#smtp';
import type { AdaptivePace, PaceState } from './adaptive-pace.ts';
import type { Allowance } from './allowance.ts';
import type { Outcome } from './outcome.ts';
import type { Settlement } from './ports.ts';
import type { SharedRelay } from './relay-share.ts';
import type { SendingHours } from './schedule/hours.ts';
import type { Probe } from './verdicts.ts';

export interface SendOptions {
  /** Connections at the most. */
  readonly connections: number;
  /** Mails per second at the most; no limit by default. */
  readonly messagesPerSecond?: number;
  /** `signal` aborted: the session is no longer wanted, and opening it may be given up. */
  readonly openSession: (record: (entry: TranscriptRecord) => void, signal: AbortSignal) => Promise<Session>;
  /** Aborted: no mail is begun any more, those in flight are settled. */
  readonly signal: AbortSignal;
  /** When mails may be begun; at any hour by default. What has been begun is settled also when they end. */
  readonly hours?: SendingHours | null;
  /** How many mails may go today. Default: any number. What is left is given back at the end. */
  readonly allowance?: Allowance;
  /** The octets of each mail are kept before it leaves. Default: they are not. */
  readonly archive?: boolean;
  /** A name no other process has; sessions in transcripts begin with it. */
  readonly owner: string;
  readonly onSettled?: (outcome: Outcome) => void;
  /** Each outcome as it is handed to the ledger, in which it may not be durable yet; and what was put off to be tried at once. */
  readonly onMail?: (settlement: Settlement, mail: SettledMail) => void;
  /** The relay does not answer; it is tried again after so many ms. */
  readonly onWaiting?: (error: SmtpError, delayMs: number) => void;
  /** The relay is shared with all processes of a state. Default: this one has it alone. */
  readonly shared?: SharedRelay;
  /** The relay asked to go slower, or a while has passed since. */
  readonly onPace?: (state: PaceState) => void;
  /** In place of `connections`, `messagesPerSecond` and `onPace`: a pace that goes on from an earlier call. */
  readonly pace?: AdaptivePace;
  /** One mail over one connection, to see whether the relay works again. */
  readonly probe?: Probe;
}

/** Whose outcome it is. */
export interface SettledMail {
  readonly batch: { readonly claim: { readonly batch: number } };
  readonly delivery: { readonly recipient: string; readonly row: number };
  /** When the attempt began, by the monotonic clock; `null` where none was made. */
  readonly began: number | null;
}

export interface SendReport {
  /** Ended before its end because the signal was aborted. */
  readonly stopped: boolean;
  /** Batches that another process holds. */
  readonly elsewhere: number;
}
