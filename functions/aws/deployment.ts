/**
 * What the stacks and the doors have agreed upon: names of environment variables, messages in queues, log lines that alarms
 * count. The stacks write by these names, the doors read by them; neither spells one out.
 */

/** Each variable is set for the doors that `infra/doors.ts` lists it for, and for no other. */
export const VARIABLES = {
  /** The environment's name: 'production'. */
  environment: 'CARTERO_ENVIRONMENT',
  bucket: 'CARTERO_BUCKET',
  table: 'CARTERO_TABLE',
  /** The address of the queue that asks for plans. */
  planQueue: 'CARTERO_PLAN_QUEUE',
  /** JSON: each relay's name to the address of its queue. */
  batchQueues: 'CARTERO_BATCH_QUEUES',
  /** The text of a relays.json with this environment's relays; a sender has its own alone. */
  relays: 'CARTERO_RELAYS',
  /** The name of the sender's relay. */
  relay: 'CARTERO_RELAY_NAME',
  /** The ARN of the secret with the relay's credentials; not set where relays.json names none. */
  relaySecret: 'CARTERO_RELAY_SECRET',
  /** The ARN of the secret with the keys by which people are named in logs. */
  logKeys: 'CARTERO_LOG_KEYS',
  /** The ARN of the secret with the keys that sign the links by which subscribers leave. */
  linkKeys: 'CARTERO_LINK_KEYS',
  /** Whose conversations are logged: `all`, `failures`, or a share such as `10%`. */
  transcripts: 'CARTERO_TRANSCRIPTS',
  /** How people are named in logs: `hashed` or `clear`. */
  logAddresses: 'CARTERO_LOG_ADDRESSES',
  /** JSON: `{ "from": ["example.com"], "recipients": 1000 }`, what a job that was put into the bucket may ask for. */
  jobs: 'CARTERO_JOBS',
} as const;

export type Variable = keyof typeof VARIABLES;

/** Where a door finds the campaign folders: beside its code. */
export const TEMPLATES_FOLDER = 'templates';

/** Below which prefixes the bucket's objects lie. What comes in is never where something is written back to of itself. */
export const PREFIXES = {
  /** `campaigns/<name>/…`: audiences and files that a campaign names and its folder here does not have. */
  campaigns: 'campaigns/',
  /** Jobs, the files beside them, and their receipts. */
  jobs: 'jobs/',
  rejected: 'rejected/',
  /** By SHA-256: what runs have frozen. */
  content: 'content/',
  runs: 'runs/',
} as const;

/** An environment's bucket. Names of buckets are everybody's: with the account in it, this one is nobody else's. */
export const bucketNameOf = (environment: string, account: string, region: string) =>
  `cartero-${environment}-${account}-${region}`;

/** An environment's ledger. */
export const tableNameOf = (environment: string) => `cartero-${environment}`;

/** What names a job among the objects below `jobs/`. */
export const JOB_SUFFIX = '.job.json';
/** What a job's receipt is called, beside it. */
export const RECEIPT_SUFFIX = '.receipt.json';

/** A message in the plan queue that a schedule has sent. */
export interface ScheduledStart {
  readonly campaign: string;
  /** When the schedule was due: 2026-12-01T09:00:00Z. */
  readonly due: string;
  /**
   * `moment`: `due` is the slot. `date`: it is midnight at UTC+14, where a date begins first, and the slots are all those
   * of that date by the campaign's own clock.
   */
  readonly means: 'moment' | 'date';
}

/**
 * Metrics that doors write into their logs, by CloudWatch's embedded metric format: the first by `Environment` and `Relay`,
 * counts since the last line; the last by `Environment`, who is uncertain now.
 */
export const METRICS = {
  namespace: 'Cartero',
  relay: ['Accepted', 'Refused', 'Deferred', 'Uncertain', 'Answered', 'RelayTripped'],
  standing: 'UncertainStanding',
} as const;

/** The `event` of a line in the sweeper's log: a slot has gone by, and there is no run of it. */
export const RUN_MISSING = 'run missing';
