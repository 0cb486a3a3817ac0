/** What DKIM costs a mail: its body's hash, and a signature for each key. */
import { outputOf } from '../child.ts';
import { type Bench, type Case, share } from '../measuring.ts';
import { type Section, spread } from '../report.ts';
import { inTurns } from '../statistics.ts';
import { bundled } from '../workshop.ts';

/** RSA takes about a millisecond each. */
const MAILS = 5000;

export const dkim: Case = {
  name: 'dkim',
  summary: 'CPU that signing adds to a mail of 5 kB, by RSA-2048, Ed25519 and both',
  async run(bench: Bench): Promise<Section> {
    const program = await bundled('bench/programs/dkim-signing.ts', 'outside');
    const mails = share(bench, MAILS);
    const measure = (keys: string) => async () =>
      Number(await outputOf([process.execPath, program, String(mails), keys]));
    const subjects = new Map([
      ['RSA-2048', measure('rsa')],
      ['Ed25519', measure('ed25519')],
      ['both', measure('rsa,ed25519')],
    ]);
    const measured = await inTurns(subjects, bench.options.rounds);
    return {
      title: 'DKIM',
      method: `${mails} mails of 5 kB, composed before, are signed one after the other in a fresh process; canonical forms and the body's hash are in it.`,
      tables: [
        { columns: ['keys', 'CPU ms per mail'], rows: [...measured].map(([name, values]) => [name, spread(values)]) },
      ],
      targets: [],
      remarks: [],
    };
  },
};
