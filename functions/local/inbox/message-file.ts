/** How an inbox names its files, and what it does about files that are not there. */
import { readFile } from 'node:fs/promises';

const NAME = /^(\d{6,15})\.(eml|jsonl)$/;

export function fileName(id: number, extension: 'eml' | 'jsonl'): string {
  return `${fileNumber(id)}.${extension}`;
}

/** A message's number as its files and its reply write it: `000042`. */
export function fileNumber(id: number): string {
  return String(id).padStart(6, '0');
}

/** A message's number by its file's name, or `null` for any other file. */
export function numberOf(name: string, extension?: 'eml' | 'jsonl'): number | null {
  const parts = NAME.exec(name);
  return parts && (extension === undefined || parts[2] === extension) ? Number(parts[1]) : null;
}

/** 0 where no name is a message's. */
export function highestNumber(names: readonly string[]): number {
  return names.reduce((highest, name) => Math.max(highest, numberOf(name) ?? 0), 0);
}

export async function readOrNull(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return null;
    throw error;
  }
}

export function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
