/** Planning: rows per second and peak memory, with nothing written and into a state's ledger. */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeAudience } from '../audience.ts';
import { writeCampaign } from '../campaign.ts';
import { outputOf } from '../child.ts';
import { type Bench, type Case, share } from '../measuring.ts';
import type { PlanningMeasure, PlanningWork } from '../programs/planning.ts';
import { figure, type Section, spread, type Target } from '../report.ts';
import { inTurns } from '../statistics.ts';
import { bundled } from '../workshop.ts';

const SIZES = [100_000, 1_000_000, 10_000_000];
/** The largest takes minutes, and says the same each time. */
const ONCE = 10_000_000;
const RATE_SIZE = 1_000_000;

type Way = 'nothing written' | 'into a state';
const WAYS: readonly Way[] = ['nothing written', 'into a state'];
const nameOf = (rows: number, way: Way) => `${figure(rows)} rows, ${way}`;

export const plan: Case = {
  name: 'plan',
  summary: 'planning 100,000 to 10,000,000 rows: rows per second, peak memory',
  async run(bench: Bench): Promise<Section> {
    const folder = mkdtempSync(join(bench.workshop.folder, 'plan-'));
    const { campaign } = writeCampaign(folder, 1);
    const program = await bundled('bench/programs/planning.ts', 'outside');
    const found = new Map<string, readonly PlanningMeasure[]>();
    for (const size of SIZES) {
      const rows = share(bench, size);
      const audience = join(folder, 'list.csv');
      const counts = writeAudience(audience, rows);
      const subject = (way: Way) => async () => {
        const state = way === 'into a state' ? mkdtempSync(join(folder, 'state-')) : null;
        const measured = await measure(program, { campaign, audience, state });
        if (state !== null) rmSync(state, { recursive: true });
        expectCounts(measured, { rows, ...counts });
        return measured;
      };
      const subjects = new Map(WAYS.map((way) => [nameOf(rows, way), subject(way)]));
      const measured = await inTurns(subjects, size === ONCE ? 1 : bench.options.rounds);
      for (const [name, values] of measured) found.set(name, values);
    }
    return sectionOf(found, share(bench, RATE_SIZE), share(bench, ONCE));
  },
};

async function measure(program: string, work: PlanningWork): Promise<PlanningMeasure> {
  return JSON.parse(await outputOf([process.execPath, program, JSON.stringify(work)])) as PlanningMeasure;
}

/** @throws where somebody is missing or there twice: that would be an error, not a figure */
function expectCounts(measured: PlanningMeasure, wanted: { rows: number; duplicates: number; invalid: number }): void {
  const { rows, duplicates, invalid, recipients } = measured;
  const same = rows === wanted.rows && duplicates === wanted.duplicates && invalid === wanted.invalid;
  if (same && recipients === rows - duplicates) return;
  throw new Error(`planning found ${JSON.stringify(measured)}, wanted ${JSON.stringify(wanted)}`);
}

function sectionOf(found: ReadonlyMap<string, readonly PlanningMeasure[]>, rows: number, most: number): Section {
  const values = (name: string, pick: (measured: PlanningMeasure) => number) => (found.get(name) ?? []).map(pick);
  const rate = (way: Way): Target => ({
    what: `${figure(rows)} rows, ${way}`,
    bound: 'at least',
    wanted: 200_000,
    unit: 'rows/s',
    reached: values(nameOf(rows, way), rateOf),
  });
  const memory = (way: Way): Target => ({
    what: `peak memory, ${figure(most)} rows, ${way}`,
    bound: 'at most',
    wanted: 250,
    unit: 'MB',
    reached: values(nameOf(most, way), ({ rssMb }) => rssMb),
  });
  return {
    title: 'Planning',
    method:
      'A CSV file with five columns, of which the campaign uses two; 1 % of the rows are duplicates, 0.1 % have no address. A fresh process each time; its start is not in the rate, reading the file is. "Into a state": with the frozen copy, batch files and the ledger, each made durable.',
    tables: [
      {
        columns: ['plan', 'rows/s', 'CPU-µs per row', 'peak memory, MB'],
        rows: [...found.keys()].map((name) => [
          name,
          spread(values(name, rateOf)),
          spread(values(name, ({ rows: each, cpuMs }) => (cpuMs * 1000) / each)),
          spread(values(name, ({ rssMb }) => rssMb)),
        ]),
      },
    ],
    targets: [...WAYS.map(rate), ...WAYS.map(memory)],
    remarks: [],
  };
}

function rateOf({ rows, seconds }: PlanningMeasure): number {
  return rows / seconds;
}
