/** The process as commands see it: streams, environment, signals. The only reader of `process` behind the first file. */
import { writeSync } from 'node:fs';
import type { Shell } from './command.ts';

const STDOUT = 1;
const EXIT_BY_SIGNAL = 130;

export function openShell(): Shell & { close(): void } {
  const stop = new AbortController();
  // Output into a file or a pipe wants plain lines, and an end.
  const isTerminal = process.stderr.isTTY === true && process.stdout.isTTY === true;
  let overLine = false;
  const onSignal = () => {
    if (stop.signal.aborted) process.exit(EXIT_BY_SIGNAL);
    stop.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  const clearLine = () => {
    if (overLine) process.stderr.write('\r\x1b[K');
    overLine = false;
  };
  return {
    env: process.env,
    cwd: process.cwd(),
    isTerminal,
    signal: stop.signal,
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
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
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
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}
