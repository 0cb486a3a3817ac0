/** What a measured program is told (its one argument, as JSON) and what it says when it is done (one line of JSON). */
import { readFileSync } from 'node:fs';

export interface Work {
  readonly mails: number;
  readonly connections: number;
  readonly host: string;
  readonly port: number;
  /** PEM file of the authority to trust; `null`: no TLS. */
  readonly ca: string | null;
  /** Each mail carries the same file of so many octets; 0: none. */
  readonly attachmentOctets?: number;
  /** Cartero only: mail transactions in flight on a connection. */
  readonly depth?: number;
  /** Cartero only: extensions to do without. */
  readonly without?: readonly ('PIPELINING' | 'CHUNKING')[];
}

export interface OwnMeasure {
  readonly mails: number;
  /** From the first mail that counts to the last. */
  readonly seconds: number;
  /** User and system time of the program's own process in that time. */
  readonly cpuMs: number;
  /** The most memory that its process ever had, from its start on. */
  readonly rssMb: number;
}

/** What the program can say of itself; the server counts what came. */
export interface Measured extends OwnMeasure {
  /** Octets of commands and content that the server received, within TLS; for each mail. */
  readonly octetsPerMail: number;
}

export function workToDo(): Work {
  return JSON.parse(process.argv[2] ?? '') as Work;
}

/** The authority's PEM; `null`: no TLS. */
export function authorityOf({ ca }: Work): string | null {
  return ca === null ? null : readFileSync(ca, 'utf8');
}

/**
 * Mails that are sent before any counts: they open every connection, and let code become hot. A fifth as many as count, and
 * one for each connection at least.
 */
export function warmUpMails({ mails, connections }: Pick<Work, 'mails' | 'connections'>): number {
  return Math.max(connections, Math.round(mails / 5));
}

/** Begun when the program is warm. @returns ends it and says what was measured */
export function beginMeasuring(mails: number): () => void {
  const cpuBefore = process.cpuUsage();
  const began = performance.now();
  return () => {
    const seconds = (performance.now() - began) / 1000;
    const { user, system } = process.cpuUsage(cpuBefore);
    const measured: OwnMeasure = { mails, seconds, cpuMs: (user + system) / 1000, rssMb: peakMemoryMb() };
    process.stdout.write(`${JSON.stringify(measured)}\n`);
  };
}

/** Linux hands a parent's peak down to its child in `maxRSS`; VmHWM is the process's own. */
export function peakMemoryMb(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS / 1024;
  const own = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return Number(own) / 1024;
}
