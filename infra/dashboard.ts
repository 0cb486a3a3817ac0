/** One page on which a run is watched: what becomes of mails, what waits, what the functions do, which alarms ring. */
import {
  type Alarm,
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  type IWidget,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import type { RelayMetrics } from './mail-metrics.ts';
import type { RelaySender } from './relay-sender.ts';
import type { Watched } from './watch.ts';

export interface DashboardProps {
  readonly name: string;
  readonly mailer: Watched;
  readonly metrics: ReadonlyMap<RelaySender, RelayMetrics>;
  readonly alarms: readonly Alarm[];
}

const OUTCOMES = ['Accepted', 'Refused', 'Deferred', 'Uncertain'] as const;
const THIRD = 8;
const WHOLE = 24;

export function mailerDashboard(scope: Construct, { name, mailer, metrics, alarms }: DashboardProps): Dashboard {
  return new Dashboard(scope, 'Dashboard', {
    dashboardName: `cartero-${name}`,
    widgets: [
      [new AlarmStatusWidget({ title: 'Alarms', width: WHOLE, height: 4, alarms: [...alarms] })],
      ...mailer.relays.map((relay) => relayRow(relay, metrics.get(relay))),
      planningRow(mailer),
    ],
  });
}

function relayRow({ relay, batches, sender }: RelaySender, counted: RelayMetrics | undefined): IWidget[] {
  const waiting = new GraphWidget({
    title: `${relay.name}: batches`,
    width: THIRD,
    left: [
      batches.queue.metricApproximateNumberOfMessagesVisible({ label: 'waiting' }),
      batches.queue.metricApproximateNumberOfMessagesNotVisible({ label: 'in hand' }),
    ],
    right: [batches.queue.metricApproximateAgeOfOldestMessage({ label: 'age of the oldest, seconds' })],
  });
  if (sender === null || counted === undefined)
    return [waiting, new TextWidget({ width: THIRD, markdown: `Nobody sends over ${relay.name}.` })];
  const outcomes = OUTCOMES.map((name) => counted[name].with({ label: name.toLowerCase() }));
  return [
    new GraphWidget({ title: `${relay.name}: mails in 5 minutes`, width: THIRD, left: outcomes, stacked: true }),
    waiting,
    new GraphWidget({
      title: `${relay.name}: senders`,
      width: THIRD,
      left: [sender.function.metric('ConcurrentExecutions', { statistic: 'Maximum', label: 'at one time' })],
      right: [
        sender.function.metricErrors({ label: 'errors' }),
        sender.function.metricThrottles({ label: 'throttled' }),
      ],
    }),
  ];
}

function planningRow({ plans, jobs, planner, intake, sweeper }: Watched): IWidget[] {
  const made = Object.entries({ planner, intake, sweeper }).flatMap(([label, door]) =>
    door === null ? [] : [{ label, door: door.function }],
  );
  const waiting = new GraphWidget({
    title: 'Plans and jobs',
    width: THIRD,
    left: [
      plans.queue.metricApproximateNumberOfMessagesVisible({ label: 'plans waiting' }),
      jobs.queue.metricApproximateNumberOfMessagesVisible({ label: 'jobs waiting' }),
    ],
    right: [
      plans.deadLetters.metricApproximateNumberOfMessagesVisible({ label: 'plans put aside' }),
      jobs.deadLetters.metricApproximateNumberOfMessagesVisible({ label: 'jobs put aside' }),
    ],
  });
  if (made.length === 0) return [waiting];
  const duration = made.map(({ label, door }) => door.metricDuration({ statistic: 'p95', label }));
  const errors = made.map(({ label, door }) => door.metricErrors({ label }));
  return [
    waiting,
    new GraphWidget({ title: 'Milliseconds, p95', width: THIRD, left: duration }),
    new GraphWidget({ title: 'Errors', width: THIRD, left: errors }),
  ];
}
