/** What the ledger costs: write units as the table counts them, by what is done. */
import { createHash } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { describe, expect, test, vi } from 'vitest';
import type { Claim, Ledger, PlannedDelivery } from '#mailing';
import { all, newRun, planOf, START, settled } from '../ports/ledger.harness.ts';
import { newTableStore, useDynalite } from './ledger-table.ts';

useDynalite();
// A busy machine takes its time over each of some thousand requests.
vi.setConfig({ testTimeout: 90_000 });

const SIZE = 500;
const TABLE_OPTIONS = { ReturnConsumedCapacity: 'INDEXES' };

/** Counts the write units of all that goes through the client. */
function meter(client: DynamoDBClient): { taken(): number } {
  let units = 0;
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const isWrite = /^(?:Put|Update|Delete)Item/.test(context.commandName ?? '');
      if (isWrite) Object.assign(args.input, TABLE_OPTIONS);
      const result = await next(args);
      const consumed = (result.output as { ConsumedCapacity?: { CapacityUnits?: number } }).ConsumedCapacity;
      if (isWrite) units += consumed?.CapacityUnits ?? Number.NaN;
      return result;
    },
    { step: 'initialize' },
  );
  return {
    taken: () => {
      const taken = units;
      units = 0;
      return taken;
    },
  };
}

const chanceOf = (text: string) => createHash('sha256').update(text).digest();

/** Addresses, message ids and queue ids that deflate no better than real ones. */
function realRecipients(): PlannedDelivery[] {
  return Array.from({ length: SIZE }, (_, index) => {
    const local = chanceOf(`local ${index}`).toString('base64url').slice(0, 11).toLowerCase();
    const recipient = `${local}@${['gmail.com', 'outlook.com', 'example.org', 'yahoo.es'][index % 4]}`;
    const messageId = `${chanceOf(`id ${index}`).toString('base64url').slice(0, 27)}@news.example.com`;
    return { index, row: index + 1, recipient, key: recipient, messageId, state: 'pending' };
  });
}

const replyOf = (index: number) => {
  const queueId = chanceOf(`queue ${index}`).toString('hex').slice(0, 11).toUpperCase();
  return { reply: `250 2.0.0 Ok: queued as ${queueId}`, enhancedStatus: '2.0.0', queueId };
};

/** Each commit carries the outcomes of the mails before, and the intents of as many more. */
async function sendAll(ledger: Ledger, claim: Claim, together: number): Promise<void> {
  let { rev } = claim;
  for (let at = 0; at < SIZE + together; at += together) {
    const before = claim.due.slice(Math.max(0, at - together), at);
    const next = claim.due.slice(at, at + together);
    rev = await ledger.commit(
      { ...claim, rev },
      {
        settled: before.map(({ index }) => settled(index, 'accepted', { at: START + 37 * index, ...replyOf(index) })),
        intended: next.map(({ index }) => ({ index, attempt: 1 })),
      },
    );
  }
  await ledger.release(claim);
}

describe('write units a mail', () => {
  test.each([
    [1, 1.3],
    [4, 0.45],
    [16, 0.25],
    [64, 0.12],
  ])('with the outcomes of %i mails in a commit: less than %d, and all is read back', async (together, most) => {
    const store = await newTableStore();
    const units = meter(store.client);
    const { ledger } = await store.join();
    await ledger.createRun(newRun('letters-20261201-4c1e09aa'));
    const recipients = realRecipients();
    units.taken();
    await ledger.addBatch('letters-20261201-4c1e09aa', 1, recipients);
    expect(units.taken() / SIZE, 'planning').toBeLessThan(0.08);
    await ledger.completePlan('letters-20261201-4c1e09aa', planOf(1, SIZE));
    const claim = await ledger.claim('letters-20261201-4c1e09aa', 1, { now: START });
    if (claim === null) throw new Error('not claimed');
    units.taken();
    await sendAll(ledger, claim, together);
    const perMail = units.taken() / SIZE;
    expect(perMail).toBeGreaterThan(0.01);
    expect(perMail).toBeLessThan(most);
    const found = await all(ledger.deliveries('letters-20261201-4c1e09aa'));
    expect(found.map(({ recipient, reply, queueId, at }) => ({ recipient, reply, queueId, at }))).toEqual(
      recipients.map(({ recipient, index }) => {
        const { reply, queueId } = replyOf(index);
        return { recipient, reply, queueId, at: START + 37 * index };
      }),
    );
    expect(await ledger.run('letters-20261201-4c1e09aa')).toMatchObject({ finished: true });
    store.remove();
  });

  test('commits change nothing in the index of open batches, and read nothing', async () => {
    const store = await newTableStore();
    const { ledger } = await store.join();
    await ledger.createRun(newRun('run-1'));
    await ledger.addBatch('run-1', 1, realRecipients());
    await ledger.completePlan('run-1', planOf(1, SIZE));
    const claim = await ledger.claim('run-1', 1, { now: START });
    if (claim === null) throw new Error('not claimed');
    const commands: string[] = [];
    store.client.middlewareStack.add(
      (next, context) => async (args) => {
        commands.push(`${context.commandName}`, ...(JSON.stringify(args.input).match(/openIn|dueAt/g) ?? []));
        return next(args);
      },
      { step: 'initialize' },
    );
    await ledger.commit(claim, { settled: [], intended: [{ index: 0, attempt: 1 }] });
    expect(commands).toEqual(['UpdateItemCommand']);
    store.remove();
  });
});
