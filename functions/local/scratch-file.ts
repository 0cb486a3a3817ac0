/** A scratch as a file that has no name: it is gone with its process, however that ends. */
import { randomBytes, randomUUID } from 'node:crypto';
import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Scratch } from '#mailing';
import { toObjectError } from './directory-store.ts';

/** How errors call it. */
const NAME = 'scratch file';

/** In the folder for temporary files, for what writes nothing else. */
export function openTemporaryScratch(): Scratch {
  return openScratchFile(tmpdir());
}

/** @param folder that exists; nothing is made in it before there is something to keep */
export function openScratchFile(folder: string): Scratch {
  return new ScratchFile(join(folder, `.cartero-scratch-${randomUUID()}`));
}

class ScratchFile implements Scratch {
  readonly secret = randomBytes(8);
  readonly #file: string;
  #descriptor: number | null = null;

  constructor(file: string) {
    this.#file = file;
  }

  append(octets: Uint8Array): void {
    try {
      this.#descriptor ??= openNameless(this.#file);
      for (let written = 0; written < octets.length; ) {
        written += writeSync(this.#descriptor, octets, written);
      }
    } catch (error) {
      throw toObjectError(error, 'write', NAME);
    }
  }

  read(at: number, into: Uint8Array): number {
    if (this.#descriptor === null) return 0;
    try {
      return readSync(this.#descriptor, into, 0, into.length, at);
    } catch (error) {
      throw toObjectError(error, 'read', NAME);
    }
  }

  close(): void {
    if (this.#descriptor !== null) closeSync(this.#descriptor);
    this.#descriptor = null;
  }
}

/** Addresses are personal data: nobody else can open it, and nobody finds it. */
function openNameless(file: string): number {
  const descriptor = openSync(file, 'wx+', 0o600);
  unlinkSync(file);
  return descriptor;
}
