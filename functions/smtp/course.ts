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

/** Up to this size pieces are put together: one long write costs less than many short ones. */
const SMALL_OCTETS = 16 * 1024;

/** A mail's octets with what goes before and behind, in few pieces; large ones, which mails may share, are not copied. */
export function gathered(pieces: readonly Uint8Array[]): Uint8Array[] {
  const out: Uint8Array[] = [];
  let run: Uint8Array[] = [];
  for (const piece of pieces) {
    if (piece.length <= SMALL_OCTETS) {
      run.push(piece);
      continue;
    }
    if (run.length > 0) out.push(run.length === 1 && run[0] !== undefined ? run[0] : Buffer.concat(run));
    run = [];
    out.push(piece);
  }
  if (run.length > 0) out.push(run.length === 1 && run[0] !== undefined ? run[0] : Buffer.concat(run));
  return out;
}

/** Whether its mail data goes ahead of what the server says to its envelope. */
export function isLarge(advance: Advance): boolean {
  return advance.prepared.data.size > LARGE_OCTETS;
}
