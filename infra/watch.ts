/** What watches over a mailer: alarms, a dashboard, and questions to its logs that are there before they are needed. */
import { Duration } from 'aws-cdk-lib';
import { MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { ScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import { Construct } from 'constructs';
import { RUN_MISSING } from '../functions/aws/deployment.ts';
import { AlarmBell } from './alarm-bell.ts';
import { mailerDashboard } from './dashboard.ts';
import type { DoorFunction } from './door-function.ts';
import type { DoorbellQueue } from './doorbell-queue.ts';
import type { Alarming, Environment } from './environment.ts';
import { savedQueries } from './log-queries.ts';
import { countedLines, type RelayMetrics, relayMetrics, standingUncertain } from './mail-metrics.ts';
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
    const metrics = new Map(mailer.relays.map((relay) => [relay, relayMetrics(name, relay.relay.name)]));
    for (const [relay, counted] of metrics) {
      this.#watchQueue(relay.relay.name, relay.batches, 'batches');
      if (relay.sender === null) continue;
      this.#watchMails(relay.relay.name, counted);
      this.#watchFunction(`${relay.relay.name}-sender`, relay.sender);
    }
    if (mailer.relays.some(({ sender }) => sender !== null)) this.#watchStanding(name);
    this.#watchQueue('plans', mailer.plans, 'plans');
    this.#watchQueue('jobs', mailer.jobs, 'jobs');
    for (const door of ['planner', 'intake', 'sweeper'] as const) {
      const made = mailer[door];
      if (made !== null) this.#watchFunction(door, made);
    }
    this.#watchStarts(mailer.schedules);
    if (mailer.sweeper !== null) this.#watchSweeper(mailer.sweeper, name);
    mailerDashboard(this, { name, mailer, metrics, alarms: this.bell.alarms });
    savedQueries(this, { name, mailer });
  }

  #watchMails(relay: string, metrics: RelayMetrics): void {
    this.bell.ring(`${relay}-uncertain`, {
      when: metrics.Uncertain,
      above: 0,
      says: `Mails over ${relay} have left, and nobody knows whether they were accepted. \`cartero settle\` shows each with its evidence.`,
    });
    this.bell.ring(`${relay}-refused`, {
      when: refusedShare(metrics),
      above: this.#alarming.refusedPercent,
      says: `More than ${this.#alarming.refusedPercent}% of the mails over ${relay} are refused. The saved query "failures by reply" says why; \`cartero pause\` stops a run.`,
    });
    this.bell.ring(`${relay}-stopped`, {
      when: metrics.RelayTripped,
      above: 0,
      says: `The relay ${relay} refuses our login, or cannot be used at all: nothing is sent over it. Look at its secret first.`,
    });
  }

  /** A sender that died has seen nothing; the ledger has, and goes on saying so until somebody has settled it. */
  #watchStanding(environment: string): void {
    this.bell.ring('uncertain-standing', {
      when: standingUncertain(environment),
      above: 0,
      says: 'There are mails of which nobody knows whether they were accepted. `cartero settle` shows each with its evidence.',
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

  #watchSweeper({ function: made, logs }: DoorFunction, environment: string): void {
    this.bell.ring('no-run', {
      when: countedLines(this, logs, environment, RUN_MISSING),
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

function refusedShare({ Refused, Answered }: RelayMetrics): MathExpression {
  return new MathExpression({
    expression: `IF(answered >= ${ENOUGH_MAILS}, 100 * refused / answered, 0)`,
    usingMetrics: { refused: Refused.with({ period: WINDOW }), answered: Answered.with({ period: WINDOW }) },
    period: WINDOW,
    label: 'refused, percent',
  });
}
