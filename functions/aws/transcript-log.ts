/**
 * Transcripts in a function's log, which CloudWatch Logs keeps. Whole conversations of all mails; of fewer where the settings say so,
 * and then of those that were not accepted all the same. Credentials and content are in no transcript from the start; addresses
 * leave it here: people have names that a key makes (`namesBy`), in replies as well, unless the settings want them in clear.
 */
import { createHash } from 'node:crypto';
import {
  escapeControls,
  type NameOf,
  type TranscriptEntry,
  type TranscriptSink,
  withoutAddresses,
  withoutRecipient,
} from '#mailing';
import type { TranscriptRecord } from '#smtp';
import type { LogLines } from './log-lines.ts';
import { transcriptLines } from './transcript-lines.ts';

export interface TranscriptLogOptions {
  readonly log: LogLines;
  /** How people are called, `null`: by their addresses. There is no default: whoever writes addresses has said so. */
  readonly nameOf: NameOf | null;
  /** By its name in relays.json. */
  readonly relay: string;
  /** Default: `all`. */
  readonly mails?: TranscribedMails;
}

/** `failures`: whatever was not accepted. A share from 0 to 1: the same, and so many of the others, always the same ones. */
export type TranscribedMails = 'all' | 'failures' | { readonly share: number };

/** Openings that are kept until a mail of theirs is written; a relay has not so many connections. */
const OPENINGS = 256;

type Session = Extract<TranscriptEntry, { kind: 'session' }>;
type Delivery = Extract<TranscriptEntry, { kind: 'delivery' }>;

export function openTranscriptLog(options: TranscriptLogOptions): TranscriptSink {
  return new TranscriptLog(options);
}

class TranscriptLog implements TranscriptSink {
  readonly #log: LogLines;
  readonly #nameOf: NameOf | null;
  readonly #relay: string;
  readonly #mails: TranscribedMails;
  /** Those of which nothing is written yet, by run and session, the latest last. */
  readonly #openings = new Map<string, { readonly batch: number; readonly entry: Session }>();

  constructor({ log, nameOf, relay, mails = 'all' }: TranscriptLogOptions) {
    this.#log = log;
    this.#nameOf = nameOf === null ? null : remembering(nameOf);
    this.#relay = relay;
    this.#mails = mails;
  }

  write(run: string, batch: number, entry: TranscriptEntry): void {
    const key = `${run.length} ${run} ${entry.session}`;
    if (entry.kind === 'session') {
      this.#openings.set(key, { batch, entry });
      for (const oldest of this.#openings.keys()) {
        if (this.#openings.size <= OPENINGS) break;
        this.#openings.delete(oldest);
      }
      return;
    }
    if (!this.#isWritten(run, entry)) return;
    const opening = this.#openings.get(key);
    if (opening !== undefined) {
      this.#openings.delete(key);
      this.#writeSession(run, opening.batch, opening.entry);
    }
    this.#writeDelivery(run, batch, entry);
  }

  flush(): Promise<void> {
    return this.#log.flush();
  }

  #isWritten(run: string, { outcome, row }: Delivery): boolean {
    if (this.#mails === 'all' || outcome !== 'accepted') return true;
    return this.#mails !== 'failures' && placeOf(run, row) < this.#mails.share;
  }

  #writeSession(run: string, batch: number, { kind, session, records }: Session): void {
    const shown = records.map((record) => ({ ...record, text: this.#named(record.text) }));
    this.#tell({ kind, records: shown }, { run, batch, relay: this.#relay, session });
  }

  #writeDelivery(run: string, batch: number, entry: Delivery): void {
    const { kind, session, row, recipient, attempt, outcome, reply, records } = entry;
    const shown = records.map((record) => ({ ...record, text: this.#namedIn(record, recipient) }));
    const facts = {
      run,
      batch,
      relay: this.#relay,
      session,
      row,
      recipient: this.#nameOf === null ? recipient : this.#nameOf(recipient),
      attempt,
      outcome,
      reply: reply === null ? undefined : this.#namedIn({ by: 'server', text: escapeControls(reply) }, recipient),
      ms: (records.at(-1)?.at ?? 0) - (records[0]?.at ?? 0),
    };
    this.#tell({ kind, records: shown }, facts);
  }

  #tell(entry: Pick<TranscriptEntry, 'kind' | 'records'>, facts: Readonly<Record<string, unknown>>): void {
    for (const line of transcriptLines(entry, facts)) this.#log.write(line);
  }

  #named(text: string): string {
    return this.#nameOf === null ? text : withoutAddresses(text, this.#nameOf);
  }

  /** The client writes whole addresses; a relay may say the local part alone. */
  #namedIn({ by, text }: Pick<TranscriptRecord, 'by' | 'text'>, recipient: string): string {
    if (this.#nameOf === null) return text;
    if (by !== 'client') return withoutRecipient(text, recipient, this.#nameOf);
    return withoutAddresses(text.replaceAll(`<${recipient}>`, `<${this.#nameOf(recipient)}>`), this.#nameOf);
  }
}

/** An address stands in several lines of a conversation, and the sender's in all of them. */
function remembering(nameOf: NameOf): NameOf {
  const known = new Map<string, string>();
  return (address) => {
    const name = known.get(address) ?? nameOf(address);
    if (known.size >= 1000) known.clear();
    known.set(address, name);
    return name;
  };
}

/** Of a mail among all others, from 0 to 1: the same for each of its attempts, and for whoever looks it up. */
function placeOf(run: string, row: number): number {
  return createHash('sha256').update(`${run}\n${row}`).digest().readUInt32BE() / 2 ** 32;
}
