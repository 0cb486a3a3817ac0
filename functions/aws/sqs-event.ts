/**
 * Doorbells as Lambda's event source for SQS hands them over: some messages in one event, and an answer that names those that
 * are to come again (ReportBatchItemFailures). What is not named is deleted. A message that comes again too often goes to
 * the dead-letter queue, where people look at it; there one that is no doorbell ends as well, and keeps no other from its sender.
 */
import { type Doorbell, type DoorbellAnswer, doorbellIn } from '#mailing';

export interface SqsBatchAnswer {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/** One message as it came. */
export interface ReceivedDoorbell extends Doorbell {
  /** How often it has been handed over, this time included. */
  readonly receiveCount: number;
}

export interface DoorbellHandler {
  /** What it throws means `again`, for this message alone. */
  readonly handle: (bell: ReceivedDoorbell) => Promise<DoorbellAnswer>;
  /** A message that is no doorbell (DoorbellError), or one whose handling threw. */
  readonly onFailure: (messageId: string, error: unknown) => void;
}

/** The event is none of SQS. */
export class SqsEventError extends Error {
  readonly code = 'ERR_SQS_EVENT';
  constructor(problem: string) {
    super(`Cannot read the event: ${problem}, wanted is one of SQS with its messages in "Records"`);
    this.name = 'SqsEventError';
  }
}

/**
 * One message after the other, each by itself.
 * @throws SqsEventError: Lambda then takes all messages as not handled
 */
export async function answerDoorbells(event: unknown, handler: DoorbellHandler): Promise<SqsBatchAnswer> {
  const batchItemFailures: { itemIdentifier: string }[] = [];
  // All are looked at first: an event that is none of ours is answered by nothing at all.
  for (const message of messagesIn(event)) {
    if ((await answerOf(message, handler)) === 'again') batchItemFailures.push({ itemIdentifier: message.messageId });
  }
  return { batchItemFailures };
}

interface Message {
  readonly messageId: string;
  readonly body: string;
  readonly receiveCount: number;
}

async function answerOf({ messageId, body, receiveCount }: Message, handler: DoorbellHandler): Promise<DoorbellAnswer> {
  try {
    return await handler.handle({ ...doorbellIn(body), receiveCount });
  } catch (error) {
    handler.onFailure(messageId, error);
    return 'again';
  }
}

function messagesIn(event: unknown): Message[] {
  const { Records: records } = Object(event) as { Records?: unknown };
  if (!Array.isArray(records)) throw new SqsEventError('it has no "Records"');
  return records.map((record: unknown, index) => {
    const { messageId, body, attributes, eventSource } = Object(record) as Readonly<Record<string, unknown>>;
    if (eventSource !== 'aws:sqs') throw new SqsEventError(`"Records.${index}" is none of SQS`);
    // Without it no answer can say which one is meant; Lambda takes an empty one as "all of them".
    if (typeof messageId !== 'string' || messageId === '')
      throw new SqsEventError(`"Records.${index}" has no "messageId"`);
    const { ApproximateReceiveCount: count } = Object(attributes) as { ApproximateReceiveCount?: unknown };
    return { messageId, body: typeof body === 'string' ? body : '', receiveCount: Number(count) || 1 };
  });
}
