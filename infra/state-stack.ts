/**
 * What outlives every deployment: where mails come from, and what became of each.
 *
 * - A bucket holds what ops teams and runs put down: audiences, attachments, batches, results. Every write is a new
 *   version, so that a run can pin what it was planned with. It tells EventBridge of each new object.
 * - A table holds the ledger: runs, their batches and deliveries. It is billed by request, so that it costs nothing
 *   while nobody sends; whatever a run no longer needs leaves it by time to live.
 *
 * Both are kept when the stack goes, and the stack does not go without its protection being lifted first. What comes
 * and goes with the code has no place here.
 */
import { Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { AttributeType, Billing, ProjectionType, TableEncryptionV2, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { BlockPublicAccess, Bucket, BucketEncryption, CfnBucket, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import ledgerTableKeys from './ledger-table.json' with { type: 'json' };

/**
 * The attributes by which the ledger's items are found, the one by which they expire (epoch seconds), and the index by which
 * batches are found that are due. `functions/aws/ledger-keys.ts` reads the same file, and says what the items are.
 */
export const LEDGER_KEYS = ledgerTableKeys;

export class StateStack extends Stack {
  readonly objects: Bucket;
  readonly ledger: TableV2;

  /** @param props `terminationProtection` is on whatever they say */
  constructor(scope: Construct, id: string, props: StackProps = {}) {
    super(scope, id, {
      description: 'Cartero: campaigns, runs and the ledger. Kept when everything else is replaced.',
      ...props,
      terminationProtection: true,
    });
    this.objects = objectBucket(this);
    this.ledger = ledgerTable(this);
  }
}

function objectBucket(scope: Construct): Bucket {
  const bucket = new Bucket(scope, 'Objects', {
    versioned: true,
    encryption: BucketEncryption.S3_MANAGED,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    enforceSSL: true,
    minimumTLSVersion: 1.2,
    removalPolicy: RemovalPolicy.RETAIN,
    // A writer that died half-way leaves parts that nobody sees and everybody pays for.
    lifecycleRules: [{ id: 'abandoned-uploads', abortIncompleteMultipartUploadAfter: Duration.days(7) }],
  });
  // `eventBridgeEnabled` would add a function with rights on every bucket of the account; the property needs none.
  const resource = bucket.node.defaultChild;
  if (!(resource instanceof CfnBucket))
    throw new Error('Cannot send notifications: the bucket has no resource of its own');
  resource.notificationConfiguration = { eventBridgeConfiguration: { eventBridgeEnabled: true } };
  return bucket;
}

function ledgerTable(scope: Construct): TableV2 {
  return new TableV2(scope, 'Ledger', {
    partitionKey: { name: LEDGER_KEYS.partition, type: AttributeType.STRING },
    sortKey: { name: LEDGER_KEYS.sort, type: AttributeType.STRING },
    // Sparse: a batch that has nobody left is not in it. Its keys are all that whoever rings batches wants to know.
    globalSecondaryIndexes: [
      {
        indexName: LEDGER_KEYS.open.name,
        partitionKey: { name: LEDGER_KEYS.open.partition, type: AttributeType.STRING },
        sortKey: { name: LEDGER_KEYS.open.sort, type: AttributeType.NUMBER },
        projectionType: ProjectionType.KEYS_ONLY,
      },
    ],
    billing: Billing.onDemand(),
    encryption: TableEncryptionV2.dynamoOwnedKey(),
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    timeToLiveAttribute: LEDGER_KEYS.expiry,
    deletionProtection: true,
    removalPolicy: RemovalPolicy.RETAIN,
  });
}
