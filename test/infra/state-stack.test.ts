/** The state stack, one property a test: each says what an ops team would lose without it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { LEDGER_KEYS, StateStack } from '../../infra/state-stack.ts';

/** The framework's own switches stand in cdk.json; what is tested is what is deployed. */
const { context } = JSON.parse(readFileSync(join(import.meta.dirname, '../../cdk.json'), 'utf8'));

const stack = new StateStack(new App({ context }), 'state', { env: { account: '123456789012', region: 'eu-south-2' } });
const template = Template.fromStack(stack);

const BUCKET = 'AWS::S3::Bucket';
const TABLE = 'AWS::DynamoDB::GlobalTable';

describe('the stack', () => {
  it('cannot be deleted by a slip', () => {
    expect(stack.terminationProtection).toBe(true);
  });

  it('keeps its protection whatever its caller says', () => {
    const careless = new StateStack(new App(), 'state', { terminationProtection: false });
    expect(careless.terminationProtection).toBe(true);
  });

  it('keeps bucket and table when it goes', () => {
    template.allResources(BUCKET, { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
    template.allResources(TABLE, { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
  });

  it('holds nothing else: no function, no role, no resource of the framework', () => {
    const types = Object.values(template.toJSON().Resources).map((resource) => (resource as { Type: string }).Type);
    expect(types.toSorted()).toEqual([TABLE, BUCKET, 'AWS::S3::BucketPolicy']);
  });
});

describe('the bucket', () => {
  it('keeps every version, so that a run can pin one', () => {
    template.hasResourceProperties(BUCKET, { VersioningConfiguration: { Status: 'Enabled' } });
  });

  it('is closed to the public in all four ways', () => {
    template.hasResourceProperties(BUCKET, {
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
    });
  });

  it('takes no access lists', () => {
    template.hasResourceProperties(BUCKET, {
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
    });
  });

  it('is encrypted at rest', () => {
    template.hasResourceProperties(BUCKET, {
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
    });
  });

  it('answers nobody without TLS', () => {
    template.hasResourceProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: 'Deny', Action: 's3:*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
        ]),
      },
    });
  });

  it('answers nobody with TLS older than 1.2', () => {
    template.hasResourceProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Effect: 'Deny',
            Action: 's3:*',
            Condition: { NumericLessThan: { 's3:TlsVersion': 1.2 } },
          }),
        ]),
      },
    });
  });

  it('tells EventBridge of new objects', () => {
    template.hasResourceProperties(BUCKET, {
      NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } },
    });
  });

  it('clears uploads that were never finished', () => {
    template.hasResourceProperties(BUCKET, {
      LifecycleConfiguration: {
        Rules: [Match.objectLike({ Status: 'Enabled', AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 } })],
      },
    });
  });

  it('lets no object expire by itself', () => {
    const [bucket] = Object.values(template.findResources(BUCKET));
    expect(JSON.stringify(bucket)).not.toMatch(/Expiration/);
  });
});

describe('the ledger table', () => {
  it('is found by partition and sort key', () => {
    template.hasResourceProperties(TABLE, {
      KeySchema: [
        { AttributeName: LEDGER_KEYS.partition, KeyType: 'HASH' },
        { AttributeName: LEDGER_KEYS.sort, KeyType: 'RANGE' },
      ],
    });
  });

  it('finds batches that are due, by their keys alone', () => {
    template.hasResourceProperties(TABLE, {
      GlobalSecondaryIndexes: [
        {
          IndexName: LEDGER_KEYS.open.name,
          KeySchema: [
            { AttributeName: LEDGER_KEYS.open.partition, KeyType: 'HASH' },
            { AttributeName: LEDGER_KEYS.open.sort, KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'KEYS_ONLY' },
        },
      ],
      AttributeDefinitions: Match.arrayWith([{ AttributeName: LEDGER_KEYS.open.sort, AttributeType: 'N' }]),
    });
  });

  it('costs nothing while nobody sends', () => {
    template.hasResourceProperties(TABLE, { BillingMode: 'PAY_PER_REQUEST' });
  });

  it('can be restored to any second', () => {
    template.hasResourceProperties(TABLE, {
      Replicas: [Match.objectLike({ PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true } })],
    });
  });

  it('forgets what has expired', () => {
    template.hasResourceProperties(TABLE, {
      TimeToLiveSpecification: { AttributeName: LEDGER_KEYS.expiry, Enabled: true },
    });
  });

  it('cannot be deleted by a slip', () => {
    template.hasResourceProperties(TABLE, { Replicas: [Match.objectLike({ DeletionProtectionEnabled: true })] });
  });
});
