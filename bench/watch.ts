/** A program is watched from outside while it runs: its memory and its file descriptors, once in a while. */
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { begin, type CommandLine } from './child.ts';

export interface Sample {
  /** Since the program's start. */
  readonly seconds: number;
  readonly rssMb: number;
  readonly descriptors: number;
}

export interface Watched {
  readonly code: number;
  readonly seconds: number;
  /** The last line that it said. */
  readonly lastLine: string;
  readonly samples: readonly Sample[];
}

/** Characters of output that are kept. */
const LAST = 100_000;

/** Runs a program to its end, whatever its exit code. Looks into /proc: on Linux only. */
export async function watched(
  line: CommandLine,
  { cwd, env, everyMs }: { cwd: string; env?: NodeJS.ProcessEnv; everyMs: number },
): Promise<Watched> {
  const child = begin(line, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'ignore'] });
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1000;
  let said = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-LAST);
  });
  const ended = once(child, 'close') as Promise<[number | null, string | null]>;
  const samples: Sample[] = [];
  while (child.exitCode === null && child.signalCode === null) {
    await Promise.race([ended, sleep(everyMs)]);
    const sample = sampleOf(child.pid ?? 0);
    if (sample !== null) samples.push({ seconds: seconds(), ...sample });
  }
  const [code, signal] = await ended;
  if (code === null) throw new Error(`${line.join(' ')} ended with ${signal}`);
  return { code, seconds: seconds(), lastLine: said.trimEnd().split('\n').at(-1) ?? '', samples };
}

/** `null` where the process is gone. */
function sampleOf(pid: number): Omit<Sample, 'seconds'> | null {
  try {
    const kilobytes = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    if (kilobytes === undefined) return null;
    return { rssMb: Number(kilobytes) / 1024, descriptors: readdirSync(`/proc/${pid}/fd`).length };
  } catch {
    return null;
  }
}

/** What a value gains in a second, by the straight line that is nearest to all samples. */
export function slopeOf(samples: readonly Sample[], pick: (sample: Sample) => number): number {
  const mean = (values: readonly number[]) => values.reduce((sum, each) => sum + each, 0) / values.length;
  const x = mean(samples.map(({ seconds }) => seconds));
  const y = mean(samples.map(pick));
  const covered = samples.reduce((sum, each) => sum + (each.seconds - x) * (pick(each) - y), 0);
  const spread = samples.reduce((sum, { seconds }) => sum + (seconds - x) ** 2, 0);
  return spread === 0 ? 0 : covered / spread;
}
