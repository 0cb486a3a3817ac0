/**
 * What outlives every deployment: where mails come from, and what became of each.
 *
 * - A bucket holds what ops teams and runs put down: audiences, attachments, batches, results. Every write is a new
 *   version, so that a run can pin what it was planned with. It tells EventBridge of each new object.
 * - A table holds the ledger: runs, their batches and deliveries (`ledger-table.ts`).
 * - Secrets hold the relays' logins, and keys (`secrets.ts`).
 * - Where mail leaves by a fixed address, the address is here: whoever has it on a list of theirs goes on knowing it.
 *
 * All are kept when the stack goes, and the stack does not go without its protection being lifted first. What comes
 * and goes with the code has no place here.
 */
import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { CfnEIP } from 'aws-cdk-lib/aws-ec2';
import { BlockPublicAccess, Bucket, BucketEncryption, CfnBucket, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { bucketNameOf, tableNameOf } from '../functions/aws/deployment.ts';
import type { Environment } from './environment.ts';
import { acknowledge } from './findings.ts';
import { ledgerTable } from './ledger-table.ts';
import { type MailerSecrets, mailerSecrets } from './secrets.ts';

export interface StateStackProps extends StackProps {
  readonly environment: Environment;
}

export class StateStack extends Stack {
  readonly objects: Bucket;
  readonly ledger: TableV2;
  readonly secrets: MailerSecrets;
  /** `null` where mail leaves by whatever address AWS gives. */
  readonly address: CfnEIP | null;

  /** @param props `terminationProtection` is on whatever they say */
  constructor(scope: Construct, id: string, { environment, ...props }: StateStackProps) {
    super(scope, id, {
      description: 'Cartero: campaigns, runs and the ledger. Kept when everything else is replaced.',
      ...props,
      terminationProtection: true,
    });
    this.objects = objectBucket(this, bucketNameOf(environment.name, this.account, this.region));
    this.ledger = ledgerTable(this, 'Ledger', tableNameOf(environment.name));
    this.secrets = mailerSecrets(this, environment);
    this.address = environment.network === null ? null : fixedAddress(this);
    new CfnOutput(this, 'Bucket', { value: this.objects.bucketName, description: 'Where jobs and audiences are put.' });
    new CfnOutput(this, 'Table', { value: this.ledger.tableName, description: 'The ledger.' });
  }
}

function objectBucket(scope: Construct, bucketName: string): Bucket {
  const bucket = new Bucket(scope, 'Objects', {
    bucketName,
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
  acknowledge(bucket, {
    'AwsSolutions-S1':
      "Every change is a version, and the ledger says which run read which. A second bucket with the names of everybody's files would be one more place to guard; CloudTrail's data events tell who read what, where that is wanted.",
  });
  return bucket;
}

function fixedAddress(scope: Construct): CfnEIP {
  const address = new CfnEIP(scope, 'Address', { domain: 'vpc' });
  address.applyRemovalPolicy(RemovalPolicy.RETAIN);
  new CfnOutput(scope, 'SendingAddress', { value: address.ref, description: 'The address that mail leaves by.' });
  return address;
}
