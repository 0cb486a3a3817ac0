/** Removes one guard from a copy of the tree, and looks whether a test notices. */
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

/** A line of defence: what keeps a promise, and the nearest tests that would miss it. */
export interface Guard {
  readonly name: string;
  readonly file: string;
  /** The exact text, which occurs once in the file. */
  readonly source: string;
  /** The same without the guard. */
  readonly replacement: string;
  /** Test files, as vitest takes them. */
  readonly tests: readonly string[];
}

export interface Removal {
  readonly guard: Guard;
  readonly isNoticed: boolean;
  readonly seconds: number;
  /** The last lines of the tests. */
  readonly said: string;
}

/** Longer takes nothing that ends: a mail that waits for ever is noticed as well. */
const LONGEST_MS = 180_000;
const NOT_COPIED: ReadonlySet<string> = new Set(['node_modules', '.git', 'cdk.out', '.cartero']);

/** @returns a folder with the tree, to be removed by `remove` */
export function copyOf(root: string): { folder: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'cartero-guards-'));
  cpSync(root, folder, { recursive: true, filter: (path) => !NOT_COPIED.has(basename(path)) });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** What fails with all guards in place tells nothing. @returns what the tests said, `null` where they pass */
export async function standing(guards: readonly Guard[], folder: string): Promise<string | null> {
  const { code, said } = await run(folder, [...new Set(guards.flatMap(({ tests }) => tests))]);
  return code === 0 ? null : said;
}

/** @throws Error where the guard's text is not there, or not once */
export async function remove(guard: Guard, folder: string): Promise<Removal> {
  const path = join(folder, guard.file);
  const text = readFileSync(path, 'utf8');
  const began = performance.now();
  writeFileSync(path, without(guard, text));
  try {
    const { code, said } = await run(folder, guard.tests);
    return { guard, isNoticed: code !== 0, seconds: (performance.now() - began) / 1000, said };
  } finally {
    writeFileSync(path, text);
  }
}

/** The file's text without the guard. */
export function without({ name, file, source, replacement }: Guard, text: string): string {
  const places = text.split(source).length - 1;
  if (places !== 1)
    throw new Error(`Cannot remove the guard ${name}: found its text ${places} times in ${file}, once is wanted`);
  return text.split(source).join(replacement);
}

function run(folder: string, tests: readonly string[]): Promise<{ code: number | null; said: string }> {
  const vitest = join(folder, 'node_modules', 'vitest', 'vitest.mjs');
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [vitest, 'run', '--bail', '1', '--maxWorkers', '2', ...tests], {
      cwd: folder,
      env: { ...process.env, NO_COLOR: '1', SIMULATION_SEEDS: '200' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const late = setTimeout(() => child.kill('SIGKILL'), LONGEST_MS);
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (words: string) => {
        said = (said + words).slice(-4000);
      });
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(late);
      resolve({ code, said });
    });
  });
}
