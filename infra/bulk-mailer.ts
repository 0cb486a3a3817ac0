/**
 * A mailer of one environment, on a bucket, a ledger and secrets that are there before it and stay behind it: schedules, queues,
 * the functions whose doors it is given, and what watches over them.
 *
 *     new BulkMailer(this, 'Mailer', { environment, campaigns, doors, project, bundle, now, objects, ledger, secrets });
 */
import { Duration, Stack } from 'aws-cdk-lib';
import type { ITableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Schedule, ScheduleExpression, ScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import type { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { JOB_SUFFIX, PREFIXES } from '../functions/aws/deployment.ts';
import type { Bundler } from './bundle.ts';
import type { DeployedCampaign } from './campaign.ts';
import { CampaignSchedules } from './campaign-schedules.ts';
import { DoorFunction } from './door-function.ts';
import { applyRights } from './door-rights.ts';
import { type Told, variablesOf } from './door-variables.ts';
import { DoorbellQueue } from './doorbell-queue.ts';
import type { Door, DoorName, Doors } from './doors.ts';
import type { DeployedRelay, Environment } from './environment.ts';
import { acknowledge, wildcardFinding } from './findings.ts';
import type { MailNetwork } from './network.ts';
import { RelaySender } from './relay-sender.ts';
import type { MailerSecrets } from './secrets.ts';
import { Watch } from './watch.ts';

export interface BulkMailerProps {
  readonly environment: Environment;
  readonly campaigns: readonly DeployedCampaign[];
  /** Each is made; what needs one that is not among them is not made either. */
  readonly doors: Partial<Doors>;
  /** The folder with `functions/` and `templates/`. */
  readonly project: string;
  readonly bundle: Bundler;
  /** Epoch ms. */
  readonly now: number;
  readonly objects: IBucket;
  readonly ledger: ITableV2;
  readonly secrets: MailerSecrets;
  /** @default - mail leaves by AWS's addresses */
  readonly network?: MailNetwork;
}

/** Planning goes on where it was: it is asked for again after its function's time, and a minute. */
const PLANNING = { visibilitySeconds: 960, maxReceives: 10 } as const;
/** A job waits for 15 minutes for the files that it names, and a little longer for somebody to look. */
const INTAKE = { visibilitySeconds: 120, maxReceives: 20 } as const;
const SWEEP_EVERY = Duration.minutes(1);

export class BulkMailer extends Construct {
  readonly plans: DoorbellQueue;
  readonly jobs: DoorbellQueue;
  readonly relays: readonly RelaySender[];
  readonly schedules: ScheduleGroup;
  readonly planner: DoorFunction | null;
  readonly intake: DoorFunction | null;
  readonly sweeper: DoorFunction | null;
  readonly watch: Watch;
  readonly #props: BulkMailerProps;

  /** @throws DoorMissingError where `doors` has one whose file is not there */
  constructor(scope: Construct, id: string, props: BulkMailerProps) {
    super(scope, id);
    this.#props = props;
    const { environment, doors } = props;
    this.plans = new DoorbellQueue(this, 'Plans', PLANNING);
    this.jobs = new DoorbellQueue(this, 'Jobs', INTAKE);
    this.relays = environment.relays.map((relay) => new RelaySender(this, `Relay-${relay.name}`, relay));
    if (doors.sender !== undefined) for (const each of this.relays) this.#send(each, doors.sender);
    this.schedules = new ScheduleGroup(this, 'Schedules', { scheduleGroupName: `cartero-${environment.name}` });
    this.planner = this.#door('planner', doors.planner);
    this.intake = this.#door('intake', doors.intake);
    this.sweeper = this.#door('sweeper', doors.sweeper);
    if (this.planner !== null) this.#plan(this.planner);
    if (this.intake !== null) this.#takeJobs(this.intake);
    if (this.sweeper !== null) this.#sweep(this.sweeper);
    this.watch = new Watch(this, 'Watch', { mailer: this, environment });
  }

  #send(sender: RelaySender, door: Door): void {
    const { secrets, network } = this.#props;
    const { name, settings } = sender.relay;
    const secret = secrets.relays.get(name);
    const inNetwork =
      network === undefined ? {} : { network: { vpc: network.vpc, securityGroup: network.groupFor(name, settings) } };
    const common = this.#common(door, { relay: sender.relay, secret });
    this.#allow(sender.sendBy({ ...common, ...inNetwork }), door, secret);
  }

  #door(name: DoorName, door: Door | undefined): DoorFunction | null {
    if (door === undefined) return null;
    const made = new DoorFunction(this, `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`, {
      name,
      ...this.#common(door, { relay: null, secret: undefined }),
    });
    this.#allow(made, door, undefined);
    return made;
  }

  #common(door: Door, own: { readonly relay: DeployedRelay | null; readonly secret: Secret | undefined }) {
    const { project, bundle, environment, objects, ledger, secrets } = this.#props;
    const told: Told = {
      environment,
      bucket: objects.bucketName,
      table: ledger.tableName,
      planQueue: this.plans.queue.queueUrl,
      batchQueues: new Map(this.relays.map(({ relay, batches }) => [relay.name, batches.queue.queueUrl])),
      logKeys: secrets.logKeys.secretArn,
      linkKeys: secrets.linkKeys.secretArn,
      relay: own.relay,
      relaySecret: own.secret?.secretArn ?? null,
    };
    return { door, project, bundle, variables: variablesOf(door, told), retention: environment.logs.retention };
  }

  #allow(made: DoorFunction, door: Door, relay: Secret | undefined): void {
    const { objects, ledger, secrets } = this.#props;
    const queues = { plan: [this.plans], batches: this.relays.map(({ batches }) => batches) };
    applyRights(made, door.may, { objects, ledger, queues, secrets: { ...secrets, relay } });
  }

  #plan(planner: DoorFunction): void {
    const { campaigns, environment, now } = this.#props;
    planner.takeFrom(this.plans);
    new CampaignSchedules(this, 'Campaigns', {
      group: this.schedules,
      campaigns,
      plans: this.plans,
      enabled: environment.schedules,
      now,
    });
  }

  /** Where no limits are set, nobody's job is taken. */
  #takeJobs(intake: DoorFunction): void {
    intake.takeFrom(this.jobs);
    if (this.#props.environment.jobs === null) return;
    new Rule(this, 'JobDropped', {
      description: 'A job has been put into the bucket.',
      eventPattern: {
        source: ['aws.s3'],
        detailType: ['Object Created'],
        detail: {
          bucket: { name: [this.#props.objects.bucketName] },
          object: { key: [{ wildcard: `${PREFIXES.jobs}*${JOB_SUFFIX}` }] },
        },
      },
      targets: [new SqsQueue(this.jobs.queue, { deadLetterQueue: this.jobs.deadLetters })],
    });
  }

  /** One that could not begin is not made good: the next comes in a minute. */
  #sweep(sweeper: DoorFunction): void {
    sweeper.function.configureAsyncInvoke({ retryAttempts: 0, maxEventAge: SWEEP_EVERY });
    const role = new Role(this, 'SweepRole', {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    });
    new Schedule(this, 'Sweep', {
      scheduleName: 'sweep',
      description: 'Each minute: whatever is due and was not rung.',
      schedule: ScheduleExpression.rate(SWEEP_EVERY),
      scheduleGroup: this.schedules,
      target: new LambdaInvoke(sweeper.function, { role, retryAttempts: 0, maxEventAge: SWEEP_EVERY }),
    });
    acknowledge(role, {
      [wildcardFinding(role, `${sweeper.function.functionArn}:*`)]:
        'The framework allows the versions of this one function beside itself; it has none.',
    });
    const next = 'The next sweep does what this one did not, and an alarm rings when none has run for 15 minutes.';
    acknowledge(sweeper.function, {
      'Serverless-LambdaDLQ': next,
      'Serverless-LambdaAsyncFailureDestination': next,
    });
  }
}
