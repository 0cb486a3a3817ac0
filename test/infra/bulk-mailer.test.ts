/** The app stack, one property a test: each says what an ops team would lose without it. */
import { App } from 'aws-cdk-lib';
import { Capture, Match, Template } from 'aws-cdk-lib/assertions';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { describe, expect, it } from 'vitest';
import { DoorMissingError, doors, doorsThere } from '../../infra/doors.ts';
import { environmentOf, projectWith, stageOf, WHOLE } from './mailer.ts';

const FUNCTION = 'AWS::Lambda::Function';
const MAPPING = 'AWS::Lambda::EventSourceMapping';
const QUEUE = 'AWS::SQS::Queue';
const SCHEDULE = 'AWS::Scheduler::Schedule';
const ALARM = 'AWS::CloudWatch::Alarm';
const POLICY = 'AWS::IAM::Policy';

interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
  readonly Metadata?: unknown;
}

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}

const whole = stageOf();
const template = Template.fromStack(whole.app);
const resources: Readonly<Record<string, Resource>> = template.toJSON().Resources;
const without = (made: Parameters<typeof stageOf>[0]) => Template.fromStack(stageOf(made).app);

const ofType = (type: string) => Object.entries(resources).filter(([, { Type }]) => Type === type);
const listOf = <T>(one: T | readonly T[]): readonly T[] => (Array.isArray(one) ? one : [one as T]);

/** What a function may do, by a part of its logical name. */
function statementsOf(part: string): Statement[] {
  const found = ofType(POLICY).filter(([id]) => id.includes(part));
  return found.flatMap(([, { Properties }]) => (Properties.PolicyDocument as { Statement: Statement[] }).Statement);
}

const allStatements = () => ofType(POLICY).flatMap(([id]) => statementsOf(id));
const actionsOf = (statements: readonly Statement[]) => statements.flatMap(({ Action }) => listOf(Action)).toSorted();

describe('a function', () => {
  it.each([
    ['Planner', 1769, 900, 2],
    ['Intake', 512, 60, 2],
    ['Sweeper', 512, 55, 1],
    ['RelaydefaultSender', 1769, 900, 4],
    ['RelaybulkSender', 1769, 900, 2],
  ])('%s has its memory, its time and its copies', (part, MemorySize, Timeout, ReservedConcurrentExecutions) => {
    const [found] = ofType(FUNCTION).filter(([id]) => id.includes(part));
    expect(found?.[1].Properties).toMatchObject({ MemorySize, Timeout, ReservedConcurrentExecutions });
  });

  it('runs on Node 24, on arm64, each', () => {
    template.allResourcesProperties(FUNCTION, {
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
    });
  });

  it('logs JSON into a log of its own, each', () => {
    template.allResourcesProperties(FUNCTION, {
      LoggingConfig: {
        LogFormat: 'JSON',
        ApplicationLogLevel: 'INFO',
        SystemLogLevel: 'WARN',
        LogGroup: Match.anyValue(),
      },
    });
    const groups = ofType(FUNCTION).map(([, { Properties }]) => JSON.stringify(Properties.LoggingConfig));
    expect(new Set(groups).size).toBe(groups.length);
  });

  it('is told by variables what its entry lists, and nothing else', () => {
    const toldOf = (part: string) => {
      const [found] = ofType(FUNCTION).filter(([id]) => id.includes(part));
      const { Variables = {} } = Object(found?.[1].Properties.Environment) as { Variables?: Record<string, unknown> };
      return Object.keys(Variables).toSorted();
    };
    expect(toldOf('RelaydefaultSender')).toEqual([
      'CARTERO_BUCKET',
      'CARTERO_ENVIRONMENT',
      'CARTERO_LINK_KEYS',
      'CARTERO_LOG_ADDRESSES',
      'CARTERO_LOG_KEYS',
      'CARTERO_RELAYS',
      'CARTERO_RELAY_NAME',
      'CARTERO_RELAY_SECRET',
      'CARTERO_TABLE',
      'CARTERO_TRANSCRIPTS',
    ]);
    expect(toldOf('Intake')).not.toContain('CARTERO_BATCH_QUEUES');
  });

  it('that sends knows its own relay alone, in the form of relays.json', () => {
    const relays = new Capture();
    template.hasResourceProperties(FUNCTION, {
      Environment: { Variables: { CARTERO_RELAY_NAME: 'default', CARTERO_RELAYS: relays } },
    });
    expect(JSON.parse(relays.asString())).toEqual({
      relays: { default: { host: 'smtp.example.com', port: 465, security: 'implicit-tls', secret: 'cartero/smtp' } },
    });
  });

  it('whose file is not there is refused', () => {
    const make = () => stageOf({ project: projectWith({ [doors.sender.entry]: '' }) });
    expect(make).toThrow(DoorMissingError);
    expect(make).toThrow('Cannot make the function planner: there is no file functions/plan.lambda.ts');
  });
});

