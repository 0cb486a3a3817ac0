/**
 * When a recipient of whom the relay said "not now" is asked for again. The code alone decides that it is not now; the
 * enhanced status and the words only say how long a wait makes sense (RFC 5321 §4.5.4.1).
 */
import { type Reply, replyText } from '#smtp';
import { fieldsDigest } from './digest.ts';
import type { Outcome } from './outcome.ts';

const MINUTE = 60_000;

/** Minutes before the second attempt, the third, …; the last holds for all that follow. */
interface Wait {
  readonly name: string;
  readonly minutes: readonly number[];
  readonly says: (reply: Reply, text: string) => boolean;
}

const TOO_FAST: Wait = {
  name: 'too fast, or a way that is closed for a while',
  minutes: [15, 30, 60, 120],
  says: ({ enhancedStatus }, text) =>
    enhancedStatus === '4.7.28' ||
    enhancedStatus === '4.7.650' ||
    /\b(sending|maximum|connection) rate\b|\brate.?limit|\bthrottl|\btoo many (messages|e?mails|connections)\b/i.test(
      text,
    ),
};

/** The first that fits holds. */
const WAITS: readonly Wait[] = [
  {
    name: 'too many recipients: a transaction of its own is all it takes',
    minutes: [1, 5, 15, 30, 60, 120],
    // RFC 5321 §4.5.3.1.10, RFC 3463 §3.6
    says: ({ enhancedStatus }) => enhancedStatus === '4.5.3' || enhancedStatus === '5.5.3',
  },
  {
    name: "the sender's quota of a day: minutes do not help",
    minutes: [60, 120, 240],
    says: (_, text) => /\bdaily\b.*\b(quota|limit)|\b(quota|limit)\b.*\b(per|a) day\b/i.test(text),
  },
  TOO_FAST,
  {
    name: 'the mailbox is full: it takes a person to empty it',
    minutes: [30, 60, 120, 240],
    // RFC 3463 §3.3
    says: ({ enhancedStatus }, text) =>
      enhancedStatus === '4.2.2' || /\bmailbox\b.*\bfull\b|\b(over|exceed\w*)\b.*\bquota\b/i.test(text),
  },
];

/** Greylisting needs five minutes, and no less; who else says "not now" gets no more at first. */
const USUAL: readonly number[] = [5, 15, 30, 60, 120];

/** Waits grow by up to a fifth, so that those who were deferred together do not come back together. */
const JITTER = 0.2;

export interface Deferral {
  readonly run: string;
  readonly recipient: string;
  /** Attempts made, 1 or more. */
  readonly attempt: number;
  /** Where a relay said it. */
  readonly reply?: Reply;
}

/**
 * The same deferral waits as long wherever it is computed.
 * @param now epoch ms
 * @returns epoch ms
 */
export function nextAttemptAt({ run, recipient, attempt, reply }: Deferral, now: number): number {
  const minutes = waitsAfter(reply);
  const base = (minutes[attempt - 1] ?? minutes.at(-1) ?? 0) * MINUTE;
  const chance = Number.parseInt(fieldsDigest(run, recipient, String(attempt)).slice(0, 8), 16) / 2 ** 32;
  return now + Math.round(base * (1 + JITTER * chance));
}

function waitsAfter(reply: Reply | undefined): readonly number[] {
  if (reply === undefined) return USUAL;
  const text = replyText(reply);
  return WAITS.find(({ says }) => says(reply, text))?.minutes ?? USUAL;
}

/** 421 says that the service is not available (RFC 5321 §4.2.3): but not for our haste, where it names another cause. */
const OTHER_CAUSES =
  /\btoo many errors\b|\berror limit\b|\btime-?d?.?out\b|\bidle\b|\b(per|in this|for this|of this) (session|connection)\b|\bshut(ting)?.?down\b|\brestart/i;

/** What of the pace a reply asks to be less; `null` where it says nothing of it. */
export function asksForLess(reply: Reply): 'rate' | 'connections' | 'both' | null {
  const text = replyText(reply);
  if (OTHER_CAUSES.test(text)) return null;
  if (/\b(too many|concurrent|simultaneous|parallel)\b.*\b(connections|sessions)\b/i.test(text)) return 'connections';
  if (TOO_FAST.says(reply, text) || reply.enhancedStatus === '5.7.28') return 'rate';
  // RFC 3463 §3.5: 4.4.2 is a connection that went bad.
  return reply.code === 421 && reply.enhancedStatus !== '4.4.2' ? 'both' : null;
}

/**
 * Some relays say by 5yz that today's quota is used up: RFC 3463 §3.5 calls X.4.5 a congestion, which passes. It speaks
 * of the sender, and the recipient is not burnt for it.
 */
export function outcomeOf(outcome: Extract<Outcome, 'refused' | 'deferred'>, reply: Reply): 'refused' | 'deferred' {
  return reply.enhancedStatus === '5.4.5' ? 'deferred' : outcome;
}
