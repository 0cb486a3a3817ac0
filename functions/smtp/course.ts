import type { Advance, Release } from './advance.ts';
import type { PreparedTransaction } from './envelope.ts';
import type { RecipientResult } from './reckoning.ts';
import type { Recorder } from './transcript.ts';

/** How mail transactions follow each other on a session: `lockstep`, `pipelining` or `chunking`. */
export interface Course {
  /** Transactions that may be begun now. */
  readonly room: number;
  /** @returns one result for each recipient, in order; never throws for what happens on the connection */
  run(prepared: PreparedTransaction, options: { release: Release; record: Recorder }): Promise<RecipientResult[]>;
}

/** From this size on mail data is sent only once the server has taken a recipient, and block by block. */
export const LARGE_OCTETS = 128 * 1024;

/** Whether its mail data goes ahead of what the server says to its envelope. */
export function isLarge(advance: Advance): boolean {
  return advance.prepared.data.size > LARGE_OCTETS;
}

/**
 * Takes one out of those that are begun, which is the first of them mostly. They stand in an array and not in a Set: what a Set
 * grows out of, once the garbage collector takes it for old, keeps alive all that was ever in it until the next full collection.
 */
export function remove(begun: Advance[], advance: Advance): void {
  const at = begun.indexOf(advance);
  if (at >= 0) begun.splice(at, 1);
}
