/** The same sender with its ledger on disk and with one that keeps nothing: what being durable costs. */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeCampaign } from '../campaign.ts';
import { outputOf } from '../child.ts';
import type { Bench, Case } from '../measuring.ts';
import { loopback } from '../place.ts';
import type { SendingMeasure, SendingWork } from '../programs/sending.ts';
import { type Section, spread } from '../report.ts';
import { expectAll, Sink } from '../sink.ts';
import { inTurns, ratios } from '../statistics.ts';
import { bundled } from '../workshop.ts';

const CONNECTIONS = 8;
const LEDGERS: readonly SendingWork['ledger'][] = ['SQLite', 'none'];
const nameOf = (ledger: SendingWork['ledger']) =>
  ledger === 'none' ? 'a ledger that keeps nothing' : 'the SQLite ledger';

export const ledger: Case = {
  name: 'ledger',
  summary: 'the sender with its ledger on disk beside the same sender with one that keeps nothing',
  async run(bench: Bench): Promise<Section> {
    const { mails, rounds } = bench.options;
    const folder = mkdtempSync(join(bench.workshop.folder, 'ledger-'));
    const { campaign } = writeCampaign(folder, mails);
    const program = await bundled('bench/programs/sending.ts', 'outside');
    const subject = (each: SendingWork['ledger']) => async (): Promise<SendingMeasure> => {
      const state = mkdtempSync(join(folder, 'state-'));
      const sink = await Sink.start(bench.workshop, loopback, 'tls');
      const { host, port } = sink.way;
      const { ca } = bench.workshop;
      const work: SendingWork = { campaign, state, ledger: each, connections: CONNECTIONS, host, port, ca };
      const said = await outputOf([process.execPath, program, JSON.stringify(work)]);
      expectAll(await sink.end(), mails, 'the sender');
      rmSync(state, { recursive: true });
      return JSON.parse(said) as SendingMeasure;
    };
    const measured = await inTurns(new Map(LEDGERS.map((each) => [each, subject(each)])), rounds);
    const values = (each: SendingWork['ledger'], pick: (one: SendingMeasure) => number) =>
      (measured.get(each) ?? []).map(pick);
    const rate = (one: SendingMeasure) => one.mails / one.seconds;
    return {
      title: 'The ledger',
      method: `\`sendRun\` over ${CONNECTIONS} connections, ${mails} mails of 5 kB, TLS, loopback, the default depth; planning is not measured. Transcripts and results are written in both. A write is a commit that is on disk before anything goes on.`,
      tables: [
        {
          columns: [
            'ledger',
            'mails/s',
            'CPU-ms per mail',
            'writes per mail',
            'outcomes and intents per write',
            'kB written per mail',
          ],
          rows: LEDGERS.map((each) => [
            nameOf(each),
            spread(values(each, rate)),
            spread(values(each, (one) => one.cpuMs / one.mails)),
            spread(values(each, (one) => one.commits / one.mails)),
            spread(values(each, (one) => (one.settled + one.intended) / one.commits)),
            spread(values(each, (one) => one.octetsWritten / 1000 / one.mails)),
          ]),
        },
      ],
      targets: [
        {
          what: 'rate with the SQLite ledger in units of the rate without',
          bound: 'at least',
          wanted: 0.8,
          unit: '×',
          reached: ratios(values('SQLite', rate), values('none', rate)),
        },
      ],
      remarks: [],
    };
  },
};
