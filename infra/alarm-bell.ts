/** Alarms, and whom they wake. Each says in its description what it means and what to do. */
import { Stack } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, type IMetric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import { acknowledge } from './findings.ts';

export interface AlarmBellProps {
  /** What alarms' names begin with: `cartero-production`. */
  readonly prefix: string;
  /** `null`: nobody is written to, alarms are only seen. */
  readonly email: string | null;
}

export interface Ringing {
  readonly when: IMetric;
  /** Rings above it, or below it. */
  readonly above?: number;
  readonly below?: number;
  /** What it means, and what to do. */
  readonly says: string;
  /** Whether silence rings as well. @default false */
  readonly onSilence?: boolean;
}

export class AlarmBell extends Construct {
  readonly topic: Topic;
  readonly alarms: Alarm[] = [];
  readonly #prefix: string;

  constructor(scope: Construct, id: string, { prefix, email }: AlarmBellProps) {
    super(scope, id);
    this.#prefix = prefix;
    this.topic = new Topic(this, 'Topic', { enforceSSL: true });
    // A policy of its own takes the place of the one by which the account's alarms may publish.
    this.topic.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [this.topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
    if (email !== null) this.#writeTo(email);
  }

  #writeTo(email: string): void {
    const subscription = this.topic.addSubscription(new EmailSubscription(email));
    acknowledge(subscription, {
      'Serverless-SNSRedrivePolicy':
        'A mail about an alarm that cannot be delivered is still told by the state of the alarm; nobody would read a queue of them.',
    });
  }

  /** @param id what its name ends with: `default-uncertain` */
  ring(id: string, { when, above, below = 0, says, onSilence = false }: Ringing): void {
    const alarm = new Alarm(this, id, {
      alarmName: `${this.#prefix}-${id}`,
      alarmDescription: says,
      metric: when,
      threshold: above ?? below,
      comparisonOperator:
        above === undefined ? ComparisonOperator.LESS_THAN_THRESHOLD : ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 1,
      treatMissingData: onSilence ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(new SnsAction(this.topic));
    this.alarms.push(alarm);
  }
}
