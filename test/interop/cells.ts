/**
 * A cell is one thing that the engine and one server do together, in one security of the session: one test. What has become
 * of it is written into a table (`table-reporter.ts`), in which it has its place.
 */
import { it } from 'vitest';
import type { Session } from '#smtp';
import type { Opening } from './client.ts';
import type { Delivered } from './delivered.ts';
import { SECURITIES, type Security, type ServerKind } from './servers.ts';

export interface Cell {
  readonly server: string;
  /** The line of the table; its column is the security. */
  readonly row: string;
  readonly security: Security;
  /** What the table says where the test has passed. */
  readonly proved: string;
  readonly remark?: string;
}

declare module 'vitest' {
  interface TaskMeta {
    cell?: Cell;
    /** What ran, with its versions. */
    version?: string;
  }
}

/** A server that runs once the tests do, and the ways into it and out of it. */
export interface Bench {
  readonly kind: ServerKind;
  readonly delivered: Delivered;
  /** What runs. */
  readonly version: string;
  open(opening: Opening): Promise<Session>;
}

export function cell(bench: Bench, place: Omit<Cell, 'server' | 'remark'>, run: () => Promise<void>): void {
  const { name, remark } = bench.kind;
  const meta = { cell: { server: name, ...place, ...(remark === undefined ? {} : { remark }) } };
  it(`${place.row}, security ${place.security}: ${place.proved}`, { meta }, async ({ task }) => {
    task.meta.version = bench.version;
    await run();
  });
}

/** In which of them the server can be spoken to. */
export function securitiesOf(kind: ServerKind): readonly Security[] {
  return SECURITIES.filter((security) => kind.mechanisms[security] !== undefined);
}

/** Logged in wherever a password may be said, by what the engine thinks best. */
export function usual(kind: ServerKind, security: Security): Opening {
  const isLogin = security !== 'none' && (kind.mechanisms[security]?.length ?? 0) > 0;
  return isLogin ? { security, login: { secret: 'right' } } : { security };
}
