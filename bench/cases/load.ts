/** What loading the engine costs, bundled as it is deployed, beside the bare modules of Node that it cannot do without. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { outputOf } from '../child.ts';
import type { Bench, Case } from '../measuring.ts';
import { type Section, spread } from '../report.ts';
import { inTurns } from '../statistics.ts';
import { deployed } from '../workshop.ts';

/** Each takes a twentieth of a second: many are affordable, and needed. */
const ROUNDS_EACH = 5;
const BARE = 'node:net, node:tls, node:crypto';
const ENGINE = 'the engine, bundled (functions/smtp/mod.ts)';
const PEER = 'nodemailer';

export const load: Case = {
  name: 'load',
  summary: 'how long the bundled engine takes to load',
  async run({ workshop, options }: Bench): Promise<Section> {
    const bundle = await deployed('functions/smtp/mod.ts');
    const imports = new Map([
      [BARE, ['node:net', 'node:tls', 'node:crypto']],
      [ENGINE, [pathToFileURL(bundle).href]],
      [PEER, [import.meta.resolve('nodemailer')]],
    ]);
    const subjects = new Map(
      [...imports].map(([name, modules], index) => {
        const file = join(workshop.folder, `load-${index}.mjs`);
        writeFileSync(file, scriptOf(modules));
        return [name, async () => Number(await outputOf([process.execPath, file]))] as const;
      }),
    );
    const rounds = options.rounds * ROUNDS_EACH;
    const measured = await inTurns(subjects, rounds);
    const bare = measured.get(BARE) ?? [];
    const difference = (measured.get(ENGINE) ?? []).map((ms, round) => ms - (bare[round] ?? Number.NaN));
    return {
      title: 'Load time',
      method: `The bundle is minified; the package for SOCKS, loaded when there is such a proxy, is outside. From the first line of a script until what it imports is there, in a fresh process each time; ${rounds} interleaved rounds. Nothing is cached by NODE_COMPILE_CACHE.`,
      tables: [
        {
          columns: ['imported', 'ms'],
          rows: [...measured].map(([name, milliseconds]) => [name, spread(milliseconds)]),
        },
      ],
      targets: [
        {
          what: 'the engine loads later than the bare modules by',
          bound: 'at most',
          wanted: 5,
          unit: 'ms',
          reached: difference,
        },
      ],
      remarks: [],
    };
  },
};

function scriptOf(modules: readonly string[]): string {
  const lines = modules.map((name) => `await import(${JSON.stringify(name)});`);
  return ['const began = performance.now();', ...lines, 'console.log(performance.now() - began);', ''].join('\n');
}
