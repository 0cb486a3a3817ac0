/** Healthy mails behind dead addresses: servers lose patience with refusals, and the healthy ones arrive all the same. */
import { expect } from 'vitest';
import { systemClock } from '#local';
import { Pool, type RecipientResult } from '#smtp';
import { type Bench, cell, securitiesOf, usual } from './cells.ts';
import type { Transfer } from './client.ts';
import { lineBody, type Mail, mailOf } from './mails.ts';

const DEPTH = 64;
const ORDER = [...Array<string>(3).fill('bob'), ...Array<string>(24).fill('bounce'), ...Array<string>(10).fill('bob')];
const TRIES = 40;

export function deadAddresses(bench: Bench): void {
  const ways = (['PIPELINING', 'CHUNKING'] as const).filter((way) => bench.kind.keywords.includes(way));
  for (const security of securitiesOf(bench.kind)) {
    for (const transfer of ways) {
      const row = `${transfer}, 3 mails, 24 to dead addresses, 10 mails`;
      cell(bench, { row, security, proved: '13 accepted, 24 refused' }, async () => {
        const mails = ORDER.map((user, index) => ({
          to: `${user}@mail.test`,
          mail: mailOf(`dead-${transfer}-${security}-${index}`, lineBody(`to ${user}`)),
        }));
        const results = await sendThroughPool(bench, { ...usual(bench.kind, security), transfer, depth: DEPTH }, mails);
        const wanted = ORDER.map((user) => (user === 'bob' ? 'accepted' : 'refused'));
        expect(results.map(({ outcome }) => outcome)).toEqual(wanted);
        const healthy = mails.filter(({ to }) => to === 'bob@mail.test').map(({ mail }) => mail);
        const arrived = await bench.delivered.take(healthy.map(({ name }) => name));
        expect(arrived).toEqual(healthy.map(({ octets }) => octets));
      });
    }
  }
}

interface Letter {
  readonly to: string;
  readonly mail: Mail;
}

/** One connection at a time. What has provably not been taken, or is to come later, is sent again. */
async function sendThroughPool(
  bench: Bench,
  opening: Parameters<Bench['open']>[0] & { readonly transfer: Transfer },
  letters: readonly Letter[],
): Promise<RecipientResult[]> {
  const pool = new Pool({ connections: 1, open: () => bench.open(opening), time: systemClock() });
  const sendOne = async ({ to, mail }: Letter): Promise<RecipientResult> => {
    let last: RecipientResult | undefined;
    for (let tries = 0; tries < TRIES; tries += 1) {
      const place = await pool.place();
      if (place === null) break;
      const envelope = { reversePath: 'alice@mail.test', forwardPaths: [to] };
      const options = { release: async () => true, record: () => {} };
      const { recipients } = await place.transact(envelope, mail.data, options);
      last = recipients[0];
      if (last !== undefined && last.outcome !== 'unsent' && last.outcome !== 'deferred') return last;
    }
    throw new Error(`Cannot send to ${to}: ${JSON.stringify(last)} at the last of ${TRIES} tries`);
  };
  try {
    return await Promise.all(letters.map(sendOne));
  } finally {
    await pool.close();
  }
}
