/** One connection over a long way: what each round trip costs. */
import { Figures } from '../figures.ts';
import { type Bench, type Case, measureProgram, share } from '../measuring.ts';
import { openLink } from '../place.ts';
import type { Section } from '../report.ts';

const ROUND_TRIP_MS = 40;
const PEER = 'nodemailer';

/** Mails enough that the window's growth is a small part; the slower, the fewer. */
const SUBJECTS = [
  { name: 'Cartero, CHUNKING, depth 64', flow: { depth: 64 }, mails: 4000, wanted: 40 },
  { name: 'Cartero, CHUNKING, depth 16', flow: { depth: 16 }, mails: 2000, wanted: 20 },
  { name: 'Cartero, pipelined DATA', flow: { without: ['CHUNKING'] }, mails: 150, wanted: 1.9 },
] as const;

export const delay: Case = {
  name: 'delay',
  summary: 'one connection at 40 ms round trip, TLS',
  async run(bench: Bench): Promise<Section> {
    const place = await openLink(ROUND_TRIP_MS);
    try {
      const subject = (name: 'cartero-engine' | 'nodemailer-pool', mails: number, flow: object) => () =>
        measureProgram(bench, { name, task: { mails, connections: 1, ...flow }, place, security: 'tls' });
      const subjects = new Map([
        [PEER, subject('nodemailer-pool', share(bench, 80), {})],
        ...SUBJECTS.map(
          ({ name, flow, mails }) => [name, subject('cartero-engine', share(bench, mails), flow)] as const,
        ),
      ]);
      const figures = await Figures.take(subjects, bench.options.rounds);
      return {
        title: 'One connection, 40 ms round trip',
        method: `TLS, ${place.description}; a fifth as many mails before it counts. Mails: ${[share(bench, 80), ...SUBJECTS.map(({ mails }) => share(bench, mails))].join(', ')}.`,
        tables: [figures.table()],
        targets: SUBJECTS.map(({ name, wanted }) => ({
          what: `mails per second of nodemailer's: ${name}`,
          bound: 'at least',
          wanted,
          unit: '×',
          reached: figures.rateRatio(PEER, name),
        })),
        remarks: [],
      };
    } finally {
      await place.close();
    }
  },
};
