/** Tells when something below a folder was saved. */
import { type FSWatcher, watch } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** An editor writes a file in several steps (a new file, a rename, its rights): they are one change. */
const QUIET_MS = 80;
const POLL_MS = 1_000;

/**
 * Folders are watched and not files: an editor that saves by renaming leaves a watched file behind.
 * @param folders those that do not exist are looked for from time to time
 * @returns ends it
 */
export function watchFolders(folders: readonly string[], onChange: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const changed = (): void => {
    clearTimeout(timer);
    timer = setTimeout(onChange, QUIET_MS);
  };
  const ends = folders.map((folder) => watchFolder(folder, changed));
  return () => {
    clearTimeout(timer);
    for (const end of ends) end();
  };
}

function watchFolder(folder: string, changed: () => void): () => void {
  let watcher: FSWatcher | undefined;
  let endPolling: (() => void) | undefined;
  const poll = (): void => {
    watcher?.close();
    endPolling ??= pollFolder(folder, changed);
  };
  try {
    watcher = watch(folder, { recursive: true }, changed).on('error', poll);
  } catch {
    // No such folder yet, no watches left, or a file system that has none.
    poll();
  }
  return () => {
    watcher?.close();
    endPolling?.();
  };
}

function pollFolder(folder: string, changed: () => void): () => void {
  let before: string | null = null;
  let isReading = false;
  const timer = setInterval(() => void look(), POLL_MS);
  void look();
  return () => clearInterval(timer);

  async function look(): Promise<void> {
    if (isReading) return;
    isReading = true;
    const after = await stateOf(folder);
    isReading = false;
    if (before !== null && before !== after) changed();
    before = after;
  }
}

async function stateOf(folder: string): Promise<string> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const states = names.sort().map(async (name) => {
    const found = await stat(join(folder, name)).catch(() => null);
    return found === null ? '' : `${name}\0${found.mtimeMs}\0${found.size}\0${found.ino}`;
  });
  return (await Promise.all(states)).join('\n');
}
