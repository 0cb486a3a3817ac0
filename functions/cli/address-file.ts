/** A file with an address a line, as people keep them. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { InputError } from './command.ts';

export interface WrittenAddress {
  readonly text: string;
  /** `people.csv:7: `, to stand before what is wrong with it. */
  readonly where: string;
}

/**
 * The first field of each line that has any; a first line "email" is a heading.
 * @param name as it was typed @throws InputError where it cannot be read
 */
export function addressesOf(name: string, cwd: string): WrittenAddress[] {
  const found = readText(resolve(cwd, name), name)
    .split(/\r\n|\n|\r/)
    .map((line, index) => ({ text: firstField(line), where: `${name}:${index + 1}: ` }))
    .filter(({ text }) => text !== '');
  return found[0]?.text.toLowerCase() === 'email' ? found.slice(1) : found;
}

function readText(path: string, name: string): string {
  try {
    return readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    throw new InputError(`cannot read ${JSON.stringify(name)}: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  }
}

/** A quoted field is CSV's; a quoted local part has an @ behind its quotes. */
function firstField(line: string): string {
  const [, quoted] = /^\s*"((?:[^"]|"")*)"\s*(?:,|$)/.exec(line) ?? [];
  if (quoted !== undefined) return quoted.replaceAll('""', '"').trim();
  return line.startsWith('"') ? line.trim() : (line.split(',')[0] ?? '').trim();
}
