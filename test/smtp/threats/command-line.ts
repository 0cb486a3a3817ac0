/** Real command lines in a folder, many to a process; all that they have printed is kept. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';

export class CommandLine {
  readonly #child: ChildProcess;
  readonly #printed: Buffer[] = [];
  readonly #told: Buffer[] = [];
  readonly #died: Promise<unknown>;

  constructor(folder: string) {
    this.#child = fork(new URL('./command-line-child.ts', import.meta.url), {
      cwd: folder,
      execArgv: [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#child.stdout?.on('data', (octets: Buffer) => this.#printed.push(octets));
    this.#child.stderr?.on('data', (octets: Buffer) => this.#told.push(octets));
    this.#died = once(this.#child, 'close');
    onTestFinished(() => {
      this.#child.kill('SIGKILL');
    });
  }

  /** @param relay comes by the environment, as it does where others may see the command line @returns the exit code */
  async run(relay: string, ...words: string[]): Promise<number> {
    const ended = Promise.race([
      once(this.#child, 'message').then(([code]) => Number(code)),
      this.#died.then(() => Promise.reject(new Error(`the process died at ${words.join(' ')}`))),
    ]);
    this.#child.send({ words, relay });
    return ended;
  }

  /** @returns all of its standard output, and all of its standard error */
  async end(): Promise<{ printed: Buffer; told: Buffer }> {
    this.#child.send('end');
    await this.#died;
    return { printed: Buffer.concat(this.#printed), told: Buffer.concat(this.#told) };
  }
}
