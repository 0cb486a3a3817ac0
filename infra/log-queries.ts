/** Questions to the senders' logs, saved in CloudWatch Logs Insights under `cartero/<environment>/`. */
import { CfnQueryDefinition } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { Watched } from './watch.ts';

/** A conversation that is too long for one line goes on in others, which are the same mail. */
const MAILS = 'event = "transaction" and coalesce(part, 1) = 1';

const QUERIES: Readonly<Record<string, readonly string[]>> = {
  'failures by reply': [
    `filter ${MAILS} and outcome != "accepted"`,
    'stats count(*) as mails by relay, outcome, reply',
    'sort mails desc',
  ],
  // `cartero trace ADDRESS` says what stands for the address in logs.
  "one person's history": [
    'fields @timestamp, run, attempt, outcome, reply, ms, lines',
    'filter event = "transaction" and recipient = "hash: as `cartero trace` has it"',
    'sort @timestamp asc',
  ],
  'p95 per relay': [
    `filter ${MAILS} and outcome = "accepted"`,
    'stats count(*) as mails, pct(ms, 50) as p50, pct(ms, 95) as p95, max(ms) as longest by relay, bin(5m)',
  ],
  'conversations of one run': [
    'fields @timestamp, event, session, batch, row, attempt, lines',
    'filter event in ["session", "transaction"] and run = "its id, as `cartero status` has it"',
    'sort @timestamp asc',
  ],
};

export function savedQueries(scope: Construct, { name, mailer }: { name: string; mailer: Watched }): void {
  const logs = mailer.relays.flatMap(({ sender }) => (sender === null ? [] : [sender.logs.logGroupName]));
  if (logs.length === 0) return;
  for (const [question, lines] of Object.entries(QUERIES))
    new CfnQueryDefinition(scope, `Query-${question.replaceAll(/[^a-z0-9]+/g, '-')}`, {
      name: `cartero/${name}/${question}`,
      queryString: lines.join('\n| '),
      logGroupNames: logs,
    });
}
