/** What watches over a mailer: alarms, a dashboard, and questions to its logs that are there before they are needed. */
import { Duration } from 'aws-cdk-lib';
import { MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { ScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import { Construct } from 'constructs';
import { LOG_EVENTS } from '../functions/aws/deployment.ts';
import { AlarmBell } from './alarm-bell.ts';
import { mailerDashboard } from './dashboard.ts';
import type { DoorFunction } from './door-function.ts';
import type { DoorbellQueue } from './doorbell-queue.ts';
import type { Alarming, Environment } from './environment.ts';
import { savedQueries } from './log-queries.ts';
import { countEvents, type MailMetrics, mailMetrics } from './mail-metrics.ts';
import type { RelaySender } from './relay-sender.ts';

export interface Watched {
  readonly plans: DoorbellQueue;
  readonly jobs: DoorbellQueue;
  readonly relays: readonly RelaySender[];
  readonly schedules: ScheduleGroup;
  readonly planner: DoorFunction | null;
  readonly intake: DoorFunction | null;
  readonly sweeper: DoorFunction | null;
}

export interface WatchProps {
  readonly mailer: Watched;
  readonly environment: Environment;
}

const WINDOW = Duration.minutes(15);
/** Below it a share says nothing. */
const ENOUGH_MAILS = 20;

export class Watch extends Construct {
  readonly bell: AlarmBell;
  readonly #alarming: Alarming;

  constructor(scope: Construct, id: string, { mailer, environment }: WatchProps) {
    super(scope, id);
    const { name, alarms } = environment;
    this.#alarming = alarms;
    this.bell = new AlarmBell(this, 'Alarms', { prefix: `cartero-${name}`, email: alarms.email });
    const metrics = new Map<RelaySender, MailMetrics>();
    for (const relay of mailer.relays) {
      this.#watchQueue(relay.relay.name, relay.batches, 'batches');
      if (relay.sender === null) continue;
      const counted = new Construct(this, `Mails-${relay.relay.name}`);
      metrics.set(relay, mailMetrics(counted, relay.sender.logs, `Cartero/${name}/${relay.relay.name}`));
      this.#watchFunction(`${relay.relay.name}-sender`, relay.sender);
    }
    for (const [relay, counted] of metrics) this.#watchMails(relay.relay.name, counted);
    this.#watchQueue('plans', mailer.plans, 'plans');
    this.#watchQueue('jobs', mailer.jobs, 'jobs');
    for (const door of ['planner', 'intake', 'sweeper'] as const) {
      const made = mailer[door];
      if (made !== null) this.#watchFunction(door, made);
    }
    this.#watchStarts(mailer.schedules);
    if (mailer.sweeper !== null) this.#watchSweeper(mailer.sweeper, `Cartero/${name}`);
    mailerDashboard(this, { name, mailer, metrics, alarms: this.bell.alarms });
    savedQueries(this, { name, mailer });
  }

  #watchMails(relay: string, { mails, stops }: MailMetrics): void {
    this.bell.ring(`${relay}-uncertain`, {
      when: mails.uncertain,
      above: 0,
      says: `Mails over ${relay} have left, and nobody knows whether they were accepted. \`cartero settle\` shows each with its evidence.`,
    });
    this.bell.ring(`${relay}-refused`, {
      when: refusedShare(mails),
      above: this.#alarming.refusedPercent,
      says: `More than ${this.#alarming.refusedPercent}% of the mails over ${relay} are refused. The saved query "failures by reply" says why; \`cartero pause\` stops a run.`,
    });
    this.bell.ring(`${relay}-stopped`, {
      when: stops,
      above: 0,
      says: `The relay ${relay} refuses our login, or cannot be used at all: nothing is sent over it. Look at its secret first.`,
    });
  }

  #watchQueue(name: string, { queue, deadLetters }: DoorbellQueue, what: string): void {
    this.bell.ring(`${name}-waiting`, {
      when: queue.metricApproximateAgeOfOldestMessage({ period: Duration.minutes(5) }),
      above: this.#alarming.waitingMinutes * 60,
      says: `For more than ${this.#alarming.waitingMinutes} minutes nothing has looked at the oldest of the ${what} in ${name}'s queue.`,
    });
    this.bell.ring(`${name}-put-aside`, {
      when: deadLetters.metricApproximateNumberOfMessagesVisible({ period: Duration.minutes(5), statistic: 'Maximum' }),
      above: 0,
      says: `One of the ${what} in ${name}'s queue could not be done and was put aside. Its message says which; send it back once the cause is gone.`,
    });
  }

  #watchFunction(name: string, { function: made }: DoorFunction): void {
    this.bell.ring(`${name}-fails`, {
      when: made.metricErrors({ period: WINDOW }),
      above: 2,
      says: `The function ${name} has ended with an error three times in 15 minutes. Its log has the error.`,
    });
  }

  /** Scheduler gives up on a start that it could not put into the queue for a day. */
  #watchStarts(schedules: ScheduleGroup): void {
    this.bell.ring('starts-lost', {
      when: new Metric({
        namespace: 'AWS/Scheduler',
        metricName: 'InvocationDroppedCount',
        dimensionsMap: { ScheduleGroup: schedules.scheduleGroupName },
        statistic: 'Sum',
        period: WINDOW,
      }),
      above: 0,
      says: 'A schedule could not ask for its run. Start it by hand: `cartero run --at` with its moment is the same run.',
    });
  }

  #watchSweeper({ function: made, logs }: DoorFunction, namespace: string): void {
    this.bell.ring('no-run', {
      when: countEvents(this, 'missing', logs, namespace, LOG_EVENTS.runMissing),
      above: 0,
      says: 'A campaign was to start, and there is no run of it. The log of the sweeper names it.',
    });
    this.bell.ring('no-sweep', {
      when: made.metricInvocations({ period: WINDOW }),
      below: 1,
      onSilence: true,
      says: 'Nothing has swept for 15 minutes: whoever was deferred is not tried again, and lost doorbells stay lost.',
    });
  }
}

function refusedShare({ accepted, refused, deferred }: MailMetrics['mails']): MathExpression {
  return new MathExpression({
    expression: `IF(a + r + d >= ${ENOUGH_MAILS}, 100 * r / (a + r + d), 0)`,
    usingMetrics: {
      a: accepted.with({ period: WINDOW }),
      r: refused.with({ period: WINDOW }),
      d: deferred.with({ period: WINDOW }),
    },
    period: WINDOW,
    label: 'refused, percent',
  });
}
