/** The keys that make names of people in logs, in a file of the state. The newest makes them; `trace` tries all. */
import { join } from 'node:path';
import type { RefuseKeys, StoredKey } from '#mailing';
import { openKeys, readKeys } from './key-file.ts';

export const LOG_KEYS_FILE = 'log-keys.json';

/** The file is there and holds no keys. */
export class LogKeysError extends Error {
  readonly code = 'ERR_LOG_KEYS';
  constructor(file: string, problem: string, options?: ErrorOptions) {
    super(`Cannot read the keys of logs in ${JSON.stringify(file)}: ${problem}`, options);
    this.name = 'LogKeysError';
  }
}

const refusing =
  (file: string): RefuseKeys =>
  (problem) =>
    new LogKeysError(file, problem);

/** The keys of a state folder; none where no log was kept. @throws LogKeysError */
export function readLogKeys(folder: string): readonly StoredKey[] {
  const file = join(folder, LOG_KEYS_FILE);
  return readKeys(file, refusing(file));
}

/** The same, with a first key where there was none. @param now epoch ms @throws LogKeysError */
export function openLogKeys(folder: string, now: number): readonly StoredKey[] {
  const file = join(folder, LOG_KEYS_FILE);
  return openKeys(file, now, refusing(file));
}
