/** What a sender's log says, counted: metrics of one relay in a namespace of its own. */
import { Duration } from 'aws-cdk-lib';
import type { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { FilterPattern, type LogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { COUNTED, LOG_EVENTS } from '../functions/aws/deployment.ts';

export type Counted = (typeof COUNTED)[number];

export interface MailMetrics {
  /** Mails that were settled so, in five minutes. */
  readonly mails: Readonly<Record<Counted, Metric>>;
  /** How often the relay was found useless. */
  readonly stops: Metric;
}

const PERIOD = Duration.minutes(5);
const isEvent = (event: string) => FilterPattern.stringValue('$.event', '=', event);

/** @param namespace 'Cartero/production/default' */
export function mailMetrics(scope: Construct, logs: LogGroup, namespace: string): MailMetrics {
  const mails = COUNTED.map((outcome) => {
    const filter = new MetricFilter(scope, outcome, {
      logGroup: logs,
      filterPattern: isEvent(LOG_EVENTS.batchWorked),
      metricNamespace: namespace,
      metricName: outcome,
      metricValue: `$.${outcome}`,
    });
    return [outcome, filter.metric({ statistic: 'Sum', period: PERIOD })] as const;
  });
  return {
    mails: Object.fromEntries(mails) as Record<Counted, Metric>,
    stops: countEvents(scope, 'stops', logs, namespace, LOG_EVENTS.relayStopped),
  };
}

/** How often an event has been logged. */
export function countEvents(scope: Construct, id: string, logs: LogGroup, namespace: string, event: string): Metric {
  const filter = new MetricFilter(scope, id, {
    logGroup: logs,
    filterPattern: isEvent(event),
    metricNamespace: namespace,
    metricName: id,
    metricValue: '1',
  });
  return filter.metric({ statistic: 'Sum', period: PERIOD });
}
