/**
 * What the lab needs made first: the program, bundled, for it starts thousands of times; the oracle, in a process of its
 * own; a folder that goes away at the end, unless something in it is evidence.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));
/** Below node_modules, so that what is bundled finds the packages that it leaves out. */
const KEPT = join(PROJECT, 'node_modules/.cache/cartero-lab');

/** So that few recipients are several batches, and several processes have something to share. */
const BATCH_SIZE = 20;
const BATCH_FILE = join(PROJECT, 'functions/mailing/batch-file.ts');

export interface Workshop {
  readonly folder: string;
  /** The command line with its points, to be run by Node. */
  readonly program: string;
  readonly port: number;
  readonly oracle: ChildProcess;
}

/** @param parent a folder to work in; the system's for temporary files by default */
export async function openWorkshop(parent = tmpdir()): Promise<Workshop> {
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, 'cartero-lab-'));
  const program = await bundledProgram();
  const server = fileURLToPath(new URL('oracle/server.ts', import.meta.url));
  const oracle = spawn(process.execPath, [server, folder], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [port] = (await once(oracle.stdout, 'data')) as [Buffer];
  return { folder, program, port: Number(port.toString()), oracle };
}

export async function closeWorkshop({ oracle, folder }: Workshop, isKept: boolean): Promise<void> {
  const ended = once(oracle, 'close');
  oracle.stdin?.end();
  await ended;
  if (!isKept) rmSync(folder, { recursive: true, force: true });
}

/** In a folder of its own each time: another lab may be running. */
async function bundledProgram(): Promise<string> {
  mkdirSync(KEPT, { recursive: true });
  const folder = mkdtempSync(join(KEPT, 'program-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const bundle = await rolldown({
    input: join(PROJECT, 'lab/program/cartero.ts'),
    platform: 'node',
    cwd: PROJECT,
    logLevel: 'silent',
    plugins: [{ name: 'small batches', transform: withSmallBatches }],
  });
  await bundle.write({
    dir: folder,
    format: 'esm',
    entryFileNames: 'cartero.mjs',
    chunkFileNames: '[name]-[hash].mjs',
  });
  await bundle.close();
  return join(folder, 'cartero.mjs');
}

function withSmallBatches(code: string, id: string): string | null {
  if (id !== BATCH_FILE) return null;
  const changed = code.replace(/BATCH_SIZE = \d+/, `BATCH_SIZE = ${BATCH_SIZE}`);
  if (changed === code) throw new Error(`Cannot make batches small: ${BATCH_FILE} names no BATCH_SIZE`);
  return changed;
}
