/**
 * A state folder: everything durable that Cartero has on one machine, many runs in one.
 *
 *     ledger.sqlite    runs, batches, deliveries, the suppression list
 *     objects/         frozen campaigns, audiences, batches, results
 *     transcripts/     SMTP conversations
 *     locks/           which processes live
 *     warm-up.sqlite   how many mails a new relay was given on a day
 *     lanes.sqlite     which of them may have how many connections to a relay, and what they say of how they go
 *     inbox/           what the embedded SMTP server took
 *     link-keys.json   what signs the links by which subscribers leave
 *     log-keys.json    what makes names of addresses in logs
 *
 * Addresses are personal data: a folder that is made here is its user's alone, and kept out of version control.
 */
import { randomUUID } from 'node:crypto';
import { accessSync, constants, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type {
  AllowanceBook,
  EvidenceDesk,
  LaneBook,
  Ledger,
  LedgerSearch,
  ObjectStore,
  Scratch,
  StandingBook,
  SuppressionList,
  TranscriptShelf,
} from '#mailing';
import { AllowanceTable } from './allowance-table.ts';
import { openDirectoryStore } from './directory-store.ts';
import { makeFolder } from './durable-folder.ts';
import { LaneTable } from './lane-table.ts';
import { openLedgerDatabase } from './ledger-database.ts';
import { LINK_KEYS_FILE } from './link-keys.ts';
import { LOG_KEYS_FILE } from './log-keys.ts';
import { openProcessLock } from './process-lock.ts';
import { openScratchFile } from './scratch-file.ts';
import { SqliteLedger } from './sqlite-ledger.ts';
import { StandingTable } from './standing-table.ts';
import { SuppressionTable } from './suppression-table.ts';
import { openTranscriptFiles } from './transcript-files.ts';

export interface LocalState {
  readonly folder: string;
  readonly ledger: Ledger & LedgerSearch & EvidenceDesk;
  readonly suppressions: SuppressionList;
  readonly objects: ObjectStore;
  /** For one planning each, who closes it. */
  readonly openScratch: () => Scratch;
  readonly transcripts: TranscriptShelf;
  readonly lanes: LaneBook;
  readonly allowances: AllowanceBook;
  readonly standings: StandingBook;
  /** This process's name in the ledger. */
  readonly owner: string;
  /** Writes out the transcripts and gives up what this process holds. */
  close(): void;
}

export interface StateOptions {
  /** A name that no process has or had, of letters, digits and hyphens. Default: the process id and a random part. */
  readonly owner?: string;
  /** How long a write waits for another process's, in which this process stands still. Default 30,000 ms. */
  readonly lockTimeoutMs?: number;
  /** Told when transcripts are lost. Default: nobody. */
  readonly onTranscriptLoss?: (error: unknown) => void;
}

/** The folder cannot be a state folder. */
export class StateError extends Error {
  readonly code = 'ERR_STATE';
  readonly folder: string;
  constructor(folder: string, problem: string, options?: ErrorOptions) {
    super(`Cannot use ${JSON.stringify(folder)} as state folder: ${problem}`, options);
    this.name = 'StateError';
    this.folder = folder;
  }
}

/**
 * @param folder made when missing
 * @throws StateError for a folder that is another's or cannot be written; LedgerError for a ledger that is another
 * program's, a newer Cartero's, or damaged
 */
export function openState(folder: string, options: StateOptions = {}): LocalState {
  const path = resolve(folder);
  enter(path);
  const lock = openProcessLock(join(path, 'locks'), options.owner ?? `${process.pid}-${randomUUID()}`);
  try {
    const timeoutMs = options.lockTimeoutMs ?? 30_000;
    const database = openLedgerDatabase(join(path, 'ledger.sqlite'), timeoutMs);
    const ledger = new SqliteLedger(database, lock);
    const suppressions = new SuppressionTable(database);
    const objects = openDirectoryStore(join(path, 'objects'), lock);
    const openScratch = () => openScratchFile(path);
    const onLoss = options.onTranscriptLoss;
    const transcripts = openTranscriptFiles(join(path, 'transcripts'), onLoss ? { onLoss } : {});
    const lanes = new LaneTable(join(path, LANES_FILE), lock);
    const allowances = new AllowanceTable(join(path, ALLOWANCE_FILE), timeoutMs);
    const standings = new StandingTable(join(path, LANES_FILE), lock);
    const close = () => {
      void transcripts.flush();
      ledger.close();
      lanes.close();
      allowances.close();
      standings.close();
      lock.close();
    };
    const rooms = { ledger, suppressions, objects, transcripts, lanes, allowances, standings };
    return { folder: path, ...rooms, openScratch, owner: lock.owner, close };
  } catch (error) {
    lock.close();
    throw error;
  }
}

const LANES_FILE = 'lanes.sqlite';
const ALLOWANCE_FILE = 'warm-up.sqlite';

const OURS: ReadonlySet<string> = new Set([
  'ledger.sqlite',
  LANES_FILE,
  ALLOWANCE_FILE,
  'objects',
  'transcripts',
  'locks',
  'inbox',
  LINK_KEYS_FILE,
  LOG_KEYS_FILE,
]);

function enter(folder: string): void {
  try {
    if (makeFolder(folder)) writeFileSync(join(folder, '.gitignore'), '*\n', { mode: 0o600 });
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    refuseForeign(folder, readdirSync(folder));
  } catch (error) {
    if (error instanceof StateError || !(error instanceof Error && 'code' in error)) throw error;
    throw new StateError(folder, PROBLEMS[String(error.code)] ?? error.message, { cause: error });
  }
}

function refuseForeign(folder: string, names: readonly string[]): void {
  if (names.includes('ledger.sqlite')) return;
  const foreign = names.find((name) => !OURS.has(name) && !name.startsWith('.'));
  if (foreign === undefined) return;
  const found = `found ${JSON.stringify(foreign)} and no ledger.sqlite in it`;
  throw new StateError(folder, `${found}; name a new or empty folder (--state)`);
}

const OTHER_FOLDER = 'or name another folder (--state)';
const PROBLEMS: Readonly<Record<string, string>> = {
  EACCES: `this user may not write there; change its permissions, ${OTHER_FOLDER}`,
  EPERM: `this user may not write there; change its permissions, ${OTHER_FOLDER}`,
  EROFS: `its disk is read-only; mount it writable, ${OTHER_FOLDER}`,
  ENOSPC: `its disk is full; free some space, ${OTHER_FOLDER}`,
  EEXIST: `it is a file; move the file away, ${OTHER_FOLDER}`,
  ENOTDIR: `a part of its path is a file; ${OTHER_FOLDER.replace('or ', '')}`,
};
