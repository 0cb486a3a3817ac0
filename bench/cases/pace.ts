/** Whether a run keeps the pace that it is told: mails per second over its sending, on a real clock. */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { cartero, writeCampaign } from '../campaign.ts';
import { outputOf } from '../child.ts';
import type { Bench, Case } from '../measuring.ts';
import { loopback } from '../place.ts';
import { type Section, spread } from '../report.ts';
import { expectAll, Sink } from '../sink.ts';
import { inTurns } from '../statistics.ts';

/** Mails per second that are asked for. */
const RATES = [20, 200, 2000];
const SECONDS = 15;
const CONNECTIONS = 4;

export const pace: Case = {
  name: 'pace',
  summary: '`cartero run --rate N`: how near to N the mails per second are',
  async run(bench: Bench): Promise<Section> {
    const subjects = new Map(RATES.map((rate) => [String(rate), () => rateHeld(bench, rate)]));
    const measured = await inTurns(subjects, bench.options.rounds);
    return {
      title: 'Pace',
      method: `\`cartero run --rate N\`, ${CONNECTIONS} connections, TLS, loopback, ${SECONDS} s of mails. Counted from the first outcome to the last, as the ledger dates them.`,
      tables: [
        {
          columns: ['mails/s asked for', 'mails/s held'],
          rows: [...measured].map(([rate, held]) => [rate, spread(held)]),
        },
      ],
      targets: RATES.map((rate) => ({
        what: `off the pace of ${rate} mails per second`,
        bound: 'at most',
        wanted: 2,
        unit: '%',
        reached: (measured.get(String(rate)) ?? []).map((held) => (100 * Math.abs(held - rate)) / rate),
      })),
      remarks: [],
    };
  },
};

async function rateHeld({ workshop }: Bench, rate: number): Promise<number> {
  const mails = rate * SECONDS;
  const { cwd } = writeCampaign(mkdtempSync(join(workshop.folder, 'pace-')), mails);
  const sink = await Sink.start(workshop, loopback, 'tls');
  const relay = `smtps://${sink.way.host}:${sink.way.port}?ca=${workshop.ca}`;
  const words = ['--relay', relay, '--rate', String(rate), '--connections', String(CONNECTIONS)];
  await outputOf(cartero('run', 'bench', ...words), { cwd });
  expectAll(await sink.end(), mails, 'cartero run');
  const lines = (await outputOf(cartero('status', '--recipients'), { cwd })).trimEnd().split('\n');
  const moments = lines.map((line) => Date.parse((JSON.parse(line) as { readonly at: string }).at));
  const seconds = (Math.max(...moments) - Math.min(...moments)) / 1000;
  return (moments.length - 1) / seconds;
}
