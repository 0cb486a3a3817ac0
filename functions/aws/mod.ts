/**
 * Cartero on AWS: the outside that the mailing room asks for, made of the team's own account.
 *
 * Each file is one port and one service, and takes its client from whoever wires things up. What brings a client is entered by a
 * name of its own, so that a door loads no other: `#aws/s3` (`s3-store.ts`, objects in a bucket), `#aws/secrets`
 * (`secrets-manager.ts`, relays' logins and keys), `#aws/queue` (`sqs-queue.ts`, doorbells to senders), `#aws/table`
 * (`table-state.ts`, everything else that is true). What needs none is here: `deployment.ts`, the names on which doors and
 * stacks agree; doorbells as Lambda hands them over (`sqs-event.ts`); a function's log (`log-lines.ts`) with the conversations
 * in it (`transcript-log.ts`, `transcript-lines.ts`) and what alarms look at (`metric-lines.ts`).
 *
 * In one table of DynamoDB:
 *
 * ledger-keys: the table's design. table-values ► table-errors ► table ► table-clock: items, requests, and the table's time.
 * process-leases: which processes live.
 * batch ► batch-item ► standing: a batch's moves, its octets, and what its run makes of it.
 * batch-items, run-item, run-items: both in the table. planning, claims (the hot path), run-control, people: what is done
 * with them. dynamo-ledger: all of it as the ledger.
 * suppression-items, lane-pages, allowance-items: the other ports. table-state: how a process joins all of it.
 */
export * from './deployment.ts';
export { type LogLines, MAX_EVENT_OCTETS, openLogLines } from './log-lines.ts';
export {
  METRIC_NAMESPACE,
  Metrics,
  MetricsError,
  type MetricsOptions,
  openMetrics,
  RELAY_METRICS,
} from './metric-lines.ts';
export {
  answerDoorbells,
  type DoorbellHandler,
  type ReceivedDoorbell,
  type SqsBatchAnswer,
  SqsEventError,
} from './sqs-event.ts';
export { readTranscriptLines } from './transcript-lines.ts';
export { openTranscriptLog, type TranscribedMails, type TranscriptLogOptions } from './transcript-log.ts';
