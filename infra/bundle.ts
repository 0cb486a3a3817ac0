/**
 * A door's code as it is deployed: modules of JavaScript with every package inside, the AWS SDK too, so that what was tested is
 * what runs. Made by the bundler that is installed here; nothing is fetched.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';

/** Gives the folder with `index.mjs` of an entry, and with copies of the project's folders beside it. */
export type Bundler = (entry: string, folders: readonly string[]) => string;

/** @param project the folder with `functions/` */
export function bundlerOf(project: string): Bundler {
  return (entry, folders) => {
    const out = mkdtempSync(join(tmpdir(), 'cartero-door-'));
    process.once('exit', () => rmSync(out, { recursive: true, force: true }));
    // Constructs are made without waiting, and a bundler must be waited for: it has a process of its own.
    const program = join(import.meta.dirname, 'bundle-door.ts');
    const { status, stderr } = spawnSync(process.execPath, [program, project, entry, out], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`Cannot bundle ${entry}: ${stderr.trim()}`);
    for (const folder of folders) {
      const from = join(project, folder);
      // Hidden files are editors' and systems'.
      cpSync(from, join(out, folder), {
        recursive: true,
        filter: (path) => relative(from, path) === '' || !basename(path).startsWith('.'),
      });
    }
    return out;
  };
}
