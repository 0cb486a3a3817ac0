/**
 * Cartero on AWS: the outside that the mailing room asks for, made of the team's own account.
 *
 * Each file is one port and one service, and takes its client from whoever wires things up. What brings a client is entered by a
 * name of its own, so that a door loads no other: `#aws/s3` (`s3-store.ts`, objects in a bucket), `#aws/secrets`
 * (`secrets-manager.ts`, relays' logins and keys), `#aws/queue` (`sqs-queue.ts`, doorbells to senders). What needs none is
 * here: doorbells as Lambda hands them over (`sqs-event.ts`), and a function's log (`log-lines.ts`) with the conversations in it
 * (`transcript-log.ts`, `transcript-lines.ts`) and what alarms look at (`metric-lines.ts`).
 */
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
