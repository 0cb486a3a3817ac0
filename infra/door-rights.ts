/** What an entry of `doors.ts` says that a door may do, as statements about this environment's resources, named one by one. */
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { DoorFunction } from './door-function.ts';
import type { DoorbellQueue } from './doorbell-queue.ts';
import type { Rights } from './doors.ts';

/** What there is to be allowed. A sender is given its own relay's secret as `relay`, and nobody else is given any. */
export interface Resources {
  readonly objects: Bucket;
  readonly ledger: TableV2;
  readonly queues: { readonly plan: readonly DoorbellQueue[]; readonly batches: readonly DoorbellQueue[] };
  readonly secrets: { readonly relay: Secret | undefined; readonly logKeys: Secret; readonly linkKeys: Secret };
}

const LEDGER_ACTIONS = [
  'dynamodb:BatchGetItem',
  'dynamodb:BatchWriteItem',
  'dynamodb:DeleteItem',
  'dynamodb:GetItem',
  'dynamodb:PutItem',
  'dynamodb:Query',
  'dynamodb:UpdateItem',
];

export function applyRights(door: DoorFunction, may: Rights, { objects, ledger, queues, secrets }: Resources): void {
  const named = (patterns: readonly string[]) => patterns.map((pattern) => objects.arnForObjects(pattern));
  door.allow(['s3:GetObject', 's3:GetObjectVersion'], named(may.read));
  door.allow(['s3:PutObject', 's3:AbortMultipartUpload'], named(may.write));
  door.allow(['s3:DeleteObject'], named(may.remove));
  // Who may list is told that an object is not there; others are told that they may not ask.
  if (may.read.length > 0) door.allow(['s3:ListBucket'], [objects.bucketArn]);
  if (may.ledger) door.allow(LEDGER_ACTIONS, [ledger.tableArn]);
  const rung = may.ring.flatMap((kind) => queues[kind]);
  door.allow(
    ['sqs:SendMessage'],
    rung.map(({ queue }) => queue.queueArn),
  );
  const readable = may.secrets.flatMap((kind) => secrets[kind] ?? []);
  door.allow(
    ['secretsmanager:GetSecretValue'],
    readable.map(({ secretArn }) => secretArn),
  );
}
