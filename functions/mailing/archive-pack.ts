/**
 * A pack: what an archive keeps of one batch, from one write. One entry behind the other, each a JSON line; behind the line
 * of a mail come the octets that are its own. A pack is written once and never changed, so that one is read whole or not there.
 *
 *     runs/<run>/archive/<batch>/<fence>-<n>     fence: the claim's, n: the claim's packs in their order
 */
import { createHash } from 'node:crypto';
import type { ObjectStore } from './ports.ts';

/** Octets of the mail's own, so many of them, or a content that mails share. */
export type PackedPiece = number | { readonly content: string; readonly octets: number };

export interface PackedMail {
  readonly kind: 'mail';
  readonly row: number;
  readonly recipient: string;
  readonly attempt: number;
  /** Epoch ms at which it was to leave. */
  readonly at: number;
  readonly pieces: readonly PackedPiece[];
  /** Of its own octets; a shared content is called by its own. */
  readonly sha256: string;
}

export type PackEntry =
  | PackedMail
  /** That attempt's intent was durable, and its end-of-mail-data indicator did not leave. */
  | { readonly kind: 'withdrawn'; readonly row: number; readonly attempt: number }
  /** As the claim found it: so many attempts were made. An earlier claim's mail of a later attempt has never left. */
  | { readonly kind: 'standing'; readonly row: number; readonly attempts: number };

/** An entry, and the octets behind its line. */
export interface Packed {
  readonly entry: PackEntry;
  readonly own: readonly Uint8Array[];
}

/** Where an entry lies. */
export interface PlacedEntry {
  readonly entry: PackEntry;
  readonly pack: string;
  readonly fence: number;
  /** Where the octets behind its line begin. */
  readonly at: number;
}

/** What an archive has of a mail is not what was written. */
export class ArchiveError extends Error {
  readonly code = 'ERR_ARCHIVE';
  constructor(object: string, found: string, options?: ErrorOptions) {
    super(`Cannot read ${object} of the archive: ${found}; mend it from a backup`, options);
    this.name = 'ArchiveError';
  }
}

const DIGITS = 6;
/** What is handed to the store at once, about. */
const CHUNK_OCTETS = 262_144;
const LF = 0x0a;

const padded = (number: number) => String(number).padStart(DIGITS, '0');

export const archiveFolder = (run: string, batch: number) => `runs/${run}/archive/${padded(batch)}/`;

export const packName = (run: string, batch: number, fence: number, number: number) =>
  `${archiveFolder(run, batch)}${padded(fence)}-${padded(number)}`;

export async function writePack(objects: ObjectStore, name: string, packed: readonly Packed[]): Promise<void> {
  await objects.write(name, chunksOf(packed));
}

/** Few and large: a store takes its time for each. */
async function* chunksOf(packed: readonly Packed[]): AsyncGenerator<Uint8Array> {
  let gathered: Uint8Array[] = [];
  let octets = 0;
  for (const { entry, own } of packed) {
    for (const piece of [Buffer.from(`${JSON.stringify(entry)}\n`), ...own]) {
      gathered.push(piece);
      octets += piece.length;
      if (octets < CHUNK_OCTETS) continue;
      yield Buffer.concat(gathered);
      gathered = [];
      octets = 0;
    }
  }
  if (octets > 0) yield Buffer.concat(gathered);
}

/** @throws ArchiveError */
export async function entriesOf(objects: ObjectStore, pack: string): Promise<PlacedEntry[]> {
  const octets = await objects.read(pack);
  const fence = Number(/(\d+)-\d+$/.exec(pack)?.[1]);
  const entries: PlacedEntry[] = [];
  for (let at = 0; at < octets.length; ) {
    const end = octets.indexOf(LF, at);
    const entry = entryOf(Buffer.from(octets.subarray(at, Math.max(end, at))).toString(), pack);
    entries.push({ entry, pack, fence, at: end + 1 });
    at = end + 1 + (entry.kind === 'mail' ? ownOctets(entry) : 0);
    if (at > octets.length) throw new ArchiveError(pack, 'it ends in the middle of a mail');
  }
  return entries;
}

function entryOf(line: string, pack: string): PackEntry {
  try {
    const entry = JSON.parse(line) as PackEntry;
    if (['mail', 'withdrawn', 'standing'].includes(entry.kind)) return entry;
  } catch (cause) {
    throw new ArchiveError(pack, 'it is damaged', { cause });
  }
  throw new ArchiveError(pack, 'a newer Cartero wrote it, or it is damaged');
}

/** The mail's octets, all of them. @throws ArchiveError, ObjectMissingError */
export async function octetsOf(
  objects: ObjectStore,
  { pack, at }: PlacedEntry,
  mail: PackedMail,
  readContent: (content: string) => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const own = (await objects.read(pack)).subarray(at, at + ownOctets(mail));
  if (sha256Of([own]) !== mail.sha256) throw new ArchiveError(pack, `the mail of row ${mail.row} is damaged`);
  const pieces: Uint8Array[] = [];
  let from = 0;
  for (const piece of mail.pieces) {
    if (typeof piece === 'number') {
      pieces.push(own.subarray(from, from + piece));
      from += piece;
      continue;
    }
    const content = await readContent(piece.content);
    if (sha256Of([content]) !== piece.content) throw new ArchiveError(`content ${piece.content}`, 'it is damaged');
    pieces.push(content);
  }
  return Buffer.concat(pieces);
}

/** How many octets the whole mail has. */
export function mailOctets({ pieces }: PackedMail): number {
  return pieces.reduce<number>((sum, piece) => sum + (typeof piece === 'number' ? piece : piece.octets), 0);
}

function ownOctets({ pieces }: PackedMail): number {
  return pieces.reduce<number>((sum, piece) => sum + (typeof piece === 'number' ? piece : 0), 0);
}

export function sha256Of(pieces: readonly Uint8Array[]): string {
  const digest = createHash('sha256');
  for (const piece of pieces) digest.update(piece);
  return digest.digest('hex');
}
