/** Peak memory of a fresh process. */
import { Figures } from '../figures.ts';
import { type Bench, type Case, measureProgram } from '../measuring.ts';
import { loopback } from '../place.ts';
import type { Section } from '../report.ts';

const PEER = 'nodemailer × 8';
const CHUNKING = 'Cartero, CHUNKING × 8';
const DATA = 'Cartero, pipelined DATA × 8';

export const memory: Case = {
  name: 'memory',
  summary: 'peak memory of a process that sends 5 kB mails on 8 connections, TLS',
  async run(bench: Bench): Promise<Section> {
    const { mails, rounds } = bench.options;
    const subject = (name: 'cartero-engine' | 'nodemailer-pool', flow: object) => () =>
      measureProgram(bench, { name, task: { mails, connections: 8, ...flow }, place: loopback, security: 'tls' });
    const subjects = new Map([
      [PEER, subject('nodemailer-pool', {})],
      [CHUNKING, subject('cartero-engine', {})],
      [DATA, subject('cartero-engine', { without: ['CHUNKING'] })],
    ]);
    const figures = await Figures.take(subjects, rounds);
    return {
      title: 'Memory',
      method: `The most resident memory of a fresh process, its start included: ${mails} mails of 5 kB, 8 connections, TLS.`,
      tables: [figures.table()],
      targets: [CHUNKING, DATA].map((name) => ({
        what: `peak memory of nodemailer's: ${name}`,
        bound: 'at most',
        wanted: 0.6,
        unit: '×',
        reached: figures.memoryRatio(PEER, name),
      })),
      remarks: [],
    };
  },
};
