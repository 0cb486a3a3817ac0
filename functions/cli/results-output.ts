/** Every recipient's line, to standard output or into a file that appears whole. */
import { closeSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
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
export async function writeOctetsTo(file: string, octets: Uint8Array, shell: Shell): Promise<void> {
  await writeTo(file, shell, async (fd) => writeAll(fd, octets));
}

/**
 * The same into a file of its user alone, over an earlier one. Where it cannot be written to its end there is none, or the
 * earlier one. @throws InputError
 */
export async function writeLinesTo(file: string, lines: AsyncIterable<string>, shell: Shell): Promise<void> {
  await writeTo(file, shell, (fd) => writeLines(lines, (text) => writeAll(fd, Buffer.from(text))));
}

async function writeTo(file: string, { cwd }: Shell, write: (fd: number) => Promise<void>): Promise<void> {
  const path = resolve(cwd, file);
  const isDevice = statSync(path, { throwIfNoEntry: false })?.isFile() === false;
  // A device, a pipe or a terminal is written to: what takes its name by being renamed would be a file in its place.
  const draft = isDevice ? path : `${path}.${process.pid}.part`;
  try {
    const fd = openSync(draft, isDevice ? 'w' : 'wx', 0o600);
    try {
      await write(fd);
    } finally {
      closeSync(fd);
    }
    if (!isDevice) renameSync(draft, path);
  } catch (error) {
    if (!isDevice) rmSync(draft, { force: true });
    if (!(error instanceof Error && 'errno' in error)) throw error;
    throw new InputError(`cannot write ${JSON.stringify(file)}: ${error.message}`, { cause: error });
  }
}

function writeAll(fd: number, octets: Uint8Array): void {
  for (let written = 0; written < octets.length; ) written += writeSync(fd, octets, written);
}
