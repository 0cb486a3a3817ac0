/** Doorbells through SQS, on fauxqs: rung, handed over, again, to the dead-letter queue; and what SQS does not take. */
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { buildApp } from 'fauxqs';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { answerDoorbells, type ReceivedDoorbell } from '#aws';
import { MAX_DELAY_MS, openSqsQueue } from '#aws/queue';
import { systemClock } from '#local';
import { type Doorbell, type DoorbellAnswer, doorbellText, QueueError } from '#mailing';
import { settled, VirtualClock } from '../mailing/virtual-clock.ts';

let app: ReturnType<typeof buildApp>;
let endpoint: string;
let queues = 0;

beforeAll(async () => {
  app = buildApp({ logger: false });
  endpoint = await app.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => app.close());

function clientOf(url: string): SQSClient {
  const credentials = { accessKeyId: 'x', secretAccessKey: 'x' };
  const client = new SQSClient({ endpoint: url, region: 'eu-south-2', credentials, maxAttempts: 1 });
  onTestFinished(() => client.destroy());
  return client;
}

async function newQueue(client: SQSClient, attributes: Record<string, string> = {}): Promise<string> {
  queues += 1;
  const { QueueUrl = '' } = await client.send(
    new CreateQueueCommand({ QueueName: `queue-${queues}`, Attributes: { VisibilityTimeout: '0', ...attributes } }),
  );
  return QueueUrl;
}

const bell = (batch: number, relay = 'main'): Doorbell => ({ relay, run: 'newsletter-1', batch, notBefore: 0 });
const bells = (count: number): Doorbell[] => Array.from({ length: count }, (_, index) => bell(index + 1));

/** As Lambda's event source does: one event of all that is there, and only what is not named in the answer is deleted. */
class EventSource {
  readonly handled: ReceivedDoorbell[] = [];
  readonly failures: string[] = [];
  readonly #client: SQSClient;
  readonly #url: string;

  constructor(client: SQSClient, url: string) {
    this.#client = client;
    this.#url = url;
  }

  /** @returns how many messages there were */
  async poll(handle: (bell: ReceivedDoorbell) => Promise<DoorbellAnswer> = async () => 'handled'): Promise<number> {
    const { Messages = [] } = await this.#client.send(
      new ReceiveMessageCommand({
        QueueUrl: this.#url,
        MaxNumberOfMessages: 10,
        MessageSystemAttributeNames: ['ApproximateReceiveCount'],
        VisibilityTimeout: 1,
      }),
    );
    if (Messages.length === 0) return 0;
    const Records = Messages.map(({ MessageId, ReceiptHandle, Body, Attributes }) => ({
      messageId: MessageId,
      receiptHandle: ReceiptHandle,
      body: Body,
      attributes: Attributes,
      eventSource: 'aws:sqs',
    }));
    const { batchItemFailures } = await answerDoorbells(
      { Records },
      {
        handle: async (each) => {
          this.handled.push(each);
          return handle(each);
        },
        onFailure: (_, error) => this.failures.push(String(error)),
      },
    );
    const again = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
    for (const { MessageId = '', ReceiptHandle } of Messages) {
      if (!again.has(MessageId))
        await this.#client.send(new DeleteMessageCommand({ QueueUrl: this.#url, ReceiptHandle }));
    }
    return Messages.length;
  }

  async pollAll(): Promise<void> {
    while ((await this.poll()) > 0) {
      // Ten at a time.
    }
  }
}

