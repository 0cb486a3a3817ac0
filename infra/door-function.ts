/** A door of `doors.ts` as a function: with a role and a log of its own, and not a right beyond what its entry says. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { IVpc, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  ApplicationLogLevel,
  Architecture,
  Code,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  SystemLogLevel,
} from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Bundler } from './bundle.ts';
import type { DoorbellQueue } from './doorbell-queue.ts';
import { type Door, DoorMissingError, type DoorName } from './doors.ts';
import { acknowledge } from './findings.ts';

export interface DoorFunctionProps {
  readonly name: DoorName;
  readonly door: Door;
  /** The folder that `door.entry` is in. */
  readonly project: string;
  readonly bundle: Bundler;
  readonly variables: Readonly<Record<string, string>>;
  readonly retention: RetentionDays;
  /** @default - that of the door */
  readonly concurrency?: number;
  /** @default - no network of its own: the function reaches the internet by AWS's addresses */
  readonly network?: { readonly vpc: IVpc; readonly securityGroup: SecurityGroup };
}

export class DoorFunction extends Construct {
  readonly function: LambdaFunction;
  readonly role: Role;
  readonly logs: LogGroup;
  readonly #concurrency: number;

  /** @throws DoorMissingError where there is no such file */
  constructor(scope: Construct, id: string, props: DoorFunctionProps) {
    super(scope, id);
    const { name, door, project, bundle, variables, retention, network } = props;
    if (!existsSync(join(project, door.entry))) throw new DoorMissingError(name, door.entry);
    this.#concurrency = props.concurrency ?? door.concurrency;
    // Transcripts are evidence: they stay for their time when the stack goes.
    this.logs = new LogGroup(this, 'Logs', { retention, removalPolicy: RemovalPolicy.RETAIN });
    this.role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    this.logs.grantWrite(this.role);
    if (network !== undefined) allowNetworkInterfaces(this.role);
    this.function = new LambdaFunction(this, 'Function', {
      description: `Cartero: ${door.does}`,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      code: Code.fromAsset(bundle(door.entry, door.folders)),
      handler: 'index.handler',
      role: this.role,
      logGroup: this.logs,
      loggingFormat: LoggingFormat.JSON,
      applicationLogLevelV2: ApplicationLogLevel.INFO,
      systemLogLevelV2: SystemLogLevel.WARN,
      memorySize: door.memoryMb,
      timeout: Duration.seconds(door.timeoutSeconds),
      reservedConcurrentExecutions: this.#concurrency,
      environment: variables,
      ...(network === undefined ? {} : { vpc: network.vpc, securityGroups: [network.securityGroup] }),
    });
    acknowledge(this.function, {
      'Serverless-LambdaTracing':
        'The transcript has each step of each mail with its time. X-Ray would sample them, at a price a trace, by a right on every resource.',
    });
  }

  /** Takes one message at a time, and says of each by itself whether it is done. */
  takeFrom({ queue }: DoorbellQueue): void {
    this.function.addEventSource(
      new SqsEventSource(queue, {
        batchSize: 1,
        maxConcurrency: this.#concurrency,
        reportBatchItemFailures: true,
      }),
    );
    const putAside = 'Its queue puts aside what cannot be done, and an alarm watches over that; nothing else calls it.';
    acknowledge(this.function, {
      'Serverless-LambdaDLQ': putAside,
      'Serverless-LambdaAsyncFailureDestination': putAside,
    });
    for (const child of this.function.node.children)
      if (child.node.id.startsWith('SqsEventSource'))
        acknowledge(child, {
          'Serverless-LambdaEventSourceMappingDestination':
            'SQS has no destination here; its redrive policy puts aside what cannot be done.',
        });
  }

  allow(actions: readonly string[], resources: readonly string[]): void {
    if (resources.length > 0)
      this.role.addToPolicy(new PolicyStatement({ actions: [...actions], resources: [...resources] }));
  }
}

/** A function in a network makes its own interfaces there; AWS knows no resource to name before they are made. */
function allowNetworkInterfaces(role: Role): void {
  role.addToPolicy(
    new PolicyStatement({
      actions: [
        'ec2:AssignPrivateIpAddresses',
        'ec2:CreateNetworkInterface',
        'ec2:DeleteNetworkInterface',
        'ec2:DescribeNetworkInterfaces',
        'ec2:DescribeSubnets',
        'ec2:UnassignPrivateIpAddresses',
      ],
      resources: ['*'],
    }),
  );
  acknowledge(role, {
    'AwsSolutions-IAM5[Resource::*]':
      'EC2 names no resource in what describes interfaces and subnets, and an interface has no name before it is made. These are the six rights that Lambda asks for.',
  });
}
