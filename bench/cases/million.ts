/** Whole runs of 10,000 to 1,000,000 recipients, one in a hundred of which fails: what grows, and how the end is read. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { cartero, writeCampaign } from '../campaign.ts';
import { throwIfInterrupted } from '../child.ts';
import { type Bench, type Case, share } from '../measuring.ts';
import { loopback } from '../place.ts';
import type { OwnMeasure } from '../programs/work.ts';
import { tellProgress } from '../progress.ts';
import { figure, type Section, type Table } from '../report.ts';
import { Sink } from '../sink.ts';
import { type Sample, slopeOf, watched } from '../watch.ts';
import { bundled } from '../workshop.ts';

const SIZES = [10_000, 100_000, 1_000_000];
const CONNECTIONS = 8;
/** One mail in so many is refused, deferred or cut off. */
const EVERY = 100;
const SAMPLING_MS = 200;
/** Settled recipients, and others: all that a run's totals speak of. */
const OUTCOMES = ['accepted', 'refused', 'deferred', 'uncertain', 'pending', 'invalid', 'quarantined'] as const;

interface Mailing {
  readonly recipients: number;
  readonly seconds: number;
  readonly cpuMs: number;
  readonly peakMb: number;
  readonly samples: readonly Sample[];
  readonly totals: Readonly<Record<string, number>>;
  readonly ledgerMb: number;
  readonly stateMb: number;
  readonly readings: readonly Reading[];
}

/** A command that looks at the finished run. */
interface Reading {
  readonly what: string;
  readonly seconds: number;
  readonly peakMb: number;
}

export const million: Case = {
  name: 'million',
  summary: '10,000 to 1,000,000 recipients with 1 % faults: time, memory, descriptors, the ledger, and reading it',
  async run(bench: Bench): Promise<Section> {
    const mailings: Mailing[] = [];
    for (const size of SIZES) {
      throwIfInterrupted();
      tellProgress(`${figure(share(bench, size))} recipients`);
      mailings.push(await mailTo(bench, share(bench, size)));
    }
    const perMail = mailings.map(({ seconds, recipients }) => seconds / recipients);
    return {
      title: 'A million recipients',
      method: `\`cartero run --once\`, whole, ${CONNECTIONS} connections, TLS, loopback, 5 kB; one mail in ${EVERY} fails: its recipient is refused or deferred, the mail is refused or deferred at its end, or the connection is cut there. Once each. Memory and descriptors are read from outside five times a second; the slope is that of the last three quarters of the time.`,
      tables: [runsTable(mailings), readingsTable(mailings)],
      targets: [
        {
          what: `time per mail, ${figure(mailings.at(-1)?.recipients ?? 0)} recipients in units of ${figure(mailings.at(-2)?.recipients ?? 0)}`,
          bound: 'at most',
          wanted: 1.1,
          unit: '×',
          reached: [(perMail.at(-1) ?? Number.NaN) / (perMail.at(-2) ?? Number.NaN)],
        },
      ],
      remarks: [],
    };
  },
};

async function mailTo({ workshop }: Bench, recipients: number): Promise<Mailing> {
  const folder = mkdtempSync(join(workshop.folder, 'million-'));
  const { cwd } = writeCampaign(folder, recipients);
  const state = join(folder, 'state');
  const sink = await Sink.start(workshop, loopback, 'tls', EVERY);
  const relay = `smtps://${sink.way.host}:${sink.way.port}?ca=${workshop.ca}`;
  const words = ['run', 'bench', '--relay', relay, '--connections', String(CONNECTIONS), '--state', state];
  const run = await command(workshop.folder, cwd, [...words, '--once', '--json']);
  const totals = JSON.parse(run.lastLine) as Record<string, number>;
  const counts = await sink.end();
  const settled = OUTCOMES.reduce((sum, outcome) => sum + (totals[outcome] ?? 0), 0);
  const doubt = counts.mails - (totals.accepted ?? 0);
  if (settled !== recipients || doubt < 0 || doubt > (totals.uncertain ?? 0) || counts.outOfOrder > 0) {
    throw new Error(
      `a mailing to ${recipients} ended with ${run.lastLine}, and the server has ${JSON.stringify(counts)}`,
    );
  }
  const mailing = {
    recipients,
    totals,
    ...run,
    ledgerMb: sizeMb(state, (name) => name.startsWith('ledger.sqlite')),
    stateMb: sizeMb(state, () => true),
    readings: await readings(workshop.folder, cwd, state),
  };
  rmSync(folder, { recursive: true });
  return mailing;
}

