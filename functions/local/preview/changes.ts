/** Tells when a file that matters was saved. */
import { type FSWatcher, type WatchEventType, watch } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** A folder with all that lies below it, or a single file. What does not exist yet is looked for from time to time. */
export interface Watched {
  readonly path: string;
  readonly isFile: boolean;
}

/** An editor writes a file in several steps (a new file, a rename, its rights): they are one change. */
const QUIET_MS = 60;
const POLL_MS = 1_000;

/** What editors and systems write beside a file while they save it: hidden files, backups, vim's trial. */
const PASSING = /^\.|~$|\.(?:tmp|swp|swx|bak|part)$|^4913$|^#.*#$/i;

/**
 * Folders are watched and not files: an editor that saves by renaming leaves a watched file behind. One watch a folder is
 * enough, whatever number of files is in it.
 * @returns when all is watched; what it gives ends it
 */
export async function watchFiles(watched: readonly Watched[], onChange: () => void): Promise<() => void> {
  let timer: NodeJS.Timeout | undefined;
  const watches = watched.map(({ path, isFile }) =>
    isFile ? new FolderWatch(dirname(path), basename(path), changed) : new FolderWatch(path, null, changed),
  );
  await lookAtAll();
  return () => {
    clearTimeout(timer);
    for (const each of watches) each.close();
  };

  function changed(): void {
    clearTimeout(timer);
    timer = setTimeout(() => void settle(), QUIET_MS);
  }

  /** A folder may have come, gone, or been put in another's place; what is saved in it from now on is heard. */
  async function settle(): Promise<void> {
    await lookAtAll();
    onChange();
  }

  async function lookAtAll(): Promise<void> {
    await Promise.all(watches.map((each) => each.look()));
  }
}

/** A folder, and without `only` the folders below it. */
class FolderWatch {
  readonly #root: string;
  readonly #only: string | null;
  readonly #changed: () => void;
  readonly #watchers = new Map<string, { readonly inode: number; readonly watcher: FSWatcher }>();
  readonly #timer: NodeJS.Timeout;
  #isLooking = false;
  #isClosed = false;
  /** What was seen where the system tells of no changes; `null` where it does. */
  #seen: string | null = null;

  constructor(root: string, only: string | null, changed: () => void) {
    this.#root = root;
    this.#only = only;
    this.#changed = changed;
    this.#timer = setInterval(() => {
      if (!this.#watchers.has(root)) void this.look();
    }, POLL_MS);
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#timer);
    for (const { watcher } of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  /** Watches what is there now and nothing else. */
  async look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    const wasThere = this.#watchers.has(this.#root);
    const folders = await foldersOf(this.#root, this.#only === null);
    this.#isLooking = false;
    if (this.#isClosed) return;
    for (const [path, { inode, watcher }] of this.#watchers) {
      if (folders.get(path) === inode) continue;
      watcher.close();
      this.#watchers.delete(path);
    }
    for (const [path, inode] of folders) this.#watch(path, inode);
    if (!this.#watchers.has(this.#root)) await this.#compare();
    else if (this.#seen !== null && !wasThere) this.#appeared();
  }

  #watch(path: string, inode: number): void {
    if (this.#watchers.has(path)) return;
    try {
      const watcher = watch(path, (event, name) => this.#hear(event, name)).on('error', () => {
        watcher.close();
        this.#watchers.delete(path);
      });
      this.#watchers.set(path, { inode, watcher });
    } catch {
      // No watches left, or a file system that has none: it is looked at from time to time.
    }
  }

  #hear(_event: WatchEventType, name: string | null): void {
    if (name !== null && (this.#only === null ? PASSING.test(name) : name !== this.#only)) return;
    this.#changed();
  }

  /** The folder came into being: so did what is in it. */
  #appeared(): void {
    this.#seen = null;
    this.#changed();
  }

  async #compare(): Promise<void> {
    const before = this.#seen;
    this.#seen = await stateOf(this.#root, this.#only);
    if (before !== null && before !== this.#seen && !this.#isClosed) this.#changed();
  }
}

/** Folders by path with their inodes, which tell a folder from another one of its name. */
async function foldersOf(root: string, isDeep: boolean): Promise<Map<string, number>> {
  const folders = new Map<string, number>();
  const found = await stat(root).catch(() => null);
  if (found?.isDirectory() !== true) return folders;
  folders.set(root, found.ino);
  if (!isDeep) return folders;
  for (const entry of await readdir(root, { withFileTypes: true }).catch(() => [])) {
    if (!entry.isDirectory() || PASSING.test(entry.name) || entry.name === 'node_modules') continue;
    for (const [path, inode] of await foldersOf(join(root, entry.name), true)) folders.set(path, inode);
  }
  return folders;
}

async function stateOf(root: string, only: string | null): Promise<string> {
  const names = only !== null ? [only] : await readdir(root, { recursive: true }).catch(() => []);
  const states = names.sort().map(async (name) => {
    const found = await stat(join(root, name)).catch(() => null);
    return found === null ? '' : `${name}\0${found.mtimeMs}\0${found.size}\0${found.ino}`;
  });
  return (await Promise.all(states)).join('\n');
}
