/** A campaign as a folder on this machine. Nothing outside it and its shared folders is ever read. */
import { createReadStream } from 'node:fs';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { type CampaignSource, type FileTree, ObjectMissingError, objectNameProblem } from '#mailing';

export interface CampaignFolderOptions {
  /** How the folder is called in problems; default its path. */
  readonly location?: string;
  /** Where `_layouts` and `_partials` are looked up behind the folder's own neighbours. */
  readonly projectTemplates: string;
}

/**
 * @param folder an existing folder
 * @throws Error with `code` ENOENT or ENOTDIR when it is none
 */
export async function openCampaignFolder(folder: string, options: CampaignFolderOptions): Promise<CampaignSource> {
  const identity = await realpath(folder);
  return {
    name: basename(identity),
    location: options.location ?? folder,
    identity,
    files: openFileTree(identity),
    shared: firstOf(openFileTree(dirname(identity)), openFileTree(options.projectTemplates)),
  };
}

/** The files below a folder. A name that leads out of it, by `..` or by a link, is missing. */
export function openFileTree(root: string): FileTree {
  const locate = async (name: string): Promise<string> => {
    if (objectNameProblem(name) !== null) throw new ObjectMissingError(name);
    try {
      const path = await realpath(join(root, name));
      if (!path.startsWith(`${await realpath(root)}${sep}`) || !(await stat(path)).isFile())
        throw new ObjectMissingError(name);
      return path;
    } catch (error) {
      if (isMissing(error)) throw new ObjectMissingError(name, { cause: error });
      throw error;
    }
  };
  return {
    read: async (name) => readFile(await locate(name)),
    async *stream(name) {
      yield* createReadStream(await locate(name));
    },
    has: async (name) => {
      try {
        await locate(name);
        return true;
      } catch (error) {
        if (error instanceof ObjectMissingError) return false;
        throw error;
      }
    },
    list: (prefix) => list(root, prefix),
  };
}

/** Folders in which no such name can be are not read: a campaign may have a file for each of its recipients. */
async function list(root: string, prefix: string): Promise<string[]> {
  const names: string[] = [];
  await collect(root, prefix.slice(0, prefix.lastIndexOf('/') + 1), prefix, names);
  return names.sort();
}

async function collect(root: string, under: string, prefix: string, names: string[]): Promise<void> {
  const entries = await readdir(join(root, under), { withFileTypes: true }).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  for (const entry of entries) {
    const name = `${under}${entry.name}`;
    if (!name.startsWith(prefix)) continue;
    if (entry.isDirectory()) await collect(root, `${name}/`, prefix, names);
    else names.push(name);
  }
}

/** Two trees as one; a name in the first hides that of the second. */
function firstOf(first: FileTree, second: FileTree): FileTree {
  const treeOf = async (name: string) => ((await first.has(name)) ? first : second);
  return {
    read: async (name) => (await treeOf(name)).read(name),
    async *stream(name) {
      yield* (await treeOf(name)).stream(name);
    },
    has: async (name) => (await first.has(name)) || second.has(name),
    list: async (prefix) => [...new Set([...(await first.list(prefix)), ...(await second.list(prefix))])].sort(),
  };
}

/** No such file, by whatever way: a part of the path is a file, a link leads in circles, a name is longer than any. */
const MISSING: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG']);

function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return MISSING.has(code ?? '');
}
