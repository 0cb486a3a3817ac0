/** What SQLite's result codes say to an operator. The primary code is the low octet of the extended one. */
import { LedgerError } from '#mailing';

const CODES = {
  5: ['busy', 'another process has kept it locked for too long', 'try again when that process has ended'],
  6: ['busy', 'it is locked', 'try again'],
  8: ['read only', 'it cannot be written', 'make the folder and its files writable for this user'],
  10: ['i/o', 'the disk does not read or write', 'look at the disk and its free space, then start again'],
  11: ['corrupt', 'its content is damaged', 'restore the folder from a backup, or use another (--state)'],
  13: ['full', 'the disk is full', 'free some space, then start again'],
  14: ['cannot open', 'it cannot be opened', 'make the folder and its files readable and writable for this user'],
  26: ['not a database', 'it is no SQLite database', 'move the file away, or use another folder (--state)'],
} as const;

type Known = (typeof CODES)[keyof typeof CODES];

/** What kind of failure it is, or `null` where SQLite did not say so. */
export function sqliteCode(error: unknown): Known[0] | null {
  return known(error)?.[0] ?? null;
}

/**
 * The error that leaves the room: SQLite's own become a LedgerError that says what to do, all others stay as they are.
 * @param action as in `read the ledger`
 */
export function toLedgerError(error: unknown, action: string, file: string): unknown {
  const found = known(error);
  if (found) {
    const [, problem, remedy] = found;
    return new LedgerError(`Cannot ${action} ${JSON.stringify(file)}: ${problem}; ${remedy}`, { cause: error });
  }
  if (!(error instanceof Error) || !('code' in error)) return error;
  if (error.code !== 'ERR_SQLITE_ERROR' && error.code !== 'ERR_INVALID_STATE') return error;
  return new LedgerError(`Cannot ${action} ${JSON.stringify(file)}: ${error.message}`, { cause: error });
}

function known(error: unknown): Known | null {
  if (!(error instanceof Error && 'errcode' in error)) return null;
  const code = Number(error.errcode) & 0xff;
  return Object.hasOwn(CODES, code) ? CODES[code as keyof typeof CODES] : null;
}
