/** Where the engine's time goes: V8's sampling profile of the composer and engine, from their sources. */
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { outputOf } from '../child.ts';
import type { Bench, Case } from '../measuring.ts';
import { loopback } from '../place.ts';
import type { Work } from '../programs/work.ts';
import type { Section, Table } from '../report.ts';
import { expectAll, Sink } from '../sink.ts';
import { PROJECT } from '../workshop.ts';

const SAMPLING_US = 100;
const CONNECTIONS = 8;
const SHOWN = 20;
/** More mails than elsewhere: the start of the program is in it. */
const MAILS_FACTOR = 4;

interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: CallFrame }[];
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
}

interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
}

export const profile: Case = {
  name: 'profile',
  summary: "where the engine's CPU time goes, function by function",
  async run(bench: Bench): Promise<Section> {
    const mails = bench.options.mails * MAILS_FACTOR;
    const chunking = await profileOf(bench, mails, {});
    const data = await profileOf(bench, mails, { without: ['CHUNKING'] });
    return {
      title: 'Profile',
      method: `Self time of composer and engine, ${mails} mails of 5 kB, TLS, ${CONNECTIONS} connections; first with CHUNKING, then with pipelined DATA. \`writeBuffer\` and \`writev\` are TLS and the kernel.`,
      tables: [selfTimes(chunking, mails), selfTimes(data, mails)],
      targets: [],
      remarks: [],
    };
  },
};

async function profileOf({ workshop }: Bench, mails: number, flow: Partial<Work>): Promise<CpuProfile> {
  const folder = mkdtempSync(join(workshop.folder, 'profile-'));
  const sink = await Sink.start(workshop, loopback, 'tls');
  const { host, port } = sink.way;
  const work: Work = { mails, connections: CONNECTIONS, host, port, ca: workshop.ca, ...flow };
  const program = join(PROJECT, 'bench/programs/cartero-engine.ts');
  const profiling = ['--cpu-prof', '--cpu-prof-interval', String(SAMPLING_US), '--cpu-prof-dir', folder];
  await outputOf([process.execPath, ...profiling, program, JSON.stringify(work)]);
  expectAll(await sink.end(), mails + CONNECTIONS, 'cartero-engine');
  const [file = ''] = readdirSync(folder);
  return JSON.parse(readFileSync(join(folder, file), 'utf8')) as CpuProfile;
}

function selfTimes({ nodes, samples, timeDeltas }: CpuProfile, mails: number): Table {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const times = new Map<string, number>();
  for (const [index, id] of samples.entries()) {
    const name = names.get(id) ?? '';
    times.set(name, (times.get(name) ?? 0) + (timeDeltas[index] ?? 0));
  }
  times.delete('(idle)');
  const busy = [...times.values()].reduce((sum, each) => sum + each, 0);
  const longest = [...times].toSorted(([, a], [, b]) => b - a).slice(0, SHOWN);
  return {
    columns: ['function', 'share', 'µs per mail'],
    rows: [
      ...longest.map(([name, us]) => [name, `${((100 * us) / busy).toFixed(1)} %`, (us / mails).toFixed(2)]),
      ['all', '100 %', (busy / mails).toFixed(2)],
    ],
  };
}

function nameOf({ functionName, url, lineNumber }: CallFrame): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  if (url.startsWith('file:')) return `${name}, ${fileURLToPath(url).slice(PROJECT.length)}:${lineNumber + 1}`;
  return url === '' ? name : `${name}, ${url}`;
}
