/** Where the time goes: V8's sampling profile of composer and engine, and of a whole run, from their sources. */
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cartero, writeCampaign } from '../campaign.ts';
import { outputOf } from '../child.ts';
import type { Bench, Case } from '../measuring.ts';
import { loopback } from '../place.ts';
import { type Work, warmUpMails } from '../programs/work.ts';
import type { Section, Table } from '../report.ts';
import { expectAll, Sink } from '../sink.ts';
import { PROJECT, type Workshop } from '../workshop.ts';

const SAMPLING_US = 100;
const CONNECTIONS = 8;
const SHOWN = 20;
const NO_CHUNKING: Partial<Work> = { without: ['CHUNKING'] };
const IN_LOCKSTEP: Partial<Work> = { without: ['CHUNKING', 'PIPELINING'] };

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
  summary: 'where the CPU time of engine and whole run goes, function by function',
  async run(bench: Bench): Promise<Section> {
    const { mails } = bench.options;
    return {
      title: 'Profile',
      method: `Self time from V8's sampling profiler, ${mails} mails of 5 kB, TLS, ${CONNECTIONS} connections, loopback. \`writeBuffer\` and \`writev\` are TLS and the kernel. The profiler itself takes time.`,
      tables: [
        selfTimes('Composer and engine, CHUNKING', await profileOfEngine(bench, mails, {}), mails),
        selfTimes('Composer and engine, pipelined DATA', await profileOfEngine(bench, mails, NO_CHUNKING), mails),
        selfTimes('Composer and engine, lockstep', await profileOfEngine(bench, mails, IN_LOCKSTEP), mails),
        selfTimes('`cartero run`', await profileOfRun(bench, mails), mails),
      ],
      targets: [],
      remarks: [],
    };
  },
};

async function profileOfEngine({ workshop }: Bench, mails: number, flow: Partial<Work>): Promise<CpuProfile> {
  const sink = await Sink.start(workshop, loopback, 'tls');
  const { host, port } = sink.way;
  const work: Work = { mails, connections: CONNECTIONS, host, port, ca: workshop.ca, ...flow };
  const program = join(PROJECT, 'bench/programs/cartero-engine.ts');
  const found = await profileOf(workshop, [program, JSON.stringify(work)], workshop.folder);
  expectAll(await sink.end(), mails + warmUpMails(work), 'cartero-engine');
  return found;
}

async function profileOfRun({ workshop }: Bench, mails: number): Promise<CpuProfile> {
  const sink = await Sink.start(workshop, loopback, 'tls');
  const { cwd } = writeCampaign(mkdtempSync(join(workshop.folder, 'run-')), mails);
  const relay = `smtps://${sink.way.host}:${sink.way.port}?ca=${workshop.ca}`;
  const [, ...line] = cartero('run', 'bench', '--relay', relay, '--connections', String(CONNECTIONS));
  const found = await profileOf(workshop, line, cwd);
  expectAll(await sink.end(), mails, 'cartero run');
  return found;
}

async function profileOf(workshop: Workshop, line: readonly string[], cwd: string): Promise<CpuProfile> {
  const folder = mkdtempSync(join(workshop.folder, 'profile-'));
  const profiling = ['--cpu-prof', '--cpu-prof-interval', String(SAMPLING_US), '--cpu-prof-dir', folder];
  await outputOf([process.execPath, ...profiling, ...line], { cwd });
  const [file = ''] = readdirSync(folder);
  return JSON.parse(readFileSync(join(folder, file), 'utf8')) as CpuProfile;
}

function selfTimes(caption: string, { nodes, samples, timeDeltas }: CpuProfile, mails: number): Table {
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
    caption,
    columns: ['function', 'share', 'µs per mail'],
    rows: [
      ...longest.map(([name, us]) => [name, `${((100 * us) / busy).toFixed(1)} %`, (us / mails).toFixed(2)]),
      ['all', '100 %', (busy / mails).toFixed(2)],
    ],
  };
}

function nameOf({ functionName, url, lineNumber }: CallFrame): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  if (url.startsWith('file:')) return `${name}, ${fileURLToPath(url).slice(PROJECT.length + 1)}:${lineNumber + 1}`;
  return url === '' ? name : `${name}, ${url}`;
}
