/** The engine with the composer, over TLS on loopback, in each of its modes. */
import { Figures } from '../figures.ts';
import { type Bench, type Case, type LimitMode, measureLimit, measureProgram, type Task } from '../measuring.ts';
import { loopback } from '../place.ts';
import type { Measured } from '../programs/work.ts';
import type { Section, Target } from '../report.ts';

const DEPTH = 16;
const CONNECTIONS = [1, 8];

/** Cartero's modes, by what it is told to do without; the server offers all. */
const MODES = [
  { name: 'CHUNKING', flow: { depth: DEPTH }, cpu: 25, rate: 25 },
  { name: 'pipelined DATA', flow: { without: ['CHUNKING'] }, cpu: 12, rate: 10 },
  { name: 'lockstep', flow: { without: ['CHUNKING', 'PIPELINING'] }, cpu: 5, rate: null },
] as const;

const LIMITS: readonly LimitMode[] = ['chunking', 'pipelining', 'lockstep'];

const peer = (connections: number) => `nodemailer × ${connections}`;
const ours = (mode: string, connections: number) => `Cartero, ${mode} × ${connections}`;

export const engine: Case = {
  name: 'engine',
  summary: 'composer and engine beside nodemailer: 5 kB mails, TLS, 1 and 8 connections, each mode',
  async run(bench: Bench): Promise<Section> {
    const { mails, rounds } = bench.options;
    const subjects = new Map<string, () => Promise<Measured>>();
    const program = (name: 'cartero-engine' | 'nodemailer-pool', task: Task) => () =>
      measureProgram(bench, { name, task, place: loopback, security: 'tls' });
    for (const connections of CONNECTIONS) {
      subjects.set(peer(connections), program('nodemailer-pool', { mails, connections }));
      for (const { name, flow } of MODES) {
        subjects.set(ours(name, connections), program('cartero-engine', { mails, connections, ...flow }));
      }
    }
    for (const mode of LIMITS) {
      const limit = { mode, depth: DEPTH, mails, security: 'tls' as const };
      subjects.set(`C with OpenSSL, ${mode} × 1`, () => measureLimit(bench, limit, loopback));
    }
    const figures = await Figures.take(subjects, rounds);
    return {
      title: 'Engine',
      method: `Every mail composed and sent: ${mails} mails (after a fifth as many that do not count) of text and HTML, 5 kB, TLS, loopback, depth ${DEPTH} with CHUNKING. "× 8": eight connections. The C program repeats one mail: the limit.`,
      tables: [figures.table()],
      targets: targetsOf(figures),
      remarks: [],
    };
  },
};

function targetsOf(figures: Figures): Target[] {
  const cpu = CONNECTIONS.flatMap((connections) =>
    MODES.map(
      ({ name, cpu: wanted }): Target => ({
        what: `CPU per mail less than nodemailer's: ${name} × ${connections}`,
        bound: 'at least',
        wanted,
        unit: '×',
        reached: figures.cpuRatio(peer(connections), ours(name, connections)),
      }),
    ),
  );
  const rate = MODES.flatMap(({ name, rate: wanted }): Target[] => {
    if (wanted === null) return [];
    const reached = figures.rateRatio(peer(8), ours(name, 8));
    return [{ what: `mails per second of nodemailer's: ${name} × 8`, bound: 'at least', wanted, unit: '×', reached }];
  });
  return [...cpu, ...rate];
}