interface Command {
  readonly lastLine: string;
  readonly seconds: number;
  readonly cpuMs: number;
  readonly peakMb: number;
  readonly samples: readonly Sample[];
}

async function command(folder: string, cwd: string, words: readonly string[]): Promise<Command> {
  const usage = join(folder, 'usage.json');
  const atExit = await bundled('bench/programs/usage-at-exit.ts', 'inside');
  const [node, ...line] = cartero(...words);
  const env = { BENCH_USAGE: usage };
  const { lastLine, seconds, samples } = await watched([node, '--import', atExit, ...line], {
    cwd,
    env,
    everyMs: SAMPLING_MS,
  });
  const { cpuMs, rssMb } = JSON.parse(readFileSync(usage, 'utf8')) as Pick<OwnMeasure, 'cpuMs' | 'rssMb'>;
  return { lastLine, seconds, cpuMs, peakMb: rssMb, samples };
}

/** What people look at when a run is over. */
async function readings(folder: string, cwd: string, state: string): Promise<Reading[]> {
  const looks: readonly (readonly [what: string, ...words: string[]])[] = [
    ['status', 'status', '--json'],
    ['status of each recipient', 'status', '--recipients', '--json'],
    ['trace of one', 'trace', 'person77@example.com', '--json'],
  ];
  const found: Reading[] = [];
  for (const [what, ...words] of looks) {
    const { seconds, peakMb } = await command(folder, cwd, [...words, '--state', state]);
    found.push({ what, seconds, peakMb });
  }
  return found;
}

function sizeMb(folder: string, isMeant: (name: string) => boolean): number {
  const names = readdirSync(folder, { recursive: true }) as string[];
  const octets = names.filter(isMeant).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
  return octets / 2 ** 20;
}

function runsTable(mailings: readonly Mailing[]): Table {
  return {
    columns: [
      'recipients',
      'seconds',
      'mails/s',
      'CPU-ms per mail',
      'peak memory, MB',
      'memory slope, MB per 100,000 mails',
      'descriptors, most and last',
      'ledger, MB',
      'state, MB',
      'accepted, refused, deferred, uncertain',
    ],
    rows: mailings.map((mailing) => {
      const { recipients, seconds, cpuMs, peakMb, samples, ledgerMb, stateMb, totals } = mailing;
      const late = samples.filter((sample) => sample.seconds > seconds / 4);
      const perMails = (slopeOf(late, ({ rssMb }) => rssMb) * seconds * 100_000) / recipients;
      const descriptors = samples.map((sample) => sample.descriptors);
      const { accepted = 0, refused = 0, deferred = 0, uncertain = 0 } = totals;
      return [
        figure(recipients),
        figure(seconds),
        figure(recipients / seconds),
        figure(cpuMs / recipients),
        figure(peakMb),
        figure(perMails),
        `${Math.max(...descriptors)}, ${descriptors.at(-1)}`,
        figure(ledgerMb),
        figure(stateMb),
        [accepted, refused, deferred, uncertain].map(String).join(', '),
      ];
    }),
  };
}

function readingsTable(mailings: readonly Mailing[]): Table {
  return {
    caption: 'Reading the state afterwards, the start of the program included',
    columns: ['recipients', 'what', 'seconds', 'peak memory, MB'],
    rows: mailings.flatMap(({ recipients, readings: each }) =>
      each.map(({ what, seconds, peakMb }) => [figure(recipients), what, figure(seconds), figure(peakMb)]),
    ),
  };
}
