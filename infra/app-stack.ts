/** What comes and goes with the code: the mailer of one environment, and its network where it has one. */
import { CfnOutput, Fn, Stack, type StackProps } from 'aws-cdk-lib';
import { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { bucketNameOf, tableNameOf } from '../functions/aws/deployment.ts';
import { BulkMailer, type BulkMailerProps } from './bulk-mailer.ts';
import { MailNetwork } from './network.ts';
import type { StateStack } from './state-stack.ts';

export interface AppStackProps
  extends StackProps,
    Pick<BulkMailerProps, 'environment' | 'campaigns' | 'doors' | 'project' | 'bundle' | 'now'> {
  readonly state: StateStack;
}

export class AppStack extends Stack {
  readonly mailer: BulkMailer;

  constructor(scope: Construct, id: string, props: AppStackProps) {
    const { environment, campaigns, doors, project, bundle, now, state, ...rest } = props;
    super(scope, id, {
      description: 'Cartero: schedules, queues and senders. Made anew from the code at any time.',
      ...rest,
    });
    // By name, so that neither stack waits for what the other is called.
    const objects = Bucket.fromBucketName(this, 'Objects', bucketNameOf(environment.name, this.account, this.region));
    const ledger = TableV2.fromTableName(this, 'Ledger', tableNameOf(environment.name));
    this.addStackDependency(state);
    const { secrets, address } = state;
    const network =
      environment.network === null || address === null
        ? null
        : new MailNetwork(this, 'Network', {
            cidr: environment.network.cidr,
            address,
            retention: environment.logs.retention,
          });
    this.mailer = new BulkMailer(this, 'Mailer', {
      ...{ environment, campaigns, doors, project, bundle, now, objects, ledger, secrets },
      ...(network === null ? {} : { network }),
    });
    new CfnOutput(this, 'PlanQueue', { value: this.mailer.plans.queue.queueUrl, description: 'Asks for plans.' });
    for (const sender of this.mailer.relays)
      new CfnOutput(sender, 'BatchQueue', {
        value: sender.batches.queue.queueUrl,
        description: `Batches for the relay ${sender.relay.name}.`,
      });
  }

  /** Not asked for: templates are made without an account at hand. */
  override get availabilityZones(): string[] {
    return [0, 1].map((index) => Fn.select(index, Fn.getAzs()));
  }
}
