/**
 * Who gets nothing any more, looked up by a key that may only widen what the address says: a person who asked to be left
 * alone and was written `Ana@…` is left alone as `ana@…` too.
 */
import { AddressError, type Mailbox, parseMailbox, recipientKey } from '#address';
import type { SuppressionList } from './ports.ts';

/** Why somebody got no mail. */
export const ON_LIST = 'on the suppression list';

/**
 * The recipient's key without the case of its local part and without quotes. RFC 5321 §2.4 lets a host tell cases apart;
 * where two people are told apart by nothing else, both are left alone.
 */
export function suppressionKey(mailbox: Mailbox): string {
  return recipientKey(mailbox).replaceAll(/["\\]/g, '').toLowerCase().normalize('NFKC');
}

/** The same of an address as it was planned; nearly every one has neither quotes nor letters beyond ASCII. */
export function suppressionKeyOf(address: string): string {
  if (/^[\w.+-]+@[\w.-]+$/.test(address)) return address.toLowerCase();
  try {
    return suppressionKey(parseMailbox(address));
  } catch (error) {
    if (error instanceof AddressError) return address.toLowerCase();
    throw error;
  }
}

/**
 * Asks the list once for all whose intents became durable together: their promises end in the same turn, one after the
 * other, and the question goes out behind the last of them.
 */
export class SuppressionGate {
  readonly #list: SuppressionList;
  #keys: string[] = [];
  #answer: Promise<ReadonlySet<string>> | null = null;

  constructor(list: SuppressionList) {
    this.#list = list;
  }

  /** Whether the recipient is suppressed, as the list stands after this call. */
  async isShut(recipient: string): Promise<boolean> {
    const key = suppressionKeyOf(recipient);
    this.#keys.push(key);
    this.#answer ??= this.#ask();
    return (await this.#answer).has(key);
  }

  async #ask(): Promise<ReadonlySet<string>> {
    await null;
    const keys = this.#keys;
    this.#keys = [];
    this.#answer = null;
    return this.#list.among(keys);
  }
}
