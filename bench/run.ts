/**
 * Cartero beside what people would use instead, measured in one go. `npm run bench -- --help` tells the cases; README.md
 * beside this file tells how they are measured, RESULTS.md what was found.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { attachments } from './cases/attachments.ts';
import { check } from './cases/check.ts';
import { compose } from './cases/compose.ts';
import { curve } from './cases/curve.ts';
import { delay } from './cases/delay.ts';
import { dkim } from './cases/dkim.ts';
import { engine } from './cases/engine.ts';
import { ledger } from './cases/ledger.ts';
import { load } from './cases/load.ts';
import { memory } from './cases/memory.ts';
import { million } from './cases/million.ts';
import { pace } from './cases/pace.ts';
import { plain } from './cases/plain.ts';
import { plan } from './cases/plan.ts';
import { profile } from './cases/profile.ts';
import { render } from './cases/render.ts';
import { wholeRun } from './cases/whole-run.ts';
import { endAll, interrupt, throwIfInterrupted } from './child.ts';
import { machineText } from './machine.ts';
import type { Case } from './measuring.ts';
import { helpText, type Options, readOptions } from './options.ts';
import { FAR_HOST, LOOPBACK_HOST } from './place.ts';
import { endProgress } from './progress.ts';
import { type Section, sectionText, tableText, targetsTable } from './report.ts';
import { closeWorkshop, openWorkshop, PROJECT } from './workshop.ts';

const CASES: readonly Case[] = [
  engine,
  wholeRun,
  ledger,
  plan,
  million,
  pace,
  delay,
  attachments,
  plain,
  memory,
  load,
  render,
  compose,
  check,
  dkim,
  curve,
  profile,
];
const FILE = join(PROJECT, 'bench/RESULTS.md');

async function measureAll(options: Options): Promise<Section[]> {
  const workshop = await openWorkshop([LOOPBACK_HOST, FAR_HOST]);
  const sections: Section[] = [];
  try {
    for (const each of CASES) {
      if (options.cases.length > 0 && !options.cases.includes(each.name)) continue;
      throwIfInterrupted();
      console.error(`${each.name}: ${each.summary}`);
      const section = await each.run({ options, workshop });
      endProgress();
      sections.push(section);
      console.log(sectionText(section));
    }
  } finally {
    endAll();
    closeWorkshop(workshop);
  }
  return sections;
}

function resultsText(sections: readonly Section[], machine: string, words: readonly string[]): string {
  const targets = sections.flatMap((section) =>
    section.targets.map((target) => ({ ...target, what: `${section.title}: ${target.what}` })),
  );
  const head = `# Results

    npm run bench${words.length > 0 ? ` -- ${words.join(' ')}` : ''}

${machine} ${new Date().toISOString().slice(0, 10)}.

Medians of interleaved rounds, with the least and the most of them in brackets. Ratios are taken within each round.
Absolute figures move with the machine; compare within a table. README.md beside this file tells how each is measured.
`;
  return [head, `## Targets\n\n${tableText(targetsTable(targets))}\n`, ...sections.map(sectionText)].join('\n');
}

async function main(words: readonly string[]): Promise<void> {
  const options = readOptions(
    words,
    CASES.map(({ name }) => name),
  );
  if (options.isHelp) {
    console.log(helpText(CASES));
    return;
  }
  const machine = await machineText();
  console.error(machine);
  const sections = await measureAll(options);
  if (options.isWritten) writeFileSync(FILE, resultsText(sections, machine, words));
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, interrupt);
try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