describe('SqsQueue', () => {
  let client: SQSClient;
  let url: string;
  beforeEach(async () => {
    client = clientOf(endpoint);
    url = await newQueue(client);
  });

  const ringer = (clock = systemClock()) => openSqsQueue({ client, queues: new Map([['main', url]]), clock });

  test('rings for each batch once, however many there are', async () => {
    expect(await ringer().ring(bells(57))).toEqual({ rung: 57, tooEarly: [] });
    const source = new EventSource(client, url);
    await source.pollAll();
    expect(source.handled.map(({ batch }) => batch).sort((a, b) => a - b)).toEqual(bells(57).map(({ batch }) => batch));
    expect(source.handled[0]).toMatchObject({ relay: 'main', run: 'newsletter-1', notBefore: 0, receiveCount: 1 });
    expect(await source.poll()).toBe(0);
  });

  test('rings through each relay’s own queue', async () => {
    const other = await newQueue(client);
    const queue = openSqsQueue({
      client,
      queues: new Map([
        ['main', url],
        ['other', other],
      ]),
      clock: systemClock(),
    });
    await queue.ring([bell(1), bell(2, 'other'), bell(3)]);
    const sources = [new EventSource(client, url), new EventSource(client, other)];
    for (const source of sources) await source.pollAll();
    const batches = sources.map(({ handled }) => handled.map(({ batch }) => batch).sort());
    expect(batches).toEqual([[1, 3], [2]]);
  });

  test('nothing is rung where a relay has no queue', async () => {
    const ringing = ringer().ring([bell(1), bell(2, 'elsewhere')]);
    await expect(ringing).rejects.toThrow(
      'Cannot ring for batch 2 of run "newsletter-1": the relay "elsewhere" has no queue; there are those of main',
    );
    expect(await new EventSource(client, url).poll()).toBe(0);
  });

  test('a message is kept back until its moment, and one further away than SQS can keep it is not sent', async () => {
    const clock = new VirtualClock();
    const now = clock.now();
    const at = (batch: number, ms: number) => ({ ...bell(batch), notBefore: now + ms });
    const delays: unknown[] = [];
    client.middlewareStack.add(
      (next) => async (args) => {
        const { Entries = [] } = args.input as { Entries?: { DelaySeconds: number }[] };
        delays.push(...Entries.map(({ DelaySeconds }) => DelaySeconds));
        return next(args);
      },
      { step: 'initialize' },
    );
    const far = at(6, MAX_DELAY_MS + 1);
    const near = [at(1, -5000), at(2, 0), at(3, 1), at(4, 1001), at(5, MAX_DELAY_MS)];
    expect(await ringer(clock).ring([...near, far])).toEqual({ rung: 5, tooEarly: [far] });
    expect(delays).toEqual([0, 0, 1, 2, 900]);
    const { Attributes } = await client.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['All'] }));
    expect(Attributes).toMatchObject({ ApproximateNumberOfMessages: '2', ApproximateNumberOfMessagesDelayed: '3' });
  });

  test('a doorbell that is not handled comes again, and counts how often', async () => {
    await ringer().ring([bell(1)]);
    const source = new EventSource(client, url);
    const answers = [
      async (): Promise<DoorbellAnswer> => 'again',
      async (): Promise<DoorbellAnswer> => {
        throw new Error('the table is away');
      },
      async (): Promise<DoorbellAnswer> => 'handled',
    ];
    while (source.handled.length < 3) {
      await source.poll((each) => answers[each.receiveCount - 1]?.() ?? Promise.resolve('handled'));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(source.handled.map(({ batch, receiveCount }) => [batch, receiveCount])).toEqual([
      [1, 1],
      [1, 2],
      [1, 3],
    ]);
    expect(source.failures).toEqual(['Error: the table is away']);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    expect(await source.poll()).toBe(0);
  });

  test('a message that is no doorbell ends in the dead-letter queue, and its neighbours are handled', async () => {
    const dead = await newQueue(client);
    const { Attributes } = await client.send(
      new GetQueueAttributesCommand({ QueueUrl: dead, AttributeNames: ['QueueArn'] }),
    );
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: Attributes?.QueueArn, maxReceiveCount: 2 });
    url = await newQueue(client, { RedrivePolicy });
    await ringer().ring([bell(1)]);
    await client.send(new SendMessageCommand({ QueueUrl: url, MessageBody: 'not for you' }));
    await ringer().ring([bell(2)]);
    const source = new EventSource(client, url);
    let found: string | undefined;
    while (found === undefined) {
      await source.poll();
      const { Messages } = await client.send(new ReceiveMessageCommand({ QueueUrl: dead }));
      found = Messages?.[0]?.Body;
      if (found === undefined) await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(found).toBe('not for you');
    expect(source.handled.map(({ batch }) => batch).sort()).toEqual([1, 2]);
    expect(source.failures).toHaveLength(2);
    expect(source.failures[0]).toContain('its 11 characters are no JSON');
  });
});

/** What a request of so many entries comes to. */
interface Fate {
  readonly failed?: readonly number[];
  /** Taken, but the answer does not say so. */
  readonly forgotten?: readonly number[];
  readonly senderFault?: boolean;
}

