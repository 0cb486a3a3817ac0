/** What `run --workers` and its workers say to each other: over a channel of their own, since a relay's password is among it. */
import type { Totals } from '#mailing';
import type { ConnectedRelay, RelayWords } from './relays.ts';

export interface WorkOrder {
  readonly run: string;
  /** The state's folder. */
  readonly state: string;
  /** As it was typed; or the embedded server, which is the parent's. */
  readonly relay: RelayWords | ConnectedRelay;
  readonly once: boolean;
  /** As typed. */
  readonly connections?: number;
  readonly messagesPerSecond?: number;
}

export type ToWorker = { readonly kind: 'work'; readonly order: WorkOrder } | { readonly kind: 'stop' };

export type FromWorker =
  /** How many were settled since the last time, by outcome. */
  | { readonly kind: 'settled'; readonly counts: Partial<Totals> }
  | { readonly kind: 'note'; readonly line: string }
  /** Went as far as it could; `fault`: the relay's, told already. */
  | { readonly kind: 'ended'; readonly fault: boolean }
  | { readonly kind: 'failed'; readonly message: string };
