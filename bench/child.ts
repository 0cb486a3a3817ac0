/** Programs that are started, heard to their end, and ended by their own id. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export type CommandLine = readonly [command: string, ...words: string[]];

const alive = new Set<ChildProcess>();

/** Begins a program, which is remembered until it ends. */
export function begin([command, ...words]: CommandLine, options: SpawnOptions = {}): ChildProcess {
  const child = spawn(command, words, options);
  alive.add(child);
  child.once('close', () => alive.delete(child));
  child.once('error', () => alive.delete(child));
  return child;
}

/** Ends whatever still runs. */
export function endAll(): void {
  for (const child of alive) child.kill('SIGTERM');
}

const interruption = new AbortController();

/** For signals: what is measured just then fails, nothing more is begun, and all is put away on the way out. */
export function interrupt(): void {
  interruption.abort(new Error('Interrupted'));
  endAll();
}

/** Asked before each measurement. @throws after an interruption */
export function throwIfInterrupted(): void {
  interruption.signal.throwIfAborted();
}

/** Runs a program to its end. @returns what it wrote to standard output. @throws with its own words where it fails */
export async function outputOf(line: CommandLine, options: SpawnOptions = {}): Promise<string> {
  const child = begin(line, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '' };
  child.stdout?.on('data', (chunk: Buffer) => {
    said.stdout += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    said.stderr += chunk.toString();
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  if (code === 0) return said.stdout;
  throw new Error(`${line.join(' ')} ended with ${code ?? signal}:\n${said.stderr}${said.stdout}`.slice(0, 4000));
}

/** A program that serves others until it is ended, and says what there is to say a line at a time. */
export class Service {
  readonly child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(line: CommandLine) {
    this.child = begin(line, { stdio: ['ignore', 'pipe', 'inherit'] });
    if (this.child.stdout === null) throw new Error(`Cannot hear ${line[0]}`);
    this.#lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  /** @throws where the program ended instead */
  async nextLine(): Promise<string> {
    const { done, value } = await this.#lines.next();
    if (done) throw new Error(`${this.child.spawnfile} ended`);
    return value;
  }

  async end(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await ended;
  }
}
