/** An address as it was typed, as the key under which a recipient is found. */
import { AddressError, parseMailbox, recipientKey } from '#address';

/** What is no address was planned as written. */
export function keyOf(address: string): string {
  try {
    return recipientKey(parseMailbox(address));
  } catch (error) {
    if (error instanceof AddressError) return address;
    throw error;
  }
}
