/**
 * A queue of doorbells: a message only says where to look, the ledger says what is to be done. What was taken out too often
 * goes into a second queue, where it is kept for a person, and rings an alarm.
 */
import { Duration } from 'aws-cdk-lib';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { acknowledge } from './findings.ts';

export interface DoorbellQueueProps {
  /** Who takes from it is through by then, or dead. */
  readonly visibilitySeconds: number;
  /** How often a message is taken out before it is put aside. */
  readonly maxReceives: number;
}

/** As long as SQS keeps anything. */
const RETENTION = Duration.days(14);

export class DoorbellQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, { visibilitySeconds, maxReceives }: DoorbellQueueProps) {
    super(scope, id);
    this.deadLetters = new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: RETENTION,
    });
    acknowledge(this.deadLetters, {
      'Serverless-SQSRedrivePolicy': 'This is where messages are put aside; a person takes them out again.',
    });
    this.queue = new Queue(this, 'Queue', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: RETENTION,
      visibilityTimeout: Duration.seconds(visibilitySeconds),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: maxReceives },
    });
  }
}
