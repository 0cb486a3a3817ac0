/** What an object may be called, whatever store it lies in: a file system's names, and those that S3 takes. */
import { ObjectNameError } from './port-errors.ts';

/** @throws ObjectNameError */
export function checkObjectName(name: string): void {
  const problem = problemOf(name);
  if (problem !== null) throw new ObjectNameError(name, problem);
}

/** The same of the beginning of names: what stands before its last `/` are whole segments. @throws ObjectNameError */
export function checkObjectPrefix(prefix: string): void {
  const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  if (folder !== '') checkObjectName(folder.slice(0, -1));
}

function problemOf(name: string): string | null {
  if (name === '') return 'an empty name';
  if (name.includes('\\')) return 'a backslash';
  if (/[\x00-\x1f\x7f]/.test(name)) return 'a control character';
  if (!name.isWellFormed()) return 'half a surrogate pair';
  for (const segment of name.split('/')) {
    if (segment === '') return 'an empty segment';
    if (segment === '.' || segment === '..') return `${JSON.stringify(segment)} as a segment`;
    if (Buffer.byteLength(segment) > 255) return 'a segment of more than 255 octets';
  }
  return Buffer.byteLength(name) > 1024 ? 'more than 1,024 octets' : null;
}
