/**
 * Why recipients ended as they did, grouped: two replies are alike where they differ in nothing but queue ids, addresses, times
 * and the like. So ten thousand refusals become the three reasons that there are.
 */
import type { Outcome } from './outcome.ts';
import type { DeliveryRecord } from './ports.ts';

export interface Reason {
  readonly outcome: Outcome;
  /** What the replies, or problems, have in common; `…` stands for what differs. `null`: all the kinds beyond the first many. */
  readonly reason: string | null;
  readonly count: number;
  readonly example: { readonly recipient: string; readonly text: string };
}

/** Kinds that are told apart. A relay that answers each mail otherwise must not fill the memory. */
export const MAX_REASONS = 1000;

interface Kind {
  readonly outcome: Outcome;
  readonly reason: string | null;
  readonly example: Reason['example'];
  count: number;
}

/** Counts one recipient after the other; memory is bounded, however many there are. */
export class ReasonTally {
  readonly #kinds = new Map<string, Kind>();

  /** One without a reply and a problem has no reason yet. */
  add({ outcome, reply, problem, recipient, queueId }: DeliveryRecord): void {
    const text = reply ?? problem;
    if (text === null) return;
    const reason = likeness(text, recipient, queueId);
    const found = this.#kinds.get(`${outcome} ${reason}`);
    if (found !== undefined) found.count += 1;
    else this.#begin(outcome, reason, { recipient, text });
  }

  /** The most frequent first. */
  reasons(): Reason[] {
    return [...this.#kinds.values()].toSorted((a, b) => b.count - a.count).map((kind) => ({ ...kind }));
  }

  #begin(outcome: Outcome, reason: string, example: Reason['example']): void {
    if (this.#kinds.size < MAX_REASONS) {
      this.#kinds.set(`${outcome} ${reason}`, { outcome, reason, example, count: 1 });
      return;
    }
    const others = this.#kinds.get(outcome);
    if (others !== undefined) others.count += 1;
    else this.#kinds.set(outcome, { outcome, reason: null, example, count: 1 });
  }
}

/** The reply's code and its enhanced status code (RFC 3463 §2) say what happened: they are never taken for what differs. */
const CODES = /^\d{3}(?:[ -]\d\.\d{1,3}\.\d{1,3})?(?![\w.])/;
const ADDRESS = /[^\s<>()[\]"',;:]+@[^\s<>()[\]"',;:]+/g;
const BRACKETED = /<[^<>]*>/g;
/** What a digit is in: queue ids, times, IP addresses, counts. */
const NUMBERED = /[\w.:+/=~-]*\d[\w.:+/=~-]*/g;
const STATUS = /^\d\.\d{1,3}\.\d{1,3}$/;

/** @param text a reply, or a problem */
export function likeness(text: string, recipient: string, queueId: string | null): string {
  const codes = CODES.exec(text)?.[0] ?? '';
  const words = withoutLocalPart(text.slice(codes.length), recipient)
    .replaceAll(queueId || '\n', '…')
    .replace(BRACKETED, '<…>')
    .replace(ADDRESS, '…')
    .replace(NUMBERED, (word) => (STATUS.test(word) ? word : '…'));
  return codes + words.replace(/…(?:\s*…)+/g, '…');
}

function withoutLocalPart(text: string, recipient: string): string {
  const localPart = recipient.slice(0, recipient.lastIndexOf('@'));
  if (localPart.length < 3 || !text.includes(localPart)) return text;
  if (/[^a-z]/i.test(localPart)) return text.replaceAll(localPart, '…');
  // It may be a word of the reply as well, `user` or `mailbox`.
  return text.replaceAll(`"${localPart}"`, '"…"').replaceAll(`'${localPart}'`, "'…'").replaceAll(`${localPart}:`, '…:');
}
