/** What a run of the lab has shown, for the terminal and as Markdown. */
import { cpus, loadavg, release, totalmem } from 'node:os';
import { POINTS } from './points.ts';
import type { Tally } from './tally.ts';
import { percentile, type Window } from './window.ts';

export interface Circumstances {
  /** Of the command line. */
  readonly words: readonly string[];
  readonly seconds: number;
  readonly seed: number;
}

export function summaryText(tally: Tally, seconds: number): string {
  return [...facts(tally, seconds), '', ...windowTable(tally)].join('\n');
}

export function resultsText(tally: Tally, { words, seconds, seed }: Circumstances): string {
  const cores = cpus();
  const gib = (totalmem() / 2 ** 30).toFixed(1);
  const machine = `Node ${process.versions.node}, ${cores.length} cores (${cores[0]?.model.trim()}), ${gib} GiB, Linux ${release()}, load average at the end ${(loadavg()[0] ?? 0).toFixed(1)}`;
  return `# What the crash lab has shown

    npm run lab${words.length > 0 ? ` -- ${words.join(' ')}` : ''}

Seed ${seed}. ${machine}. ${new Date().toISOString().slice(0, 10)}.

${facts(tally, seconds)
  .map((line) => `- ${line}`)
  .join('\n')}

## The window

From a mail's durable intent to its durable outcome nobody else can know whether it was accepted. What a process that dies
there leaves is \`uncertain\`: it is not sent again, unless somebody wants that. Only from the acceptance on, which is the shorter
part of it, could the mail be had twice.

${windowTable(tally).join('\n')}

Times in ms, of stories in which the relay makes no faults; it takes up to 6 ms for a final reply. Left: how many mails one death
left \`uncertain\`, of deaths at instants that nobody chose, once their process had begun to send; a process has 1 to 4 connections.

## Where it was killed

${pointTable(tally).join('\n')}
`;
}

function facts(tally: Tally, seconds: number): string[] {
  const { kills, atInstants, stories, starts, recipients, acceptances } = tally;
  const points = POINTS.length - tally.untouched.length;
  return [
    `${grouped(kills)} deaths by SIGKILL in ${grouped(stories)} runs: ${grouped(kills - atInstants)} at ${points} of ${POINTS.length} named points, ${grouped(atInstants)} at instants that nobody chose; ${grouped(starts)} processes in ${grouped(Math.round(seconds))} s`,
    `${grouped(recipients)} recipients, ${grouped(acceptances)} mails accepted and on the relay's disk, ${grouped(tally.cutConnections)} connections cut by the relay`,
    `0 lost, 0 mailed twice under hold and skip, 0 quarantined who need not be; ${grouped(tally.quarantined)} quarantined whose mail ended each process`,
    `${grouped(tally.doubts)} attempts in doubt, of ${grouped(tally.mostDoubts)} that deaths × connections × depth allow`,
    `${grouped(tally.repeated)} recipients got the same mail again by resend, each after an attempt in doubt`,
  ];
}

function windowTable({ windows }: Tally): string[] {
  const head = [
    'course',
    'mails',
    'p50',
    'p99',
    'from the acceptance p50',
    'p99',
    'deaths within it',
    'left p50',
    'most left',
  ];
  const rows = [...windows].map(([name, window]) => [name, ...cellsOf(window)]);
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
}

function cellsOf({ mails, whole, accepted, leftByDeath, leftWhileSending }: Window): string[] {
  const within = leftByDeath.filter((left) => left > 0).length;
  return [
    grouped(mails),
    ms(percentile(whole, 0.5)),
    ms(percentile(whole, 0.99)),
    ms(percentile(accepted, 0.5)),
    ms(percentile(accepted, 0.99)),
    leftByDeath.length === 0
      ? '–'
      : `${Math.round((100 * within) / leftByDeath.length)} % of ${grouped(leftByDeath.length)}`,
    leftWhileSending.length === 0 ? '–' : String(percentile(leftWhileSending, 0.5)),
    leftWhileSending.length === 0 ? '–' : String(Math.max(...leftWhileSending)),
  ];
}

function pointTable({ byPoint }: Tally): string[] {
  const rows = POINTS.map(
    ({ name, where }) => `| ${name} | ${where.replaceAll('|', '\\|')} | ${byPoint.get(name) ?? 0} |`,
  );
  return ['| point | | deaths |', '|---|---|---|', ...rows];
}

function ms(value: number): string {
  return Number.isNaN(value) ? '–' : value.toFixed(value < 10 ? 2 : 1);
}

/** 1234567 as 1,234,567. */
function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}
