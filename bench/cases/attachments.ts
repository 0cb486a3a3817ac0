/** A large file in each mail: encoded once, or for each. */
import { Figures } from '../figures.ts';
import { type Bench, type Case, measureProgram, share } from '../measuring.ts';
import { loopback } from '../place.ts';
import type { Section } from '../report.ts';

const OCTETS = 1024 * 1024;
const PEER = 'nodemailer';
const CHUNKING = 'Cartero, CHUNKING';
const DATA = 'Cartero, pipelined DATA';

export const attachments: Case = {
  name: 'attachments',
  summary: '200 mails with the same file of 1 MiB, one connection, TLS',
  async run(bench: Bench): Promise<Section> {
    const mails = share(bench, 200);
    const subject = (name: 'cartero-engine' | 'nodemailer-pool', flow: object) => () => {
      const task = { mails, connections: 1, attachmentOctets: OCTETS, ...flow };
      return measureProgram(bench, { name, task, place: loopback, security: 'tls' });
    };
    const subjects = new Map([
      [PEER, subject('nodemailer-pool', {})],
      [CHUNKING, subject('cartero-engine', {})],
      [DATA, subject('cartero-engine', { without: ['CHUNKING'] })],
    ]);
    const figures = await Figures.take(subjects, bench.options.rounds);
    return {
      title: 'Attachments',
      method: `${mails} mails with the same file of 1 MiB, one connection, TLS, loopback. Cartero encodes the file once.`,
      tables: [figures.table()],
      targets: [CHUNKING, DATA].map((name) => ({
        what: `CPU per mail less than nodemailer's: ${name}`,
        bound: 'at least',
        wanted: 12,
        unit: '×',
        reached: figures.cpuRatio(PEER, name),
      })),
      remarks: [],
    };
  },
};
