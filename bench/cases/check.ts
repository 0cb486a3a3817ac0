/** `cartero check`, whole: the newsletter with its languages, link to leave and files, for row after row of a large audience. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cartero } from '../campaign.ts';
import { outputOf } from '../child.ts';
import { type Bench, type Case, share } from '../measuring.ts';
import type { OwnMeasure } from '../programs/work.ts';
import { figure, type Section, spread } from '../report.ts';
import { inTurns } from '../statistics.ts';
import { bundled, PROJECT } from '../workshop.ts';

const ROWS = 100_000;
const NEWSLETTER = join(PROJECT, 'templates/newsletter/subscribers.csv');

type Checked = Pick<OwnMeasure, 'cpuMs' | 'rssMb'> & { readonly seconds: number };

export const check: Case = {
  name: 'check',
  summary: '`cartero check` of the newsletter against 100,000 rows',
  async run(bench: Bench): Promise<Section> {
    const rows = share(bench, ROWS);
    const audience = join(bench.workshop.folder, 'subscribers.csv');
    writeFileSync(audience, audienceOf(rows));
    const measured = await inTurns(
      new Map([['cartero check', () => measure(bench, audience, rows)]]),
      bench.options.rounds,
    );
    const values = [...measured.values()].flat();
    const seconds = values.map((each) => each.seconds);
    return {
      title: 'Check',
      method: `The newsletter in Spanish and English, with the rows of its own audience again and again under other addresses: ${figure(rows)} rows, each of them rendered and looked at. Start and end of the program included.`,
      tables: [
        {
          columns: ['program', 'seconds', 'CPU-s', 'peak memory, MB'],
          rows: [
            [
              'cartero check',
              spread(seconds),
              spread(values.map(({ cpuMs }) => cpuMs / 1000)),
              spread(values.map(({ rssMb }) => rssMb)),
            ],
          ],
        },
      ],
      targets: [
        { what: `seconds for ${figure(rows)} rows`, bound: 'at most', wanted: 10, unit: 's', reached: seconds },
      ],
      remarks: [],
    };
  },
};

function audienceOf(rows: number): string {
  const [head = '', ...people] = readFileSync(NEWSLETTER, 'utf8').trimEnd().split('\n');
  return `${[head, ...Array.from({ length: rows }, (_, row) => `${row}.${people[row % people.length]}`)].join('\n')}\n`;
}

/** @throws where a row was not looked at, or has a problem: that would be an error, not a figure */
async function measure({ workshop }: Bench, audience: string, rows: number): Promise<Checked> {
  const usage = join(workshop.folder, 'usage.json');
  const atExit = await bundled('bench/programs/usage-at-exit.ts', 'inside');
  const [node, ...words] = cartero('check', 'newsletter', '--audience', audience, '--json');
  const began = performance.now();
  const said = await outputOf([node, '--import', atExit, ...words], {
    cwd: PROJECT,
    env: { ...process.env, BENCH_USAGE: usage },
  });
  const seconds = (performance.now() - began) / 1000;
  const { errors, warnings, campaigns } = JSON.parse(said);
  if (errors + warnings > 0 || campaigns[0]?.recipients !== rows)
    throw new Error(`Cannot measure: found ${said.slice(0, 500)}, ${rows} rows in order are wanted`);
  const { cpuMs, rssMb } = JSON.parse(readFileSync(usage, 'utf8')) as Pick<OwnMeasure, 'cpuMs' | 'rssMb'>;
  return { seconds, cpuMs, rssMb };
}