describe('logs', () => {
  it('are kept for the days that the environment says, and when the stack goes', () => {
    const logs = ofType('AWS::Logs::LogGroup').filter(([id]) => id.startsWith('Mailer'));
    expect(logs).toHaveLength(5);
    for (const [, resource] of logs) {
      expect(resource.Properties).toMatchObject({ RetentionInDays: 30 });
      expect(resource).toMatchObject({ DeletionPolicy: 'Retain' });
    }
  });

  it('can be asked for failures, for one person and for times, without writing a query', () => {
    const names = ofType('AWS::Logs::QueryDefinition').map(([, { Properties }]) => Properties.Name);
    expect(names.toSorted()).toEqual([
      'cartero/staging/conversations of one run',
      'cartero/staging/failures by reply',
      "cartero/staging/one person's history",
      'cartero/staging/p95 per relay',
    ]);
  });
});

describe('a queue', () => {
  it('is one for plans, one for jobs, one a relay, each with one for what is put aside', () => {
    const redriven = ofType(QUEUE).filter(([, { Properties }]) => Properties.RedrivePolicy !== undefined);
    expect([redriven.length, ofType(QUEUE).length]).toEqual([4, 8]);
  });

  it('of batches shows a doorbell again when the lease of who took it has ended, and up to 1,000 times', () => {
    for (const part of ['RelaydefaultBatchesQueue', 'RelaybulkBatchesQueue']) {
      const [found] = ofType(QUEUE).filter(([id]) => id.includes(part));
      expect(found?.[1].Properties).toMatchObject({ VisibilityTimeout: 960, RedrivePolicy: { maxReceiveCount: 1000 } });
    }
  });

  it('keeps what nobody takes for as long as there is', () => {
    template.allResourcesProperties(QUEUE, { MessageRetentionPeriod: 1_209_600 });
  });

  it('is encrypted, and answers nobody without TLS', () => {
    template.allResourcesProperties(QUEUE, { SqsManagedSseEnabled: true });
    const denied = JSON.stringify(ofType('AWS::SQS::QueuePolicy')).match(/"aws:SecureTransport":"false"/g);
    expect(denied).toHaveLength(8);
  });

  it('gives one message at a time, and hears of each whether it is done', () => {
    template.resourceCountIs(MAPPING, 4);
    template.allResourcesProperties(MAPPING, { BatchSize: 1, FunctionResponseTypes: ['ReportBatchItemFailures'] });
  });

  it('is worked by as many functions as there are copies for it, and never by more', () => {
    for (const [, { Properties }] of ofType(MAPPING)) {
      const { Ref } = Properties.FunctionName as { Ref: string };
      const copies = resources[Ref]?.Properties.ReservedConcurrentExecutions;
      expect(Properties.ScalingConfig).toEqual({ MaximumConcurrency: copies });
    }
  });
});

