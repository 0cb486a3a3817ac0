/** The hundred bodies, by each way that the server takes mail data. */
import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { BODIES } from './bodies.ts';
import { type Bench, cell, securitiesOf, usual } from './cells.ts';
import { MODES, sendAll, TRANSFERS, type Transfer } from './client.ts';
import { mailOf } from './mails.ts';
import type { Security, ServerKind } from './servers.ts';

export function transfers(bench: Bench): void {
  for (const security of securitiesOf(bench.kind)) {
    for (const transfer of TRANSFERS.filter((known) => isOffered(bench.kind, known))) bodies(bench, security, transfer);
  }
}

function isOffered({ keywords }: ServerKind, transfer: Transfer): boolean {
  return transfer === 'DATA' || keywords.includes(transfer);
}

const sha256 = (octets: Uint8Array) => createHash('sha256').update(octets).digest('hex');

function bodies(bench: Bench, security: Security, transfer: Transfer): void {
  const proved = `${BODIES.length} of ${BODIES.length} equal`;
  cell(bench, { row: `${transfer}, bodies that hurt`, security, proved }, async () => {
    const mails = BODIES.map((body, index) => mailOf(`${transfer}-${security}-${index}`, body));
    const openNext = async () => {
      const session = await bench.open({ ...usual(bench.kind, security), transfer });
      expect(session.mode).toBe(MODES[transfer]);
      return session;
    };
    const results = await sendAll(openNext, mails);
    const arrived = await bench.delivered.take(mails.map(({ name }) => name));
    expect(results.map(({ outcome }) => outcome)).toEqual(mails.map(() => 'accepted'));
    const sums = (contents: readonly Uint8Array[]) =>
      Object.fromEntries(mails.map(({ body }, index) => [body.name, sha256(contents[index] ?? Buffer.alloc(0))]));
    expect(sums(arrived)).toEqual(sums(mails.map(({ octets }) => octets)));
  });
}
