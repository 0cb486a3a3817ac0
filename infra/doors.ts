/**
 * The doors that are functions, each with all that is made for it: where its code begins, what it needs, what it is told, and
 * what it may do. A door whose file is there is deployed; one that comes later is one more entry.
 *
 *     schedule ──► plan queue ──► planner ──► a relay's batch queue ──► its sender
 *     S3 job ──► intake queue ──► intake ──► plan queue          sweeper, each minute: whatever is due and was not rung
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PREFIXES, RECEIPT_SUFFIX, TEMPLATES_FOLDER, type Variable } from '../functions/aws/deployment.ts';

export interface Door {
  /** The file with `handler`, from the project's root. */
  readonly entry: string;
  /** In words, for whoever meets the function in the console. */
  readonly does: string;
  /** 1,769 MB is one processor. */
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  /** Copies at one time; a sender's are its relay's, as environments.json says. */
  readonly concurrency: number;
  readonly variables: readonly Variable[];
  /** Folders of the project that lie beside its code. */
  readonly folders: readonly string[];
  readonly may: Rights;
}

/** The bucket's objects by their names, and why none of these names can be narrower. */
export const OBJECTS = {
  campaigns: {
    pattern: `${PREFIXES.campaigns}*`,
    because: "Audiences are called as their campaigns' owners call them.",
  },
  jobs: {
    pattern: `${PREFIXES.jobs}*`,
    because: 'Jobs, and the files beside them, are called as whoever puts them there calls them.',
  },
  receipts: {
    pattern: `${PREFIXES.jobs}*${RECEIPT_SUFFIX}`,
    because: 'A receipt is called as the job beside it, and ends as no job does.',
  },
  rejected: { pattern: `${PREFIXES.rejected}*`, because: 'What was rejected keeps the name that it came with.' },
  content: {
    pattern: `${PREFIXES.content}*`,
    because: 'Content lies by its SHA-256, which is known only once it is read.',
  },
  runs: {
    pattern: `${PREFIXES.runs}*`,
    because: 'Runs are named when they start; this function has all of them in hand, one by one.',
  },
} as const;
export type ObjectKind = keyof typeof OBJECTS;

/** What a door may do beside writing its log and taking from its queue. */
export interface Rights {
  readonly read: readonly ObjectKind[];
  readonly write: readonly ObjectKind[];
  readonly remove: readonly ObjectKind[];
  /** Whether it reads and writes items of the ledger; scanning it is for nobody. */
  readonly ledger: boolean;
  /** The queues that it sends to. */
  readonly ring: readonly ('plan' | 'batches')[];
  readonly secrets: readonly ('relay' | 'logKeys' | 'linkKeys')[];
}

export const DOOR_NAMES = ['planner', 'intake', 'sender', 'sweeper'] as const;
export type DoorName = (typeof DOOR_NAMES)[number];
export type Doors = Readonly<Record<DoorName, Door>>;

const FUNCTION_SECONDS = 900;

export const doors: Doors = {
  planner: {
    entry: 'functions/plan.lambda.ts',
    does: 'plans runs and rings their batches',
    memoryMb: 1769,
    timeoutSeconds: FUNCTION_SECONDS,
    concurrency: 2,
    variables: ['environment', 'bucket', 'table', 'batchQueues', 'relays', 'logKeys', 'logAddresses', 'jobs'],
    folders: [TEMPLATES_FOLDER],
    may: {
      read: ['campaigns', 'jobs', 'content', 'runs'],
      write: ['content', 'runs', 'receipts'],
      remove: [],
      ledger: true,
      ring: ['batches'],
      secrets: ['logKeys'],
    },
  },
  intake: {
    entry: 'functions/intake.lambda.ts',
    does: 'takes jobs from the bucket, or rejects them',
    memoryMb: 512,
    timeoutSeconds: 60,
    concurrency: 2,
    variables: ['environment', 'bucket', 'table', 'planQueue', 'relays', 'logKeys', 'logAddresses', 'jobs'],
    folders: [],
    may: {
      read: ['jobs'],
      write: ['receipts', 'rejected'],
      remove: ['jobs'],
      ledger: true,
      ring: ['plan'],
      secrets: ['logKeys'],
    },
  },
  sender: {
    entry: 'functions/send.lambda.ts',
    does: 'sends batches over one relay',
    memoryMb: 1769,
    timeoutSeconds: FUNCTION_SECONDS,
    concurrency: 2,
    variables: [
      'environment',
      'bucket',
      'table',
      'relays',
      'relay',
      'relaySecret',
      'logKeys',
      'linkKeys',
      'transcripts',
      'logAddresses',
    ],
    folders: [],
    may: {
      read: ['content', 'runs'],
      write: ['runs'],
      remove: [],
      ledger: true,
      ring: [],
      secrets: ['relay', 'logKeys', 'linkKeys'],
    },
  },
  sweeper: {
    entry: 'functions/sweep.lambda.ts',
    does: 'rings what is due, ends what is finished, and misses what did not start',
    memoryMb: 512,
    timeoutSeconds: 55,
    concurrency: 1,
    variables: ['environment', 'bucket', 'table', 'planQueue', 'batchQueues', 'logKeys', 'logAddresses'],
    folders: [TEMPLATES_FOLDER],
    may: {
      read: ['content', 'runs'],
      write: ['runs', 'receipts'],
      remove: [],
      ledger: true,
      ring: ['plan', 'batches'],
      secrets: ['logKeys'],
    },
  },
};

/** A construct was asked for a door whose code is not there. */
export class DoorMissingError extends Error {
  readonly code = 'ERR_DOOR_MISSING';
  constructor(name: DoorName, entry: string) {
    super(
      `Cannot make the function ${name}: there is no file ${entry}, its door; leave ${name} out of \`doors\` until it is there`,
    );
    this.name = 'DoorMissingError';
  }
}

/** Those whose files are there. @param project the folder with `functions/` */
export function doorsThere(project: string, known: Doors = doors): Partial<Doors> {
  const there = DOOR_NAMES.filter((name) => existsSync(join(project, known[name].entry)));
  return Object.fromEntries(there.map((name) => [name, known[name]]));
}
