/** What an archive has of a run, beside what the ledger says of it: which octets left, which may have, which never did. */
import {
  archiveFolder,
  entriesOf,
  mailOctets,
  octetsOf,
  type PackEntry,
  type PackedMail,
  type PlacedEntry,
} from './archive-pack.ts';
import { readContent } from './frozen.ts';
import type { Outcome } from './outcome.ts';
import type { DeliveryRecord, Ledger, ObjectStore, RunRecord } from './ports.ts';

/** One attempt at one recipient's mail. */
export interface ArchivedMail {
  readonly recipient: string;
  readonly row: number;
  readonly attempt: number;
  /** Attempts so far, by the ledger. */
  readonly attempts: number;
  /** Of the message, dots not doubled. */
  readonly octets: number;
  /** Epoch ms at which it was to leave. */
  readonly at: number;
  /** Whether its last octet was handed to the relay: `false` never, `null` where nobody knows, or not yet. */
  readonly sent: boolean | null;
  /** What became of the recipient, by the ledger. */
  readonly outcome: Outcome;
  /** @throws ArchiveError, ObjectMissingError */
  read(): Promise<Uint8Array>;
}

/** What the archive has of one delivery, in the order of attempts; of an attempt that was made ready twice, what counts. */
export async function archivedOf(
  objects: ObjectStore,
  ledger: Ledger,
  run: string,
  { batch, row }: Pick<DeliveryRecord, 'batch' | 'row'>,
): Promise<ArchivedMail[]> {
  const mails: ArchivedMail[] = [];
  for await (const mail of archivedBatch(objects, ledger, run, batch)) if (mail.row === row) mails.push(mail);
  return mails;
}

/** The same of a whole run, one batch in memory at a time. */
export async function* archivedMails(
  objects: ObjectStore,
  ledger: Ledger,
  { id, plan }: Pick<RunRecord, 'id' | 'plan'>,
): AsyncGenerator<ArchivedMail> {
  for (let batch = 1; batch <= (plan?.batches ?? 0); batch += 1) yield* archivedBatch(objects, ledger, id, batch);
}

/** Entries first, then who holds the batch, then its deliveries: what nobody holds by then is no longer about to leave. */
async function* archivedBatch(
  objects: ObjectStore,
  ledger: Ledger,
  run: string,
  number: number,
): AsyncGenerator<ArchivedMail> {
  const entries = await entriesByRow(objects, run, number);
  if (entries.size === 0) return;
  const isHeld = (await ledger.openBatches(run)).some(({ batch, held }) => batch === number && held);
  for await (const delivery of ledger.deliveries(run, number)) {
    yield* mailsOf(objects, entries.get(delivery.row) ?? [], { ...delivery, isHeld });
  }
}

/** A delivery, and whether a living process may be about to send it. */
type Standing = DeliveryRecord & { readonly isHeld: boolean };

/** By row. */
async function entriesByRow(objects: ObjectStore, run: string, batch: number): Promise<Map<number, PlacedEntry[]>> {
  const entries = new Map<number, PlacedEntry[]>();
  for (const pack of await objects.list(archiveFolder(run, batch))) {
    for (const placed of await entriesOf(objects, pack)) {
      const ofRow = entries.get(placed.entry.row);
      if (ofRow === undefined) entries.set(placed.entry.row, [placed]);
      else ofRow.push(placed);
    }
  }
  return entries;
}

function mailsOf(objects: ObjectStore, ofRow: readonly PlacedEntry[], delivery: Standing): ArchivedMail[] {
  const mails = new Map<number, ArchivedMail>();
  for (const placed of ofRow) {
    const { entry } = placed;
    if (entry.kind !== 'mail') continue;
    const mail = mailOf(objects, placed, entry, ofRow, delivery);
    // Of two holders of a batch who made the same attempt ready, at most one came to send it.
    if (mail.sent !== false || (mails.get(entry.attempt)?.sent ?? false) === false) mails.set(entry.attempt, mail);
  }
  return [...mails.values()].sort((a, b) => a.attempt - b.attempt);
}

function mailOf(
  objects: ObjectStore,
  placed: PlacedEntry,
  mail: PackedMail,
  ofRow: readonly PlacedEntry[],
  delivery: Standing,
): ArchivedMail {
  const { recipient, row, attempt, at } = mail;
  const { attempts, outcome } = delivery;
  return {
    recipient,
    row,
    attempt,
    attempts,
    octets: mailOctets(mail),
    at,
    sent: isWithdrawn(placed, mail, ofRow) ? false : sentBy(delivery, attempt),
    outcome,
    read: () => octetsOf(objects, placed, mail, (content) => readContent(objects, content)),
  };
}

/** Whether the archive itself says that it never left. */
function isWithdrawn({ fence }: PlacedEntry, { attempt }: PackedMail, ofRow: readonly PlacedEntry[]): boolean {
  const says = (entry: PackEntry, since: number) =>
    (entry.kind === 'withdrawn' && entry.attempt === attempt && since === fence) ||
    (entry.kind === 'standing' && entry.attempts < attempt && since > fence);
  return ofRow.some((other) => says(other.entry, other.fence));
}

/** What the ledger says of that attempt. It keeps the outcome of the last one only. */
function sentBy({ attempts, outcome, uncertainAttempts, isHeld }: Standing, attempt: number): boolean | null {
  if (attempt > attempts) return isHeld ? null : false;
  if (attempt < attempts) return uncertainAttempts > 0 ? null : true;
  return outcome === 'uncertain' || outcome === 'pending' ? null : true;
}
