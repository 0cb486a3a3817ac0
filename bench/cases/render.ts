/** Templates rendered by themselves, beside Handlebars with the same templates precompiled. */
import { outputOf } from '../child.ts';
import { type Bench, type Case, share } from '../measuring.ts';
import { figure, type Section, spread } from '../report.ts';
import { inTurns, ratios } from '../statistics.ts';
import { bundled } from '../workshop.ts';

const RENDERS = 100_000;
const OURS = 'Cartero';
const PEER = 'Handlebars, precompiled';

interface Rendered {
  readonly renders: number;
  readonly seconds: number;
  readonly cpuMs: number;
  /** Of one output. */
  readonly octets: number;
  readonly digest: string;
}

export const render: Case = {
  name: 'render',
  summary: 'a newsletter of 8 kB rendered, beside precompiled Handlebars',
  async run(bench: Bench): Promise<Section> {
    const program = await bundled('bench/programs/rendering.ts', 'outside');
    const renders = share(bench, RENDERS);
    const measure = (who: string) => async () =>
      JSON.parse(await outputOf([process.execPath, program, who, String(renders)])) as Rendered;
    const subjects = new Map([
      [OURS, measure('cartero')],
      [PEER, measure('handlebars')],
    ]);
    const measured = await inTurns(subjects, bench.options.rounds);
    const all = [...measured.values()].flat();
    if (new Set(all.map(({ digest }) => digest)).size !== 1) throw new Error('The programs render different texts');
    const rates = (name: string) => (measured.get(name) ?? []).map(({ renders, seconds }) => renders / seconds);
    return {
      title: 'Rendering',
      method: `${renders} renderings of an HTML of ${figure(all[0]?.octets ?? Number.NaN)} octets in a fresh process, each with another row: a layout, partials with literals and with the row's values, six offers in a list, conditions, some fifty values. Handlebars is not strict and escapes; both outputs are the same, octet for octet, and are read to their end. Ours checks each row and each value.`,
      tables: [
        {
          columns: ['program', 'renders/s', 'CPU-µs per render'],
          rows: [...measured].map(([name, values]) => [
            name,
            spread(rates(name)),
            spread(values.map(({ cpuMs }) => (1000 * cpuMs) / renders)),
          ]),
        },
      ],
      targets: [
        {
          what: "renders per second of precompiled Handlebars'",
          bound: 'at least',
          wanted: 2,
          unit: '×',
          reached: ratios(rates(OURS), rates(PEER)),
        },
      ],
      remarks: [],
    };
  },
};
