/** The keys that sign links in mails, in a file of the state. The newest signs, and all open the links of mails that were sent. */
import { join } from 'node:path';
import type { LinkKey, RefuseKeys } from '#mailing';
import { openKeys, readKeys } from './key-file.ts';

export const LINK_KEYS_FILE = 'link-keys.json';

/** The file is there and holds no keys. */
export class LinkKeysError extends Error {
  readonly code = 'ERR_LINK_KEYS';
  constructor(file: string, problem: string, options?: ErrorOptions) {
    super(`Cannot read the keys of links in ${JSON.stringify(file)}: ${problem}`, options);
    this.name = 'LinkKeysError';
  }
}

const refusing =
  (file: string): RefuseKeys =>
  (problem) =>
    new LinkKeysError(file, problem);

/** The keys of a state folder; none where it has none. @throws LinkKeysError */
export function readLinkKeys(folder: string): readonly LinkKey[] {
  const file = join(folder, LINK_KEYS_FILE);
  return readKeys(file, refusing(file));
}

/** The same, with a first key where there was none. @param now epoch ms @throws LinkKeysError */
export function openLinkKeys(folder: string, now: number): readonly LinkKey[] {
  const file = join(folder, LINK_KEYS_FILE);
  return openKeys(file, now, refusing(file));
}
