/** Real processes for tests: started on a file below `children/`, heard line by line, ended by their own id. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface Child {
  readonly pid: number;
  /** The next line of its standard output; `null` at its end. */
  line(): Promise<string | null>;
  /** Every line that was not asked for yet, once it has ended. */
  rest(): Promise<string[]>;
  tell(text: string): void;
  kill(signal: NodeJS.Signals): void;
  /** Resolves when it has ended: its exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

export function startChild(file: string, ...args: string[]): Child {
  const path = fileURLToPath(new URL(`children/${file}`, import.meta.url));
  const child: ChildProcessWithoutNullStreams = spawn(process.execPath, [path, ...args], {
    env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'cartero-test-compile-cache') },
  });
  child.stderr.pipe(process.stderr);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals | null);
  const line = async () => {
    const next = await lines.next();
    return next.done ? null : next.value;
  };
  return {
    pid: child.pid ?? 0,
    line,
    rest: async () => {
      const rest: string[] = [];
      for (let text = await line(); text !== null; text = await line()) rest.push(text);
      return rest;
    },
    tell: (text) => void child.stdin.write(`${text}\n`),
    kill: (signal) => void child.kill(signal),
    ended,
  };
}
