/** How a program is measured: a fresh process, a fresh server, all mails counted on both sides. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { outputOf } from './child.ts';
import { DEFAULTS, type Options } from './options.ts';
import type { Place } from './place.ts';
import { type Measured, type OwnMeasure, type Work, warmUpMails } from './programs/work.ts';
import type { Section } from './report.ts';
import { expectAll, Sink } from './sink.ts';
import { bundled, nativeProgram, type Workshop } from './workshop.ts';

export interface Bench {
  readonly options: Options;
  readonly workshop: Workshop;
}

export interface Case {
  readonly name: string;
  readonly summary: string;
  run(bench: Bench): Promise<Section>;
}

export type Security = 'tls' | 'plain';
export type ProgramName = 'cartero-engine' | 'nodemailer-pool';

/** What is told to a program beside where to send to. */
export type Task = Omit<Work, 'host' | 'port' | 'ca'>;

/** `base` mails where as many are sent as by default, and in proportion; at least enough to count. */
export function share({ options }: Bench, base: number): number {
  return Math.max(10, Math.round((base * options.mails) / DEFAULTS.mails));
}

/** One of programs/ sends its mails. */
export async function measureProgram(
  { workshop }: Bench,
  { name, task, place, security }: { name: ProgramName; task: Task; place: Place; security: Security },
): Promise<Measured> {
  const program = await bundled(`bench/programs/${name}.ts`, 'outside');
  const sink = await Sink.start(workshop, place, security);
  const { host, port } = sink.way;
  const work: Work = { ...task, host, port, ca: security === 'tls' ? workshop.ca : null };
  const said = await outputOf(place.near([process.execPath, program, JSON.stringify(work)]));
  return {
    ...(JSON.parse(said) as OwnMeasure),
    octetsPerMail: await octetsPerMail(sink, task.mails + warmUpMails(task), name),
  };
}

export type LimitMode = 'lockstep' | 'pipelining' | 'chunking';

/** native/csource.c sends one mail again and again on one connection. */
export async function measureLimit(
  { workshop }: Bench,
  { mode, depth, mails, security }: { mode: LimitMode; depth: number; mails: number; security: Security },
  place: Place,
): Promise<Measured> {
  const mail = join(workshop.folder, 'mail.eml');
  writeFileSync(mail, `Subject: 5 kB\r\n\r\n${`${'x'.repeat(70)}\r\n`.repeat(75)}`);
  const sink = await Sink.start(workshop, place, security);
  const { host, port } = sink.way;
  const words = [host, port, security, mode, depth, mails, mail].map(String);
  const said = await outputOf(place.near([await nativeProgram('csource'), ...words]));
  return { ...(JSON.parse(said) as OwnMeasure), octetsPerMail: await octetsPerMail(sink, mails, 'csource') };
}

/** A whole program, from its start to its end; what it used is written down as it ends. */
export async function measureWhole(
  { workshop }: Bench,
  { line, cwd, mails, sink }: { line: readonly string[]; cwd: string; mails: number; sink: Sink },
): Promise<Measured> {
  const usage = join(workshop.folder, 'usage.json');
  const atExit = await bundled('bench/programs/usage-at-exit.ts', 'inside');
  const began = performance.now();
  await outputOf([process.execPath, '--import', atExit, ...line], { cwd, env: { ...process.env, BENCH_USAGE: usage } });
  const seconds = (performance.now() - began) / 1000;
  const { cpuMs, rssMb } = JSON.parse(readFileSync(usage, 'utf8')) as Pick<OwnMeasure, 'cpuMs' | 'rssMb'>;
  return { mails, seconds, cpuMs, rssMb, octetsPerMail: await octetsPerMail(sink, mails, line.join(' ')) };
}

/** Ends the server. @throws where it has not got all mails */
export async function octetsPerMail(sink: Sink, mails: number, who: string): Promise<number> {
  const counts = await sink.end();
  expectAll(counts, mails, who);
  return counts.octets / mails;
}

export const rate = ({ mails, seconds }: Measured): number => mails / seconds;
export const cpuPerMail = ({ mails, cpuMs }: Measured): number => cpuMs / mails;
export const memory = ({ rssMb }: Measured): number => rssMb;
