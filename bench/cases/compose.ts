/** What composing alone costs a mail, and that it keeps nothing of those before. */
import { outputOf } from '../child.ts';
import { type Bench, type Case, share } from '../measuring.ts';
import { figure, type Section, spread } from '../report.ts';
import { inTurns, ratios } from '../statistics.ts';
import { bundled } from '../workshop.ts';

const MAILS = 20_000;
const TIMES = 10;

interface Composed {
  readonly cpuMs: number;
  /** Of one mail. */
  readonly octets: number;
  /** In use when all mails are composed. */
  readonly usedMb: number;
  readonly rssMb: number;
}

export const compose: Case = {
  name: 'compose',
  summary: 'CPU that composing takes for a mail of 5 kB, and memory for ten times as many mails',
  async run(bench: Bench): Promise<Section> {
    const program = await bundled('bench/programs/composing.ts', 'outside');
    // Whole steps of the program.
    const few = Math.max(1, Math.round(share(bench, MAILS) / 500)) * 500;
    const measure = (mails: number) => async () =>
      JSON.parse(await outputOf([process.execPath, '--expose-gc', program, String(mails)])) as Composed;
    const subjects = new Map([few, few * TIMES].map((mails) => [`${figure(mails)} mails`, measure(mails)]));
    const measured = await inTurns(subjects, bench.options.rounds);
    const [some = [], many = []] = measured.values();
    const used = (values: readonly Composed[]) => values.map(({ usedMb }) => usedMb);
    return {
      title: 'Composing',
      method: `Mails of ${figure(many[0]?.octets ?? Number.NaN)} octets, text and HTML, no two alike, composed one after the other in a fresh process after 5,000 that do not count; rendering and DKIM are not in it.`,
      tables: [
        {
          columns: ['', 'CPU-ms per mail', 'memory in use at the end, MB', 'peak memory, MB'],
          rows: [...measured].map(([name, values]) => [
            name,
            spread(values.map(({ cpuMs }) => cpuMs)),
            spread(used(values)),
            spread(values.map(({ rssMb }) => rssMb)),
          ]),
        },
      ],
      targets: [
        {
          what: 'CPU per mail',
          bound: 'at most',
          wanted: 0.03,
          unit: 'ms',
          reached: many.map(({ cpuMs }) => cpuMs),
        },
        {
          what: `memory in use after ${TIMES} times as many mails`,
          bound: 'at most',
          wanted: 1.1,
          unit: '×',
          reached: ratios(used(many), used(some)),
        },
      ],
      remarks: [
        'The peak is how much garbage V8 lets lie before it looks, which grows while it is busy; in use is what is kept.',
      ],
    };
  },
};
