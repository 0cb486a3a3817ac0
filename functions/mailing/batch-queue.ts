/**
 * The port through which senders hear that a batch may be due.
 *
 *     ring ─► the relay's queue ─► a sender looks the batch up in the ledger ─► handled | again
 *
 * Nothing rests on it. Who has to ring and dies, a message that is lost: the batch stands in the ledger with its moment, and
 * is rung again when somebody looks for what is due. A message that comes twice finds the batch held, or nothing due in it.
 */
import type { Doorbell } from './doorbell.ts';

export interface BatchQueue {
  /**
   * Rings for each, in no order. A doorbell can come twice also where this resolves.
   * @throws QueueError that has those for which nobody knows that they were rung
   */
  ring(bells: readonly Doorbell[]): Promise<RingReport>;
}

export interface RingReport {
  readonly rung: number;
  /** Their moment is further away than a queue keeps a message back. They are not rung: they stand in the ledger. */
  readonly tooEarly: readonly Doorbell[];
}

/**
 * What becomes of a doorbell. `handled`: it is answered, also where nothing was due. `again`: it comes back after a while, and
 * after so many times goes to where people look; what is thrown means the same.
 */
export type DoorbellAnswer = 'handled' | 'again';

/** The queue took not all of them. */
export class QueueError extends Error {
  readonly code = 'ERR_QUEUE';
  readonly unrung: readonly Doorbell[];
  constructor(unrung: readonly Doorbell[], problem: string, options?: ErrorOptions) {
    const [first] = unrung;
    const which = first === undefined ? '' : ` for batch ${first.batch} of run ${JSON.stringify(first.run)}`;
    super(`Cannot ring${which}${unrung.length > 1 ? ` and ${unrung.length - 1} more` : ''}: ${problem}`, options);
    this.name = 'QueueError';
    this.unrung = unrung;
  }
}
