/** What an entry of `doors.ts` says that a door may do, as statements about this environment's resources, named one by one. */
import type { ITableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { DoorFunction } from './door-function.ts';
import type { DoorbellQueue } from './doorbell-queue.ts';
import { OBJECTS, type ObjectKind, type Rights } from './doors.ts';
import { acknowledge, wildcardFinding } from './findings.ts';
import { LEDGER_KEYS } from './ledger-table.ts';

/** What there is to be allowed. A sender is given its own relay's secret as `relay`, and nobody else is given any. */
export interface Resources {
  readonly objects: IBucket;
  readonly ledger: ITableV2;
  readonly queues: { readonly plan: readonly DoorbellQueue[]; readonly batches: readonly DoorbellQueue[] };
  readonly secrets: { readonly relay: Secret | undefined; readonly logKeys: Secret; readonly linkKeys: Secret };
}

/** What `functions/aws/table.ts` sends, and nothing else. */
const LEDGER_ACTIONS = [
  'dynamodb:BatchGetItem',
  'dynamodb:DeleteItem',
  'dynamodb:GetItem',
  'dynamodb:PutItem',
  'dynamodb:Query',
  'dynamodb:UpdateItem',
];

export function applyRights(door: DoorFunction, may: Rights, { objects, ledger, queues, secrets }: Resources): void {
  const named = (kinds: readonly ObjectKind[]) => kinds.map((kind) => objects.arnForObjects(OBJECTS[kind].pattern));
  door.allow(['s3:GetObject', 's3:GetObjectVersion'], named(may.read));
  door.allow(['s3:PutObject', 's3:AbortMultipartUpload'], named(may.write));
  door.allow(['s3:DeleteObject'], named(may.remove));
  // Who may list is told that an object is not there; others are told that they may not ask.
  if (may.read.length > 0) door.allow(['s3:ListBucket'], [objects.bucketArn]);
  if (may.ledger) door.allow(LEDGER_ACTIONS, [ledger.tableArn, `${ledger.tableArn}/index/${LEDGER_KEYS.open.name}`]);
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
  for (const kind of new Set([...may.read, ...may.write, ...may.remove])) {
    const { pattern, because } = OBJECTS[kind];
    acknowledge(door.role, { [wildcardFinding(door, objects.arnForObjects(pattern))]: because });
  }
}
