/** Every recipient's line, to standard output or into a file that appears whole. */
import { closeSync, openSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';
import { InputError, type Shell } from './command.ts';

/** Characters that are gathered before they are written. */
const GATHERED = 65_536;

/** Writes the lines as they come; of a million there are never many in memory. */
export async function writeLines(lines: AsyncIterable<string>, write: (text: string) => void): Promise<void> {
  let gathered = '';
  for await (const line of lines) {
    gathered += line;
    if (gathered.length < GATHERED) continue;
    write(gathered);
    gathered = '';
  }
  if (gathered !== '') write(gathered);
}

/** Octets into a file of its user alone, over an earlier one; whole, or not at all. @throws InputError */
export function writeOctetsTo(file: string, octets: Uint8Array, { cwd }: Shell): void {
  const path = resolve(cwd, file);
  const draft = `${path}.${process.pid}.part`;
  try {
    writeFileSync(draft, octets, { flag: 'wx', mode: 0o600 });
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    if (!(error instanceof Error && 'errno' in error)) throw error;
    throw new InputError(`cannot write ${JSON.stringify(file)}: ${error.message}`, { cause: error });
  }
}

/**
 * The same into a file of its user alone, over an earlier one. Where it cannot be written to its end there is none, or the
 * earlier one. @throws InputError
 */
export async function writeLinesTo(file: string, lines: AsyncIterable<string>, { cwd }: Shell): Promise<void> {
  const path = resolve(cwd, file);
  const draft = `${path}.${process.pid}.part`;
  try {
    const fd = openSync(draft, 'wx', 0o600);
    try {
      await writeLines(lines, (text) => writeAll(fd, Buffer.from(text)));
    } finally {
      closeSync(fd);
    }
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    if (!(error instanceof Error && 'errno' in error)) throw error;
    throw new InputError(`cannot write ${JSON.stringify(file)}: ${error.message}`, { cause: error });
  }
}

function writeAll(fd: number, octets: Uint8Array): void {
  for (let written = 0; written < octets.length; ) written += writeSync(fd, octets, written);
}
