/** What doors write of themselves into their logs, as metrics: of one relay, of an environment, and lines that are counted. */
import { Duration } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { FilterPattern, type LogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { METRICS } from '../functions/aws/deployment.ts';

export type RelayMetrics = Readonly<Record<(typeof METRICS.relay)[number], Metric>>;

const PERIOD = Duration.minutes(5);
const { namespace } = METRICS;

/** @param Relay its name in relays.json */
export function relayMetrics(Environment: string, Relay: string): RelayMetrics {
  const dimensionsMap = { Environment, Relay };
  const named = METRICS.relay.map(
    (metricName) =>
      [metricName, new Metric({ namespace, metricName, dimensionsMap, statistic: 'Sum', period: PERIOD })] as const,
  );
  return Object.fromEntries(named) as RelayMetrics;
}

/** How many are uncertain, until somebody has settled it. */
export function standingUncertain(Environment: string): Metric {
  return new Metric({
    namespace,
    metricName: METRICS.standing,
    dimensionsMap: { Environment },
    statistic: 'Maximum',
    period: PERIOD,
  });
}

/** How often a line with that `event` has been logged. */
export function countedLines(scope: Construct, logs: LogGroup, environment: string, event: string): Metric {
  const filter = new MetricFilter(scope, event, {
    logGroup: logs,
    filterPattern: FilterPattern.stringValue('$.event', '=', event),
    metricNamespace: `${namespace}/${environment}`,
    metricName: event,
    metricValue: '1',
  });
  return filter.metric({ statistic: 'Sum', period: PERIOD });
}
