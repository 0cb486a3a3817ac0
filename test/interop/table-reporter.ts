/**
 * Writes what the run has proved into RESULTS.md. It has no time in it: a run on the same versions that passes as the last
 * one did leaves the file as it is. A run of some of the servers does not touch it.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Reporter, TestCase, TestModule } from 'vitest/node';
import type { Cell } from './cells.ts';
import { ELSEWHERE } from './elsewhere.ts';
import { SECURITIES, type Security } from './servers.ts';

const FILE = join(import.meta.dirname, 'RESULTS.md');
const SERVERS = 7;

const TITLES: Readonly<Record<Security, string>> = {
  none: 'in clear',
  starttls: 'STARTTLS',
  'implicit-tls': 'implicit TLS',
};

interface Outcome {
  readonly cell: Cell;
  readonly version: string | undefined;
  readonly passed: boolean;
}

export class TableReporter implements Reporter {
  async onTestRunEnd(modules: readonly TestModule[]): Promise<void> {
    const outcomes = modules.flatMap((module) => [...module.children.allTests()].flatMap(outcomeOf));
    const servers = Map.groupBy(outcomes, ({ cell }) => cell.server);
    if (servers.size < SERVERS || outcomes.some(({ version }) => version === undefined)) return;
    await writeFile(FILE, page(servers, outcomes));
  }
}

function outcomeOf(test: TestCase): Outcome[] {
  const { cell, version } = test.meta();
  return cell === undefined ? [] : [{ cell, version, passed: test.result().state === 'passed' }];
}

function page(servers: ReadonlyMap<string, readonly Outcome[]>, outcomes: readonly Outcome[]): string {
  const passed = outcomes.filter((outcome) => outcome.passed).length;
  const sections = [...servers].toSorted(([a], [b]) => a.localeCompare(b)).map(([name, own]) => section(name, own));
  return [
    '# The engine and seven servers',
    '',
    `Written by \`npm run test:interop\`: ${passed} of ${outcomes.length} cells passed.`,
    '',
    'A cell is what engine and server did together, in one security of the session. "–" is where the server does not offer it.',
    'The hundred bodies ([bodies.ts](bodies.ts)) are compared by SHA-256 as they were delivered, each with the header it was sent',
    'with; what a server puts above that is its own.',
    '',
    ...sections.flat(),
    '## What no server here has',
    '',
    '| what | proved by | in |',
    '|---|---|---|',
    ...ELSEWHERE.map(({ what, by, file }) => `| ${what} | ${by} | [${file}](../../${file}) |`),
    '',
  ].join('\n');
}

function section(name: string, outcomes: readonly Outcome[]): string[] {
  const versions = [...new Set(outcomes.map(({ version }) => version))].join('; ');
  const remark = outcomes[0]?.cell.remark;
  const columns = SECURITIES.filter((security) => outcomes.some(({ cell }) => cell.security === security));
  const rows = Map.groupBy(outcomes, ({ cell }) => cell.row);
  return [
    `## ${name}`,
    '',
    `${versions}; ${outcomes.filter(({ passed }) => passed).length} of ${outcomes.length} cells passed.`,
    ...(remark === undefined ? [] : [remark]),
    '',
    `| | ${columns.map((security) => TITLES[security]).join(' | ')} |`,
    `|---|${columns.map(() => '---|').join('')}`,
    ...[...rows].map(([row, cells]) => `| ${row} | ${columns.map((security) => shown(cells, security)).join(' | ')} |`),
    '',
  ];
}

function shown(cells: readonly Outcome[], security: Security): string {
  const outcome = cells.find(({ cell }) => cell.security === security);
  if (outcome === undefined) return '–';
  return outcome.passed ? outcome.cell.proved : '**failed**';
}
