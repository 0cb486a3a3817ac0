/**
 * Fuzzes the parsers:
 *
 *     npm run fuzz                                         all targets, 1,000,000 inputs each
 *     npm run fuzz -- --target reply,csv --inputs 50000    some of them
 *     npm run fuzz -- --seed 7                             the same inputs again
 *     npm run fuzz -- --replay FILE                        the input of a failure again
 *
 * The first thing that is wrong with a target ends it; its input is shown and kept in a file. Exit code 1 then.
 */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Failure, type FuzzReport, replay } from './fuzzer.ts';
import { TARGETS, targetNamed } from './targets/all.ts';
import { fuzzWatched } from './watched.ts';

const SHOWN_HEX = 400;

const { values } = parseArgs({
  options: {
    target: { type: 'string', default: TARGETS.map(({ name }) => name).join(',') },
    inputs: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 32) },
    replay: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

const HELP = `npm run fuzz                                         all targets, 1,000,000 inputs each
npm run fuzz -- --target reply,csv --inputs 50000    some of them
npm run fuzz -- --seed 7                             the same inputs again
npm run fuzz -- --replay FILE                        the input of a failure again

Targets: ${TARGETS.map(({ name }) => name).join(', ')}`;

if (values.help) console.log(HELP);
else process.exitCode = values.replay === undefined ? await fuzzAll() : await again(values.replay);

async function fuzzAll(): Promise<number> {
  const names = values.target.split(',').map((name) => targetNamed(name).name);
  const inputs = count(values.inputs, 'inputs');
  const seed = count(values.seed, 'seed');
  let failures = 0;
  console.log(`${inputs.toLocaleString('en')} inputs for each target, seed ${seed}`);
  for (const name of names) {
    const began = performance.now();
    const end = await fuzzWatched({ target: name }, { inputs, seed });
    const seconds = (performance.now() - began) / 1000;
    const failure = 'failure' in end ? end.failure : end;
    if ('failure' in end) console.log(summaryOf(end, seconds));
    if (failure === null) continue;
    failures += 1;
    console.log(shown(failure));
  }
  return failures === 0 ? 0 : 1;
}

function summaryOf(report: FuzzReport, seconds: number): string {
  const { target, inputs, endings, corpus, functions, slowestMs, grownMiB } = report;
  const found = `${endings} endings, ${corpus} kept, ${functions} functions`;
  return `${target.padEnd(14)} ${inputs.toLocaleString('en').padStart(9)} inputs in ${seconds.toFixed(1)} s: ${found}; slowest ${slowestMs} ms, grown by ${grownMiB} MiB`;
}

function shown(failure: Failure): string {
  const file = join(mkdtempSync(join(tmpdir(), 'cartero-fuzz-')), `${failure.target}.json`);
  writeFileSync(file, `${JSON.stringify(failure)}\n`);
  const hex = failure.input.length > SHOWN_HEX ? `${failure.input.slice(0, SHOWN_HEX)}…` : failure.input;
  return [
    `${failure.target} FAILED at input ${failure.index}, seed ${failure.seed}: ${failure.problem}`,
    `  input (hex): ${hex}`,
    `  again: npm run fuzz -- --replay ${file}`,
  ].join('\n');
}

async function again(file: string): Promise<number> {
  const { target, input } = JSON.parse(readFileSync(file, 'utf8')) as Pick<Failure, 'target' | 'input'>;
  const problem = await replay(targetNamed(target), Buffer.from(input, 'hex'));
  console.log(problem === null ? `${target}: nothing is wrong` : `${target} FAILED: ${problem}`);
  return problem === null ? 0 : 1;
}

function count(text: string, name: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 0) {
    throw new RangeError(`Cannot fuzz: found --${name} ${JSON.stringify(text)}, a whole number is wanted`);
  }
  return number;
}
