/** The process as commands see it: streams, environment, signals. The only reader of `process` behind the first file. */
import { writeSync } from 'node:fs';
import type { Shell } from './command.ts';

const STDOUT = 1;
const EXIT_STOPPED = 3;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** Ctrl-C reaches every process of the terminal, and npx and npm pass on what they get: within this time it is one. */
const ONE_SIGNAL_MS = 1000;

export function openShell(): Shell & { close(): void } {
  const stop = new AbortController();
  let isHeeded = false;
  let isClosed = false;
  let stoppedAt = 0;
  // Output into a file or a pipe wants plain lines, and an end.
  const isTerminal = process.stderr.isTTY === true && process.stdout.isTTY === true;
  let overLine = false;
  const onSignal = () => {
    if (isClosed) process.exit();
    const now = performance.now();
    if (!isHeeded || (stop.signal.aborted && now - stoppedAt > ONE_SIGNAL_MS)) process.exit(EXIT_STOPPED);
    if (stop.signal.aborted) return;
    stoppedAt = now;
    stop.abort();
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  // Whoever read the notes is gone, or the terminal is: what is being done goes on, and settles.
  process.stderr.on('error', () => {});
  const clearLine = () => {
    if (overLine) process.stderr.write('\r\x1b[K');
    overLine = false;
  };
  return {
    env: process.env,
    cwd: process.cwd(),
    isTerminal,
    get signal() {
      isHeeded = true;
      return stop.signal;
    },
    out: (text) => {
      clearLine();
      writeAll(typeof text === 'string' ? Buffer.from(text) : text);
    },
    note: (line) => {
      clearLine();
      process.stderr.write(`${line}\n`);
    },
    over: (line) => {
      if (!isTerminal) return;
      process.stderr.write(`\r\x1b[K${line.slice(0, (process.stderr.columns ?? 80) - 1)}`);
      overLine = true;
    },
    close: () => {
      clearLine();
      // The handlers stay: the same signal by another way must not change the exit code that is set by now.
      isClosed = true;
    },
  };
}

/** Standard output to its last octet, whatever it is: a pipe may take a part, or ask to wait, and may be closed early. */
function writeAll(octets: Uint8Array): void {
  for (let offset = 0; offset < octets.length; ) {
    try {
      offset += writeSync(STDOUT, octets, offset);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE') process.exit(0);
      // The terminal was closed.
      if (code === 'EIO') return;
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}
