/** A new name in a folder outlives a loss of power only once the folder itself was written to the disk. */
import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * Makes a folder and those above it that are missing, with mode 0700, durably.
 * @returns whether anything was missing
 */
export function makeFolder(folder: string): boolean {
  const first = mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (first === undefined) return false;
  const topmost = dirname(resolve(first));
  let above = resolve(folder);
  do {
    above = dirname(above);
    syncFolder(above);
  } while (above !== topmost && above !== dirname(above));
  return true;
}

/** Makes the names in a folder durable. */
export function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
