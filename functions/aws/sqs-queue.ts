/**
 * Doorbells through SQS, a standard queue for each relay. Messages come at least once and in any order, which is all that is
 * wanted. Ten go in a request; of those, SQS takes some and leaves others, which are sent again by themselves.
 */
import {
  type BatchResultErrorEntry,
  SendMessageBatchCommand,
  type SendMessageBatchCommandOutput,
  type SQSClient,
  SQSServiceException,
} from '@aws-sdk/client-sqs';
import {
  type BatchQueue,
  type Clock,
  type Doorbell,
  doorbellText,
  QueueError,
  type RingReport,
  within,
} from '#mailing';

export interface SqsQueueOptions {
  readonly client: SQSClient;
  /** URL of each relay's queue, by the relay's name. */
  readonly queues: ReadonlyMap<string, string>;
  readonly clock: Clock;
}

/** SendMessageBatch takes 10 messages. */
const IN_A_REQUEST = 10;

/** SQS keeps a message back for 15 minutes at the most (DelaySeconds). */
export const MAX_DELAY_MS = 900_000;

/** How often what SQS did not take is sent, and how long is waited before the second time; then twice as long. */
const ATTEMPTS = 5;
const AGAIN_AFTER_MS = 100;

/** The client tries a request several times within it. */
const DEADLINE_MS = 15_000;

/** @param options the client is taken as it is; who made it closes it */
export function openSqsQueue(options: SqsQueueOptions): BatchQueue {
  return new SqsQueue(options);
}

class SqsQueue implements BatchQueue {
  readonly #client: SQSClient;
  readonly #queues: ReadonlyMap<string, string>;
  readonly #clock: Clock;

  constructor({ client, queues, clock }: SqsQueueOptions) {
    this.#client = client;
    this.#queues = queues;
    this.#clock = clock;
  }

  async ring(bells: readonly Doorbell[]): Promise<RingReport> {
    const latest = this.#clock.now() + MAX_DELAY_MS;
    const due = bells.filter(({ notBefore }) => notBefore <= latest);
    const requests = [...Map.groupBy(due, ({ relay }) => relay)].map(([relay, ofRelay]) => ({
      url: this.#queueOf(relay, ofRelay),
      ofRelay,
    }));
    const rung = await Promise.allSettled(requests.map(({ url, ofRelay }) => this.#ringAll(url, ofRelay)));
    const failed = rung.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []));
    if (failed.length > 0) throw together(failed);
    return { rung: due.length, tooEarly: bells.filter(({ notBefore }) => !(notBefore <= latest)) };
  }

  #queueOf(relay: string, bells: readonly Doorbell[]): string {
    const url = this.#queues.get(relay);
    if (url !== undefined) return url;
    const known = [...this.#queues.keys()].join(', ') || 'none';
    throw new QueueError(bells, `the relay ${JSON.stringify(relay)} has no queue; there are those of ${known}`);
  }

  /** What cannot be rung keeps the others from nothing. */
  async #ringAll(url: string, bells: readonly Doorbell[]): Promise<void> {
    const failed: unknown[] = [];
    for (let at = 0; at < bells.length; at += IN_A_REQUEST) {
      await this.#ringSome(url, bells.slice(at, at + IN_A_REQUEST)).catch((error: unknown) => failed.push(error));
    }
    if (failed.length > 0) throw together(failed);
  }

  async #ringSome(url: string, bells: readonly Doorbell[]): Promise<void> {
    let left = bells;
    for (let attempt = 1; ; attempt += 1) {
      const { Successful = [], Failed = [] } = await this.#send(url, left);
      const taken = new Set(Successful.map(({ Id }) => Id));
      // Whoever is in neither list is sent again as well: better twice than not.
      const unrung = left.filter((_, index) => !taken.has(String(index)));
      if (unrung.length === 0) return;
      const fault = Failed.find(({ SenderFault }) => SenderFault === true);
      if (fault !== undefined || attempt === ATTEMPTS) throw new QueueError(unrung, problemOf(fault ?? Failed[0]));
      left = unrung;
      await new Promise<void>((resolve) => this.#clock.after(AGAIN_AFTER_MS * 2 ** (attempt - 1), resolve));
    }
  }

  async #send(url: string, bells: readonly Doorbell[]): Promise<SendMessageBatchCommandOutput> {
    const now = this.#clock.now();
    const Entries = bells.map((bell, index) => ({
      Id: String(index),
      MessageBody: doorbellText(bell),
      // No earlier than its moment: whole seconds, rounded up.
      DelaySeconds: Math.min(Math.ceil(Math.max(bell.notBefore - now, 0) / 1000), MAX_DELAY_MS / 1000),
    }));
    const command = new SendMessageBatchCommand({ QueueUrl: url, Entries });
    const tooLate = () => new QueueError(bells, `SQS has not answered within ${DEADLINE_MS / 1000} seconds`);
    try {
      return await within(
        this.#clock,
        DEADLINE_MS,
        (abortSignal) => this.#client.send(command, { abortSignal }),
        tooLate,
      );
    } catch (error) {
      if (error instanceof QueueError) throw error;
      throw new QueueError(bells, refusalOf(error), { cause: error });
    }
  }
}

/** One error for all that are not rung. */
function together(failed: readonly unknown[]): unknown {
  const errors = failed.filter((error) => error instanceof QueueError);
  const [first] = errors;
  if (first === undefined || errors.length < failed.length)
    return failed.find((error) => !(error instanceof QueueError));
  if (errors.length === 1) return first;
  const unrung = errors.flatMap((error) => error.unrung);
  return new QueueError(unrung, first.message.replace(/^Cannot ring[^:]*: /, ''), { cause: first });
}

function problemOf(failed: BatchResultErrorEntry | undefined): string {
  if (failed === undefined) return 'SQS has not said that it took it';
  return `SQS says ${failed.Code}: ${JSON.stringify(failed.Message ?? '')}`;
}

function refusalOf(error: unknown): string {
  if (!(error instanceof Error)) return 'SQS cannot be asked';
  const known = PROBLEMS[error.name];
  if (known !== undefined) return known;
  return error instanceof SQSServiceException
    ? `SQS says ${error.name}: ${error.message}`
    : `SQS cannot be asked: ${error.message}`;
}

const PROBLEMS: Readonly<Record<string, string>> = {
  QueueDoesNotExist: 'there is no such queue in this account and region; deploy the app stack',
  AccessDenied: 'this role has no right to it; allow sqs:SendMessage on the queue',
  AccessDeniedException: 'this role has no right to it; allow sqs:SendMessage on the queue',
};
