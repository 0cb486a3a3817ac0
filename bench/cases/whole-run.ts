/** `cartero run`, whole, beside a script with csv-parse, handlebars and nodemailer that keeps nothing. */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { cartero, writeCampaign } from '../campaign.ts';
import { Figures } from '../figures.ts';
import { type Bench, type Case, measureWhole, share } from '../measuring.ts';
import { loopback } from '../place.ts';
import type { Measured } from '../programs/work.ts';
import type { Section } from '../report.ts';
import { Sink } from '../sink.ts';
import { bundled } from '../workshop.ts';

const CONNECTIONS = [1, 8];
/** A newsletter's audience: the start of the program counts, and is a small part of it. */
const RECIPIENTS = 100_000;
const peer = (connections: number) => `csv-parse, handlebars, nodemailer × ${connections}`;
const ours = (connections: number) => `cartero run × ${connections}`;

export const wholeRun: Case = {
  name: 'run',
  summary: 'the whole `cartero run`, ledger on, beside csv-parse, handlebars and nodemailer',
  async run(bench: Bench): Promise<Section> {
    const { rounds } = bench.options;
    const mails = share(bench, RECIPIENTS);
    const folder = mkdtempSync(join(bench.workshop.folder, 'run-'));
    const { cwd, campaign } = writeCampaign(folder, mails);
    const script = await bundled('bench/programs/script-with-nodemailer.ts', 'outside');
    const { ca } = bench.workshop;
    const measure = async (lineFor: (port: number) => readonly string[]) => {
      const sink = await Sink.start(bench.workshop, loopback, 'tls');
      return measureWhole(bench, { line: lineFor(sink.way.port), cwd, mails, sink });
    };
    const subjects = new Map<string, () => Promise<Measured>>();
    for (const connections of CONNECTIONS) {
      subjects.set(ours(connections), () =>
        measure((port) => {
          const state = mkdtempSync(join(folder, 'state-'));
          const relay = `smtps://127.0.0.1:${port}?ca=${ca}`;
          const words = ['--relay', relay, '--connections', String(connections), '--state', state];
          return cartero('run', 'bench', ...words).slice(1);
        }),
      );
      subjects.set(peer(connections), () =>
        measure((port) => [script, campaign, String(port), ca, String(connections)]),
      );
    }
    // Once before it counts: Cartero keeps its compiled code from one start to the next, as it does at a user's.
    await subjects.get(ours(1))?.();
    const figures = await Figures.take(subjects, rounds);
    return {
      title: 'Whole run',
      method: `${mails} recipients, TLS, loopback; start and end of the programs included. \`cartero run\` plans, keeps a frozen copy, a ledger with an intent on disk before each mail ends, and transcripts; the script keeps nothing.`,
      tables: [figures.table()],
      targets: CONNECTIONS.map((connections) => ({
        what: `CPU per mail less than the script's × ${connections}`,
        bound: 'at least',
        wanted: 10,
        unit: '×',
        reached: figures.cpuRatio(peer(connections), ours(connections)),
      })),
      remarks: [],
    };
  },
};
