/**
 * Cartero on AWS: the outside that the mailing room asks for, made of the team's own account.
 *
 * Each file is one port and one service, and takes its client from whoever wires things up. What brings a client is entered by a
 * name of its own, so that a door loads no other: `#aws/s3` (`s3-store.ts`, objects in a bucket), `#aws/secrets`
 * (`secrets-manager.ts`, relays' logins and keys), `#aws/queue` (`sqs-queue.ts`, doorbells to senders). What needs none is
 * here: `deployment.ts`, the names on which doors and stacks agree; `sqs-event.ts`, doorbells as Lambda hands them over.
 */
export * from './deployment.ts';
export {
  answerDoorbells,
  type DoorbellHandler,
  type ReceivedDoorbell,
  type SqsBatchAnswer,
  SqsEventError,
} from './sqs-event.ts';
