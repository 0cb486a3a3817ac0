/** Without TLS, beside Postfix's own load generator in C, which repeats one mail and waits for each reply. */
import { existsSync } from 'node:fs';
import { outputOf } from '../child.ts';
import { Figures } from '../figures.ts';
import { type Bench, type Case, measureProgram, octetsPerMail } from '../measuring.ts';
import { LOOPBACK_HOST, loopback } from '../place.ts';
import type { Measured } from '../programs/work.ts';
import type { Section } from '../report.ts';
import { Sink } from '../sink.ts';

const PROGRAMS = ['/usr/sbin/smtp-source', '/usr/libexec/postfix/smtp-source', '/usr/bin/smtp-source'];
const CONNECTIONS = 8;
/** As long as the mails of the other programs. */
const MAIL_OCTETS = 5400;
const PEER = 'smtp-source × 8';
const CHUNKING = 'Cartero, CHUNKING × 8';
const DATA = 'Cartero, pipelined DATA × 8';

export const plain: Case = {
  name: 'plain',
  summary: "without TLS on 8 connections, beside Postfix's smtp-source",
  async run(bench: Bench): Promise<Section> {
    const { mails, rounds } = bench.options;
    const subject = (flow: object) => () => {
      const task = { mails, connections: CONNECTIONS, ...flow };
      return measureProgram(bench, { name: 'cartero-engine', task, place: loopback, security: 'plain' });
    };
    const subjects = new Map([
      [PEER, () => measureSmtpSource(bench)],
      [CHUNKING, subject({})],
      [DATA, subject({ without: ['CHUNKING'] })],
    ]);
    const figures = await Figures.take(subjects, rounds);
    const target = (name: string, wanted: number) => {
      const reached = figures.cpuRatio(name, PEER);
      return { what: `CPU per mail of smtp-source's: ${name}`, bound: 'at most', wanted, unit: '×', reached } as const;
    };
    return {
      title: 'Without TLS',
      method: `${mails} mails of 5 kB on ${CONNECTIONS} connections, loopback, in clear. smtp-source (\`-d -s ${CONNECTIONS}\`) is measured whole; its memory is not.`,
      tables: [figures.table()],
      targets: [target(DATA, 1.5), target(CHUNKING, 0.8)],
      remarks: [],
    };
  },
};

async function measureSmtpSource({ workshop, options: { mails } }: Bench): Promise<Measured> {
  const program = PROGRAMS.find((path) => existsSync(path));
  if (program === undefined)
    throw new Error('Cannot find smtp-source: Postfix is wanted (Debian: apt-get install postfix)');
  const sink = await Sink.start(workshop, loopback, 'plain');
  const words = ['-d', '-s', CONNECTIONS, '-m', mails, '-l', MAIL_OCTETS, '-f', 'news@example.com'].map(String);
  const to = ['-t', 'person@example.net', `${LOOPBACK_HOST}:${sink.way.port}`];
  // Node does not tell what a child has used; the shell does.
  const timed = 'TIMEFORMAT="%3R %3U %3S"; { time "$@" >/dev/null 2>/dev/null; } 2>&1';
  const said = await outputOf(['bash', '-c', timed, 'bash', program, ...words, ...to]);
  const octets = await octetsPerMail(sink, mails, program);
  const [seconds = 0, user = 0, system = 0] = said.trim().split(' ').map(Number);
  return { mails, seconds, cpuMs: (user + system) * 1000, rssMb: Number.NaN, octetsPerMail: octets };
}