describe('rights', () => {
  it('are never of all actions of a service', () => {
    expect(actionsOf(allStatements()).filter((action) => action.includes('*'))).toEqual([]);
  });

  it('are never on everything, but for the interfaces in a network, of which EC2 names none', () => {
    const wide = allStatements().filter(({ Resource }) => listOf(Resource).includes('*'));
    expect(new Set(actionsOf(wide))).toEqual(
      new Set([
        'ec2:AssignPrivateIpAddresses',
        'ec2:CreateNetworkInterface',
        'ec2:DeleteNetworkInterface',
        'ec2:DescribeNetworkInterfaces',
        'ec2:DescribeSubnets',
        'ec2:UnassignPrivateIpAddresses',
      ]),
    );
    const bare = without({ environment: environmentOf({ ...WHOLE, network: undefined }) }).toJSON().Resources;
    expect(JSON.stringify(bare)).not.toContain('"Resource":"*"');
  });

  it.each([
    ['Relaydefault', 'Relaycarterosmtp', 'Relaycarterobulk'],
    ['Relaybulk', 'Relaycarterobulk', 'Relaycarterosmtp'],
  ])("of the sender of %s are on its own relay's secret alone", (part, own, other) => {
    const read = statementsOf(part).filter(({ Action }) => listOf(Action).includes('secretsmanager:GetSecretValue'));
    expect(JSON.stringify(read)).toContain(own);
    expect(JSON.stringify(read)).not.toContain(other);
  });

  it.each(['Planner', 'Intake', 'Sweeper'])("of %s are on no relay's secret", (part) => {
    expect(JSON.stringify(statementsOf(part))).not.toMatch(/Relaycartero(?:smtp|bulk)/);
  });

  it('of a sender write below runs/ alone', () => {
    const written = statementsOf('Relaydefault').filter(({ Action }) => listOf(Action).includes('s3:PutObject'));
    expect(written.map(({ Resource }) => Resource)).toEqual([
      'arn:aws:s3:::cartero-staging-123456789012-eu-south-2/runs/*',
    ]);
  });

  it('of a sender take from its own queue and send to none', () => {
    expect(actionsOf(statementsOf('Relaydefault'))).not.toContain('sqs:SendMessage');
    const queues = JSON.stringify(statementsOf('Relaydefault')).match(/\w*Queue[0-9A-F]{8}/g);
    expect(new Set(queues)).toHaveLength(1);
  });

  it('of the intake write receipts and what is rejected, never a job', () => {
    const written = statementsOf('Intake').filter(({ Action }) => listOf(Action).includes('s3:PutObject'));
    expect(written.flatMap(({ Resource }) => Resource)).toEqual([
      'arn:aws:s3:::cartero-staging-123456789012-eu-south-2/jobs/*.receipt.json',
      'arn:aws:s3:::cartero-staging-123456789012-eu-south-2/rejected/*',
    ]);
  });

  it('scan the ledger for nobody', () => {
    expect(actionsOf(allStatements())).not.toContain('dynamodb:Scan');
  });

  it('read and write the ledger, and find in its index what is due', () => {
    const [statement] = statementsOf('Relaydefault').filter(({ Action }) =>
      listOf(Action).includes('dynamodb:UpdateItem'),
    );
    expect(statement?.Resource).toEqual([
      'arn:aws:dynamodb:eu-south-2:123456789012:table/cartero-staging',
      'arn:aws:dynamodb:eu-south-2:123456789012:table/cartero-staging/index/open',
    ]);
  });

  it('have the boundary of the environment, each role', () => {
    template.allResourcesProperties('AWS::IAM::Role', {
      PermissionsBoundary: 'arn:aws:iam::123456789012:policy/workload-boundary',
    });
  });

  it('come from no policy of AWS', () => {
    template.resourcePropertiesCountIs('AWS::IAM::Role', { ManagedPolicyArns: Match.anyValue() }, 0);
  });
});

