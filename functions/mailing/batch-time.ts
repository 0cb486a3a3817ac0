/** When a batch's recipients can be sent to at all: the same in every ledger. */
import type { RunRecord } from './ports.ts';

export interface BatchTime {
  /** Nobody of the batch is due before this moment, epoch ms; 0: at once. */
  readonly notBefore: number;
  /** The recipients' own IANA time zone, by whose clocks windows open; `null`: the schedule's. */
  readonly zone: string | null;
}

/** As batches are where the campaign says nothing of hours. */
export const ANY_TIME: BatchTime = { notBefore: 0, zone: null };

/** Deferred recipients of a batch expire as long after its first moment as the run's expire after its start. */
export function expiryOf(
  { createdAt, expiresAt }: Pick<RunRecord, 'createdAt' | 'expiresAt'>,
  notBefore: number,
): number {
  return expiresAt + Math.max(0, notBefore - createdAt);
}
