/**
 * Tells the stories of many seeds:
 *
 *     npm run test:simulation                              20,000 seeds from 0
 *     npm run test:simulation -- --seeds 1000 --from 500   others
 *     npm run test:simulation -- --seed 7                  one of them again, made as short as it still goes wrong, and told
 *
 * SIMULATION_SEEDS does what --seeds does. Seeds are shared among as many processes as there are processors. Exit code 1
 * where one goes wrong; its number is printed.
 */
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { scenarioOf } from './scenario.ts';
import { type Share, type ShareEnd, sumOf } from './share.ts';
import { shrunk } from './shrink.ts';
import { tell } from './story.ts';

/** Failures that are shown. */
const SHOWN = 10;

const HELP = `npm run test:simulation                              20,000 seeds from 0
npm run test:simulation -- --seeds 1000 --from 500   others
npm run test:simulation -- --seed 7                  one of them again, made as short as it still goes wrong, and told`;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: process.env.SIMULATION_SEEDS ?? '20000' },
    from: { type: 'string', default: '0' },
    seed: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

if (values.help) console.log(HELP);
else process.exitCode = values.seed === undefined ? await many() : await one(whole(values.seed, 'seed'));

async function many(): Promise<number> {
  const seeds = whole(values.seeds, 'seeds');
  const from = whole(values.from, 'from');
  const parts = Math.max(1, availableParallelism());
  const began = performance.now();
  const ends = await Promise.all(Array.from({ length: parts }, (_, part) => share({ from, seeds, part, parts })));
  const { told, counts, failures } = sumOf(ends);
  const seconds = (performance.now() - began) / 1000;
  console.log(`${told.toLocaleString('en')} seeds from ${from} in ${seconds.toFixed(1)} s`);
  console.log(
    Object.entries(counts)
      .map(([name, count]) => `${name} ${count.toLocaleString('en')}`)
      .join(', '),
  );
  for (const { seed, violations } of failures.slice(0, SHOWN)) {
    console.log(`seed ${seed} goes wrong:\n  ${violations.slice(0, 3).join('\n  ')}`);
    console.log(`  again: npm run test:simulation -- --seed ${seed}`);
  }
  if (failures.length > SHOWN) console.log(`and ${failures.length - SHOWN} more`);
  return failures.length === 0 && told === seeds ? 0 : 1;
}

function share(request: Share): Promise<ShareEnd> {
  return new Promise((resolve, reject) => {
    const child = fork(new URL('./share-teller.ts', import.meta.url));
    child.once('message', (message) => {
      resolve(message as ShareEnd);
      child.disconnect();
    });
    child.once('exit', (code, signal) =>
      reject(new Error(`Cannot tell all seeds: a process ended with ${signal ?? code}`)),
    );
    child.send(request);
  });
}

async function one(seed: number): Promise<number> {
  const scenario = scenarioOf(seed);
  const { violations } = await tell(scenario);
  const shown = violations.length === 0 ? scenario : await shrunk(scenario);
  const { story, violations: left } = await tell(shown, true);
  console.log(JSON.stringify(shown, null, 2));
  console.log(story.join('\n'));
  console.log(
    left.length === 0 ? `seed ${seed}: nothing is wrong` : `seed ${seed} goes wrong:\n  ${left.join('\n  ')}`,
  );
  return violations.length === 0 ? 0 : 1;
}

function whole(text: string, name: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 0)
    throw new RangeError(`Cannot simulate: found --${name} ${JSON.stringify(text)}, a whole number is wanted`);
  return number;
}