describe('a schedule', () => {
  const scheduleOf = (of: Template, Name: string) => {
    const [found] = Object.values(of.findResources(SCHEDULE, { Properties: { Name } }));
    return found?.Properties as Record<string, unknown> | undefined;
  };

  it('comes from a campaign folder, called as it is, in the group of the environment', () => {
    expect(
      ofType(SCHEDULE)
        .map(([, { Properties }]) => Properties.Name)
        .toSorted(),
    ).toEqual(['birthday', 'launch', 'newsletter', 'sweep']);
    template.hasResourceProperties('AWS::Scheduler::ScheduleGroup', { Name: 'cartero-staging' });
  });

  it('starts by the clocks of its time zone', () => {
    expect(scheduleOf(template, 'newsletter')).toMatchObject({
      ScheduleExpression: 'cron(0 9 ? * MON *)',
      ScheduleExpressionTimezone: 'America/Mexico_City',
      State: 'ENABLED',
      FlexibleTimeWindow: { Mode: 'OFF' },
    });
  });

  it('starts once where the campaign does, unless that has gone by', () => {
    expect(scheduleOf(template, 'launch')).toMatchObject({
      ScheduleExpression: 'at(2026-12-01T09:00:00)',
      ScheduleExpressionTimezone: 'Europe/Madrid',
    });
    expect(scheduleOf(template, 'past')).toBeUndefined();
  });

  it("by the recipients' own clocks plans each date when it begins first on earth", () => {
    expect(scheduleOf(template, 'birthday')).toMatchObject({
      ScheduleExpression: 'cron(0 0 * * ? *)',
      ScheduleExpressionTimezone: 'Pacific/Kiritimati',
      Target: { Input: '{"campaign":"birthday","due":"<aws.scheduler.scheduled-time>","means":"date"}' },
    });
  });

  it('asks the plan queue, and what it cannot put there is put aside', () => {
    const { Target } = scheduleOf(template, 'newsletter') as { Target: Record<string, unknown> };
    expect(JSON.stringify(Target.Arn)).toContain('MailerPlansQueue');
    expect(JSON.stringify(Target.DeadLetterConfig)).toContain('MailerPlansDeadLetters');
  });

  it('says in plain words what of it could change', () => {
    const described = scheduleOf(template, 'newsletter')?.Description;
    expect(described).toBe(
      'Starts at 09:00 on Mondays, America/Mexico_City. Audience people.csv (22 octets, 4f7ab0ac). ' +
        '50 mails a second over 4 connections by the relay default, given up after PT48H. Mail goes 08:00 to 20:00 only.',
    );
  });

  it('starts nothing where the environment says so', () => {
    const rehearsal = without({ environment: environmentOf({ ...WHOLE, schedules: false }) });
    expect(scheduleOf(rehearsal, 'newsletter')).toMatchObject({ State: 'DISABLED' });
    expect(scheduleOf(rehearsal, 'sweep')).toMatchObject({ State: 'ENABLED' });
  });

  it('does not come where nobody plans', () => {
    const { planner: _planner, ...others } = doors;
    expect(scheduleOf(without({ doors: others }), 'newsletter')).toBeUndefined();
  });

  it('sweeps each minute, and does not make up for one that it missed', () => {
    expect(scheduleOf(template, 'sweep')).toMatchObject({ ScheduleExpression: 'rate(1 minute)' });
    template.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
      MaximumRetryAttempts: 0,
      MaximumEventAgeInSeconds: 60,
    });
  });
});

describe('a job in the bucket', () => {
  it('rings the intake, and nothing else below jobs/ does', () => {
    template.resourceCountIs('AWS::Events::Rule', 1);
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: {
        source: ['aws.s3'],
        'detail-type': ['Object Created'],
        detail: {
          bucket: { name: ['cartero-staging-123456789012-eu-south-2'] },
          object: { key: [{ wildcard: 'jobs/*.job.json' }] },
        },
      },
    });
  });

  it('is taken by nobody where the environment sets no limits', () => {
    without({ environment: environmentOf({ ...WHOLE, jobs: undefined }) }).resourceCountIs('AWS::Events::Rule', 0);
  });
});

