/** The state stack, one property a test: each says what an ops team would lose without it. */
import { App } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { storedKeysIn } from '#mailing';
import { LEDGER_KEYS } from '../../infra/ledger-table.ts';
import { StateStack } from '../../infra/state-stack.ts';
import { context, environmentOf, WHOLE } from './mailer.ts';

const env = { account: '123456789012', region: 'eu-south-2' };
const made = (written: object) =>
  new StateStack(new App({ context }), 'state', { env, environment: environmentOf(written) });

const stack = made(WHOLE);
const template = Template.fromStack(stack);

const BUCKET = 'AWS::S3::Bucket';
const TABLE = 'AWS::DynamoDB::GlobalTable';
const SECRET = 'AWS::SecretsManager::Secret';
const ADDRESS = 'AWS::EC2::EIP';

function typesIn(of: Template): string[] {
  const resources: Record<string, { readonly Type: string }> = of.toJSON().Resources;
  return Object.values(resources)
    .map(({ Type }) => Type)
    .toSorted();
}

describe('the stack', () => {
  it('cannot be deleted by a slip', () => {
    expect(stack.terminationProtection).toBe(true);
  });

  it('keeps its protection whatever its caller says', () => {
    const environment = environmentOf();
    const careless = new StateStack(new App(), 'state', { environment, terminationProtection: false });
    expect(careless.terminationProtection).toBe(true);
  });

  it.each([BUCKET, TABLE, SECRET, ADDRESS])('keeps every %s when it goes', (type) => {
    template.allResources(type, { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
  });

  it('holds nothing else: no function, no role, no resource of the framework', () => {
    expect(typesIn(template)).toEqual([TABLE, ADDRESS, BUCKET, 'AWS::S3::BucketPolicy', ...Array(4).fill(SECRET)]);
  });

  it('has no address where the environment has no network, and no logins where it has no relays', () => {
    const bare = Template.fromStack(made({ region: 'eu-south-2', relays: {} }));
    expect(typesIn(bare)).toEqual([TABLE, BUCKET, 'AWS::S3::BucketPolicy', SECRET, SECRET]);
  });
});

describe('the bucket', () => {
  it('is called by environment, account and region, so that nobody need ask for its name', () => {
    template.hasResourceProperties(BUCKET, { BucketName: 'cartero-staging-123456789012-eu-south-2' });
  });

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
  it('is called by its environment', () => {
    template.hasResourceProperties(TABLE, { TableName: 'cartero-staging' });
  });

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

describe('the secrets', () => {
  const nameOf = ({ Properties }: { Properties: { Name: string } }) => Properties.Name;

  it('are one a login and the two keys, called by their environment', () => {
    const secrets = Object.values(template.findResources(SECRET)) as { Properties: { Name: string } }[];
    expect(secrets.map(nameOf).toSorted()).toEqual([
      'staging/cartero/bulk',
      'staging/cartero/link-keys',
      'staging/cartero/log-keys',
      'staging/cartero/smtp',
    ]);
  });

  it('say in what form a login is written, and begin with one that nobody knows', () => {
    template.hasResourceProperties(SECRET, {
      Name: 'staging/cartero/smtp',
      GenerateSecretString: { GenerateStringKey: 'password', SecretStringTemplate: '{"user":"not-set"}' },
    });
  });

  it('hold a first key each, in the form in which the functions read it', () => {
    for (const name of ['log-keys', 'link-keys']) {
      const [secret] = Object.values(
        template.findResources(SECRET, { Properties: { Name: `staging/cartero/${name}` } }),
      );
      const { SecretStringTemplate, GenerateStringKey, PasswordLength } = secret?.Properties.GenerateSecretString ?? {};
      // As Secrets Manager puts a text of its own into the template.
      const text = JSON.stringify({
        ...JSON.parse(SecretStringTemplate),
        [GenerateStringKey]: 'a'.repeat(PasswordLength),
      });
      const keys = storedKeysIn(text, (problem) => new Error(problem));
      expect(keys.map(({ id }) => id)).toEqual(['first']);
    }
  });

  it('are in no template', () => {
    template.resourcePropertiesCountIs(SECRET, { SecretString: Match.anyValue() }, 0);
  });
});
