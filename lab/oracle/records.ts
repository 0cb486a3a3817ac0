/** What the oracle writes down, a JSON line each. Moments as in `trace.ts`. */

export type OracleRecord =
  /** On disk before it was answered, if it ever was. */
  | {
      readonly kind: 'accepted';
      readonly at: number;
      readonly recipient: string;
      readonly messageId: string;
      /** The addresses of the mail's own `To`. */
      readonly to: string;
      /** SHA-256 of the mail data as it came. */
      readonly content: string;
    }
  /** A reply that said no: 5yz for good, 4yz for now. */
  | { readonly kind: 'no'; readonly recipient: string; readonly code: number }
  /** The oracle cut the connection. */
  | { readonly kind: 'cut'; readonly recipient: string };

/** How a relay of the lab behaves; written beside the records, and read when a client says by EHLO whose it is. */
export interface RelaySettings {
  readonly course: Course;
  readonly faults: boolean;
  /** The longest time between an indicator and its reply, in ms; the acceptance is written down in the middle of it. */
  readonly delayMs: number;
  readonly seed: number;
}

/** What the relay offers: CHUNKING and PIPELINING, PIPELINING alone, neither. */
export type Course = 'chunking' | 'pipelined' | 'lockstep';

export const SETTINGS_FILE = 'relay.json';
export const RECORDS_FILE = 'oracle.jsonl';