describe('an alarm', () => {
  const namesOf = (of: Template) =>
    Object.values(of.findResources(ALARM)).map(({ Properties }) =>
      Properties.AlarmName.replace('cartero-staging-', ''),
    );

  it('watches over each way in which a run goes wrong', () => {
    expect(namesOf(template).toSorted()).toEqual([
      ...['bulk-put-aside', 'bulk-refused', 'bulk-sender-fails', 'bulk-stopped', 'bulk-uncertain', 'bulk-waiting'],
      ...['default-put-aside', 'default-refused', 'default-sender-fails', 'default-stopped', 'default-uncertain'],
      ...['default-waiting', 'intake-fails', 'jobs-put-aside', 'jobs-waiting', 'no-run', 'no-sweep', 'planner-fails'],
      ...['plans-put-aside', 'plans-waiting', 'starts-lost', 'sweeper-fails', 'uncertain-standing'],
    ]);
  });

  it('says what it means and what to do, each, and wakes somebody', () => {
    template.allResourcesProperties(ALARM, {
      AlarmDescription: Match.stringLikeRegexp('.{60,}'),
      AlarmActions: [{ Ref: Match.stringLikeRegexp('MailerWatchAlarmsTopic') }],
    });
    template.hasResourceProperties('AWS::SNS::Subscription', { Protocol: 'email', Endpoint: 'ops@example.com' });
  });

  it('rings on the first mail in doubt', () => {
    template.hasResourceProperties(ALARM, {
      AlarmName: 'cartero-staging-default-uncertain',
      Namespace: 'Cartero',
      MetricName: 'Uncertain',
      Dimensions: [
        { Name: 'Environment', Value: 'staging' },
        { Name: 'Relay', Value: 'default' },
      ],
      Statistic: 'Sum',
      Threshold: 0,
      ComparisonOperator: 'GreaterThanThreshold',
      TreatMissingData: 'notBreaching',
    });
  });

  it('rings when more is refused than the environment bears, of twenty mails and more', () => {
    template.hasResourceProperties(ALARM, {
      AlarmName: 'cartero-staging-default-refused',
      Threshold: 7,
      Metrics: Match.arrayWith([Match.objectLike({ Expression: 'IF(answered >= 20, 100 * refused / answered, 0)' })]),
    });
  });

  it('rings when a batch waits for longer than the environment bears', () => {
    template.hasResourceProperties(ALARM, { AlarmName: 'cartero-staging-default-waiting', Threshold: 1800 });
  });

  it('rings when nothing sweeps, and silence is no excuse', () => {
    template.hasResourceProperties(ALARM, {
      AlarmName: 'cartero-staging-no-sweep',
      Threshold: 1,
      ComparisonOperator: 'LessThanThreshold',
      TreatMissingData: 'breaching',
    });
  });

  it('goes on ringing for who is in doubt until somebody has settled it', () => {
    template.hasResourceProperties(ALARM, {
      AlarmName: 'cartero-staging-uncertain-standing',
      MetricName: 'UncertainStanding',
      Dimensions: [{ Name: 'Environment', Value: 'staging' }],
      Statistic: 'Maximum',
    });
  });

  it('rings when a campaign was to start and has no run', () => {
    template.hasResourceProperties('AWS::Logs::MetricFilter', {
      FilterPattern: '{ $.event = "run missing" }',
      MetricTransformations: [{ MetricName: 'run missing', MetricNamespace: 'Cartero/staging', MetricValue: '1' }],
    });
    template.hasResourceProperties(ALARM, {
      AlarmName: 'cartero-staging-no-run',
      MetricName: 'run missing',
      Threshold: 0,
    });
  });

  it('may publish, as the policy that denies what is without TLS takes the place of the one that let it', () => {
    template.hasResourceProperties('AWS::SNS::TopicPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Effect: 'Allow',
            Principal: { Service: 'cloudwatch.amazonaws.com' },
            Condition: { StringEquals: { 'aws:SourceAccount': '123456789012' } },
          }),
        ]),
      },
    });
  });

  it('writes to nobody where nobody is named', () => {
    without({ environment: environmentOf({ ...WHOLE, alarms: undefined }) }).resourceCountIs(
      'AWS::SNS::Subscription',
      0,
    );
  });
});

describe('the dashboard', () => {
  it('is one page an environment', () => {
    template.hasResourceProperties('AWS::CloudWatch::Dashboard', { DashboardName: 'cartero-staging' });
  });
});

