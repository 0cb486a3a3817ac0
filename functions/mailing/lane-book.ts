/**
 * The port through which all processes of a state share the connections to a relay.
 *
 * A lane is the right to one connection. A page says who holds how many; whoever changes it has read it, and its change
 * holds only where nobody was faster. So no store needs more for it than one item a relay, and a conditional write.
 */

export interface LaneLimits {
  /** Connections that one run may have, over all its processes: the campaign's, or a person's word. */
  readonly connections: number;
  /** Mails per second of that run. Left out: no limit. */
  readonly messagesPerSecond?: number;
  /** What the relay takes of all runs together. Left out: nobody has said so. */
  readonly relayConnections?: number;
  readonly relayMessagesPerSecond?: number;
}

/** One process, as far as it has to do with one relay. */
export interface LaneHolder {
  /** A name that no other process has or had. */
  readonly owner: string;
  readonly run: string;
  readonly limits: LaneLimits;
  /** Connections that it may have. They count until it has closed them and written so. */
  readonly lanes: number;
  /** Connections that it could use now. */
  readonly wanted: number;
  /** Mails per second that it may begin; `null`: it knows of no limit. */
  readonly pace: number | null;
}

export interface LanePage {
  /** Rises with each write; 0 where nothing was written. */
  readonly rev: number;
  /** Those whose lease lasts, in the order in which they were written. */
  readonly holders: readonly LaneHolder[];
}

/**
 * Pages by relay. A holder's lease ends with its process: it is in no page any more that is read afterwards. Methods throw
 * LedgerError where the store fails; then nothing was written.
 */
export interface LaneBook {
  read(relay: string): Promise<LanePage>;
  /** @returns whether it was written; `false`: the page's rev is not `rev` any more, and nothing was changed */
  write(relay: string, rev: number, holders: readonly LaneHolder[]): Promise<boolean>;
}