/** A client whose every request ends as a test says, and otherwise is taken whole. */
function scriptedClient(fates: (Fate | 'silence' | Error)[]): { client: SQSClient; sent: string[][] } {
  const client = clientOf('http://127.0.0.1:1');
  const sent: string[][] = [];
  client.middlewareStack.add(
    () => async (args) => {
      const { Entries = [] } = args.input as { Entries?: { Id: string; MessageBody: string }[] };
      sent.push(Entries.map(({ MessageBody }) => MessageBody));
      const fate = fates.shift() ?? {};
      if (fate === 'silence') return new Promise(() => {});
      if (fate instanceof Error) throw fate;
      const { failed = [], forgotten = [], senderFault = false } = fate;
      const Failed = failed.map((index) => ({
        Id: String(index),
        Code: 'InternalError',
        Message: 'try\nagain',
        SenderFault: senderFault,
      }));
      const isTaken = (_: unknown, index: number) => !failed.includes(index) && !forgotten.includes(index);
      const Successful = Entries.filter(isTaken).map(({ Id }) => ({ Id }));
      return { output: { $metadata: {}, Failed, Successful }, response: {} } as never;
    },
    { step: 'initialize', priority: 'high' },
  );
  return { client, sent };
}

describe('a request that SQS takes in part', () => {
  const textsOf = (numbers: number[]) => numbers.map((batch) => doorbellText(bell(batch)));

  async function ring(count: number, ...fates: (Fate | 'silence' | Error)[]) {
    const { client, sent } = scriptedClient(fates);
    const clock = new VirtualClock();
    const queue = openSqsQueue({ client, queues: new Map([['main', 'http://127.0.0.1:1/main']]), clock });
    let isOver = false;
    const ringing = queue
      .ring(bells(count))
      .then(
        (report) => ({ report, error: null, sent }),
        (error: unknown) => ({ report: null, error, sent }),
      )
      .finally(() => {
        isOver = true;
      });
    for (let turns = 0; !isOver && turns < 200; turns += 1) {
      await settled();
      await clock.passToNext();
    }
    expect(clock.timers).toBe(0);
    return ringing;
  }

  test('is sent again without what was taken', async () => {
    const { report, sent } = await ring(10, { failed: [1, 4, 9] }, { failed: [2] });
    expect(report).toEqual({ rung: 10, tooEarly: [] });
    expect(sent).toEqual([textsOf([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), textsOf([2, 5, 10]), textsOf([10])]);
  });

  test('is sent again where the answer does not name one', async () => {
    const { report, sent } = await ring(3, { forgotten: [1] });
    expect(report).toEqual({ rung: 3, tooEarly: [] });
    expect(sent).toEqual([textsOf([1, 2, 3]), textsOf([2])]);
  });

  test('is given up after five times, with those that are not rung; the next ten are rung all the same', async () => {
    const { error, sent } = await ring(
      12,
      ...Array.from({ length: 5 }, (_, index): Fate => ({ failed: [index === 0 ? 3 : 0] })),
    );
    expect(error).toBeInstanceOf(QueueError);
    expect((error as QueueError).unrung).toEqual([bell(4)]);
    expect(String(error)).toContain(
      'Cannot ring for batch 4 of run "newsletter-1": SQS says InternalError: "try\\nagain"',
    );
    expect(sent).toHaveLength(6);
    expect(sent.at(-1)).toEqual(textsOf([11, 12]));
  });

  test('is not sent again where SQS says that the message is at fault', async () => {
    const { error, sent } = await ring(2, { failed: [1], senderFault: true });
    expect((error as QueueError).unrung).toEqual([bell(2)]);
    expect(sent).toHaveLength(1);
  });

  test('that is never answered is given up', async () => {
    const { error } = await ring(2, 'silence');
    expect(String(error)).toContain('and 1 more: SQS has not answered within 15 seconds');
    expect((error as QueueError).unrung).toEqual(bells(2));
  });

  test('that fails as a whole names all that may not be rung', async () => {
    const gone = Object.assign(new Error('no'), { name: 'QueueDoesNotExist' });
    const { error } = await ring(2, gone);
    expect(String(error)).toContain('there is no such queue in this account and region; deploy the app stack');
    expect((error as QueueError).unrung).toEqual(bells(2));
  });
});