describe('the network', () => {
  it('leaves by one address, that of the state', () => {
    template.resourceCountIs('AWS::EC2::NatGateway', 1);
    const [nat] = ofType('AWS::EC2::NatGateway');
    expect(JSON.stringify(nat?.[1].Properties.AllocationId)).toContain('cartero-staging-state');
    template.resourceCountIs('AWS::EC2::EIP', 0);
  });

  it('has the senders in it, and nobody else', () => {
    const inside = ofType(FUNCTION).filter(([, { Properties }]) => Properties.VpcConfig !== undefined);
    expect(inside.map(([id]) => id.replace(/[0-9A-F]{8}$/, ''))).toEqual([
      'MailerRelaydefaultSenderFunction',
      'MailerRelaybulkSenderFunction',
    ]);
  });

  it.each([
    ['default', 465],
    ['bulk', 587],
  ])('lets the sender of %s speak to its port and to AWS, and nobody to it', (relay, port) => {
    const [group] = ofType('AWS::EC2::SecurityGroup').filter(([id]) => id.includes(`NetworkSenders${relay}`));
    const { SecurityGroupEgress, SecurityGroupIngress } = group?.[1].Properties ?? {};
    expect((SecurityGroupEgress as { FromPort: number }[]).map(({ FromPort }) => FromPort)).toEqual([443, port]);
    expect(SecurityGroupIngress).toBeUndefined();
  });

  it('is asked of nobody while the templates are made', () => {
    expect(JSON.stringify(template.toJSON())).not.toContain('dummy');
    expect(JSON.stringify(resources)).toContain('Fn::GetAZs');
  });

  it('is there only where the environment wants it', () => {
    const bare = without({ environment: environmentOf({ ...WHOLE, network: undefined }) });
    bare.resourceCountIs('AWS::EC2::VPC', 0);
    bare.resourceCountIs('AWS::EC2::NatGateway', 0);
  });
});

describe('the stack', () => {
  it('has no function of the framework, whose rights are wider than ours', () => {
    expect(ofType(FUNCTION)).toHaveLength(5);
    expect(ofType('AWS::CloudFormation::CustomResource')).toEqual([]);
  });

  it('has the tags of the environment on everything that bears tags', () => {
    const Tags = Match.arrayWith([
      { Key: 'cartero:environment', Value: 'staging' },
      { Key: 'owner', Value: 'comms' },
    ]);
    for (const type of [FUNCTION, QUEUE, 'AWS::Logs::LogGroup', 'AWS::IAM::Role', 'AWS::SNS::Topic', 'AWS::EC2::VPC'])
      template.allResourcesProperties(type, { Tags });
  });

  it('is made without a single door as well: queues, schedules group and alarms', () => {
    const bare = without({ doors: doorsThere(projectWith({})) });
    bare.resourceCountIs(FUNCTION, 0);
    bare.resourceCountIs(QUEUE, 8);
    bare.resourceCountIs(MAPPING, 0);
  });

  it.each([
    ['a door whose file is not there', {}, 'planner: there is no functions/plan.lambda.ts yet'],
    ['a port that AWS shuts', { port: 25 }, 'default: AWS shuts port 25'],
    ['files that no function has', { ca: 'a.pem', dkim: [] }, 'default: what relays.json names in ca, dkim are files'],
  ])('is warned of %s', (_what, own, told) => {
    const environment = environmentOf({ region: 'eu-south-2', relays: { default: {} } });
    const relays = environment.relays.map((relay) => ({ ...relay, settings: { ...relay.settings, ...own } }));
    const { app } = stageOf({ environment: { ...environment, relays }, campaigns: [], doors: {} });
    const warnings = app.node.metadata.filter(({ type }) => type === 'aws:cdk:warning').map(({ data }) => String(data));
    expect(warnings).toContainEqual(expect.stringContaining(told));
  });

  it('is the same as before, but for what was meant', async () => {
    const text = JSON.stringify(template.toJSON(), null, 2);
    // Hashes of code, and of files that the state keeps.
    const masked = text.replaceAll(/[0-9a-f]{64}/g, '<hash>');
    await expect(`${masked}\n`).toMatchFileSnapshot('app-stack.snap');
  });
});

/** AwsSolutions, Serverless, and CloudFormation's own rules, as every synthesis has them. */
describe('the packs of rules', { timeout: 120_000 }, () => {
  const rootOf = ({ node: { root } }: ReturnType<typeof stageOf>): App => {
    if (!(root instanceof App)) throw new Error('the stage is in no app');
    return root;
  };

  it('find nothing that has not a reason of its own', () => {
    expect(() => rootOf(whole).synth()).not.toThrow();
  });

  it('would find a queue that anybody reads', () => {
    const environment = environmentOf({ region: 'eu-south-2', relays: {} });
    const open = stageOf({ environment, campaigns: [], doors: {} });
    new Queue(open.app, 'Open');
    expect(() => rootOf(open).synth()).toThrow('does not require requests to use SSL');
  });
});
