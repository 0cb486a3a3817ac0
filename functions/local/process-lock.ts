/**
 * Which processes live, by locks that the operating system frees when a process dies, however it dies.
 *
 * Each process holds an exclusive transaction on an empty SQLite file of its own. SQLite's lock is a POSIX record lock,
 * so no clean-up, heartbeat or clock is needed, and a process id that is used again deceives nobody.
 *
 * A lock file gets its name only once it is locked: what can be read under that name is the file of a dead process, and
 * whoever sees that may remove it. No name is used twice, so no removal can hit a living one. A file without its name that is a
 * minute old and not locked is that of one who died before; should its owner only have stood still, it makes another.
 */
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { sqliteCode } from './sqlite-error.ts';

export interface ProcessLock {
  /** This process's name in the ledger. */
  readonly owner: string;
  /** Whether the process of that name still holds its lock. */
  isAlive(owner: string): boolean;
  /** From here on this process counts as dead. Harmless when repeated. */
  close(): void;
}

const SUFFIX = '.lock';
const UNNAMED = '.lock.new';
/** From a file's making to its lock it takes milliseconds. */
const UNNAMED_FOR_MS = 60_000;

/** Until they are closed: the garbage collector closes a database that nobody holds, and the living process would count as dead. */
const HELD = new Set<DatabaseSync>();

/**
 * @param folder where the lock files lie, on a local disk; made when missing
 * @param owner a name that no process has or had, of letters, digits and hyphens
 * @throws TypeError for another name
 */
export function openProcessLock(folder: string, owner: string): ProcessLock {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = lockFile(folder, owner);
  const own = lockThenName(file);
  HELD.add(own);
  removeDead(folder, owner);
  return {
    owner,
    isAlive: (name) => name === owner || isLocked(lockFile(folder, name)),
    close: () => {
      rmSync(file, { force: true });
      if (own.isOpen) own.close();
      HELD.delete(own);
    },
  };
}

function lockFile(folder: string, owner: string): string {
  if (!/^[A-Za-z0-9-]{1,200}$/.test(owner)) {
    throw new TypeError(`Cannot lock as ${JSON.stringify(owner)}: want a name of letters, digits and hyphens`);
  }
  return join(folder, `${owner}${SUFFIX}`);
}

function lockThenName(file: string): DatabaseSync {
  if (existsSync(file)) throw new TypeError(`Cannot lock ${JSON.stringify(file)}: the name is taken, want a new one`);
  const unnamed = `${file.slice(0, -SUFFIX.length)}${UNNAMED}`;
  const own = new DatabaseSync(unnamed, { timeout: 0 });
  try {
    // Nothing is ever written, so the journal needs no file of its own.
    own.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    chmodSync(unnamed, 0o600);
    renameSync(unnamed, file);
    return own;
  } catch (error) {
    own.close();
    const isTidied = !existsSync(unnamed);
    rmSync(unnamed, { force: true });
    if (isTidied && error instanceof Error && 'code' in error && error.code === 'ENOENT') return lockThenName(file);
    throw error;
  }
}

function removeDead(folder: string, owner: string): void {
  for (const name of readdirSync(folder)) {
    if (name.endsWith(SUFFIX) && name !== `${owner}${SUFFIX}`) isLocked(join(folder, name));
    else if (name.endsWith(UNNAMED)) removeUnnamed(join(folder, name), lockFile(folder, owner));
  }
}

/** @param own a file that was made just now: ages are by the clock of the disk alone */
function removeUnnamed(file: string, own: string): void {
  const made = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
  const now = statSync(own).mtimeMs;
  if (made !== undefined && now - made > UNNAMED_FOR_MS) isLocked(file);
}

/**
 * Reads the file, which its owner's exclusive lock forbids. Reading is a shared lock: two processes that look at once
 * do not take each other for the owner.
 */
function isLocked(file: string): boolean {
  if (!existsSync(file)) return false;
  if (!canBeRead(file)) return true;
  rmSync(file, { force: true });
  return false;
}

function canBeRead(file: string): boolean {
  let probe: DatabaseSync | undefined;
  try {
    probe = new DatabaseSync(file, { timeout: 0, readOnly: true });
    probe.prepare('SELECT count(*) FROM sqlite_schema').get();
    return true;
  } catch (error) {
    const code = sqliteCode(error);
    if (code === 'busy') return false;
    // Another process saw the same and was first to remove it.
    if (code === 'cannot open' && !existsSync(file)) return true;
    throw error;
  } finally {
    probe?.close();
  }
}
