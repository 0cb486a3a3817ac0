/**
 * Objects as the files of a folder. Content is written under a name that no reader looks at, made durable, and only
 * then renamed; the rename is durable when the folder is.
 */
import { createReadStream, readdirSync, rmSync } from 'node:fs';
import { open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { checkObjectName, ObjectMissingError, ObjectNameError, type ObjectStore, ObjectStoreError } from '#mailing';
import { makeFolder, syncFolder } from './durable-folder.ts';

/** Where files lie until they are whole. No object's name begins with it. */
const UNFINISHED = '.unfinished';

export interface DirectoryStoreOptions {
  /** This process's name, of letters, digits and hyphens. */
  readonly owner: string;
  /** Whether another process of that name lives: what a dead one left unfinished goes when the store is opened. */
  readonly isAlive: (owner: string) => boolean;
}

/** @param folder made with mode 0700 when missing */
export function openDirectoryStore(folder: string, options: DirectoryStoreOptions): ObjectStore {
  const unfinished = join(folder, UNFINISHED);
  makeFolder(unfinished);
  for (const name of readdirSync(unfinished)) {
    const [owner = ''] = name.split('.');
    if (!options.isAlive(owner)) rmSync(join(unfinished, name), { force: true });
  }
  return new DirectoryStore(folder, (count) => join(unfinished, `${options.owner}.${count}`));
}

class DirectoryStore implements ObjectStore {
  readonly #folder: string;
  readonly #unfinishedFile: (count: number) => string;
  #written = 0;

  constructor(folder: string, unfinishedFile: (count: number) => string) {
    this.#folder = folder;
    this.#unfinishedFile = unfinishedFile;
  }

  async read(name: string): Promise<Uint8Array> {
    const file = this.#file(name);
    try {
      return await readFile(file);
    } catch (error) {
      throw toObjectError(error, 'read', name);
    }
  }

  async *stream(name: string): AsyncGenerator<Uint8Array> {
    const file = this.#file(name);
    try {
      yield* createReadStream(file);
    } catch (error) {
      throw toObjectError(error, 'read', name);
    }
  }

  async has(name: string): Promise<boolean> {
    const file = this.#file(name);
    try {
      return (await stat(file)).isFile();
    } catch (error) {
      if (isMissing(error)) return false;
      throw toObjectError(error, 'look for', name);
    }
  }

  async write(name: string, content: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
    const file = this.#file(name);
    this.#written += 1;
    const unfinished = this.#unfinishedFile(this.#written);
    try {
      await writeDurably(unfinished, content);
      makeFolder(dirname(file));
      await rename(unfinished, file);
      syncFolder(dirname(file));
    } catch (error) {
      await rm(unfinished, { force: true }).catch(() => {});
      throw toObjectError(error, 'write', name);
    }
  }

  async writeAll(objects: readonly (readonly [name: string, content: Uint8Array])[]): Promise<void> {
    const wanted = objects.map(([name, content]) => {
      this.#written += 1;
      return { name, file: this.#file(name), unfinished: this.#unfinishedFile(this.#written), content };
    });
    try {
      const written = await Promise.allSettled(
        wanted.map(({ name, unfinished, content }) =>
          writeDurably(unfinished, content).catch((error: unknown) => {
            throw toObjectError(error, 'write', name);
          }),
        ),
      );
      for (const each of written) if (each.status === 'rejected') throw each.reason;
      await nameInOrder(wanted);
    } catch (error) {
      // What has its name by now is not there any more.
      await Promise.all(wanted.map(({ unfinished }) => rm(unfinished, { force: true }).catch(() => {})));
      throw error;
    }
  }

  async list(prefix: string): Promise<string[]> {
    const under = prefix.slice(0, prefix.lastIndexOf('/') + 1);
    if (under !== '') this.#file(under.slice(0, -1));
    const names: string[] = [];
    try {
      await collect(join(this.#folder, under), under, names);
    } catch (error) {
      throw toObjectError(error, 'list', prefix);
    }
    return names.filter((name) => name.startsWith(prefix)).sort();
  }

  #file(name: string): string {
    checkObjectName(name);
    if (name === UNFINISHED || name.startsWith(`${UNFINISHED}/`))
      throw new ObjectNameError(name, `${JSON.stringify(UNFINISHED)} as its beginning`);
    return join(this.#folder, name);
  }
}

async function writeDurably(file: string, content: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Each folder is made durable once, behind the last name that it got. */
async function nameInOrder(objects: readonly { name: string; file: string; unfinished: string }[]): Promise<void> {
  for (const [index, { name, file, unfinished }] of objects.entries()) {
    const folder = dirname(file);
    const next = objects[index + 1];
    try {
      makeFolder(folder);
      await rename(unfinished, file);
      if (next === undefined || dirname(next.file) !== folder) syncFolder(folder);
    } catch (error) {
      throw toObjectError(error, 'write', name);
    }
  }
}

async function collect(folder: string, prefix: string, names: string[]): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  for (const entry of entries) {
    const name = prefix + entry.name;
    if (name === UNFINISHED) continue;
    if (entry.isDirectory()) await collect(join(folder, entry.name), `${name}/`, names);
    else if (entry.isFile()) names.push(name);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** A folder of that name, or a file where a folder would be, is no object either. */
function isMissing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'EISDIR'].includes(codeOf(error));
}

const PROBLEMS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full; free some space',
  EDQUOT: "this user's share of the disk is full; free some space",
  EACCES: 'this user has no right to it; change the permissions of the state folder',
  EPERM: 'this user has no right to it; change the permissions of the state folder',
  EROFS: 'the disk is read-only; use another folder (--state)',
  EISDIR: "there are objects below that name, want one that is no other name's beginning",
  ENOTDIR: 'the beginning of the name is an object, want one that is none',
  EEXIST: 'the beginning of the name is an object, want one that is none',
};

/** What the content's own stream throws passes as it is. */
export function toObjectError(error: unknown, action: string, name: string): unknown {
  if (action === 'read' && isMissing(error)) return new ObjectMissingError(name, { cause: error });
  if (!(error instanceof Error) || !('syscall' in error)) return error;
  return new ObjectStoreError(action, name, PROBLEMS[codeOf(error)] ?? error.message, { cause: error });
}
