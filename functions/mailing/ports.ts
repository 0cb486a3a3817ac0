/** All the outside that the domain speaks to, in one page. Adapters live in `local/`; each port has one contract test. */
import type { RecipientResult, TranscriptRecord } from '#smtp';
import type { BatchTime } from './batch-time.ts';
import type { Outcome, RetriedOutcome, RunControl, Totals, UncertainPolicy } from './outcome.ts';

export * from './allowance-book.ts';
export * from './batch-queue.ts';
export * from './credential-store.ts';
export * from './lane-book.ts';
export * from './port-errors.ts';

export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Milliseconds that never go back, for deadlines and pace. */
  monotonic(): number;
  /** Calls `fn` once after `ms`; the returned function cancels. */
  after(ms: number, fn: () => void): () => void;
}

/**
 * Named octets. A write is durable and whole when its promise resolves; a reader never sees half of one.
 * A name is a relative path with `/` between its segments. Each method throws ObjectNameError on a name that is none,
 * and ObjectStoreError where the store itself fails.
 */
export interface ObjectStore {
  /** @throws ObjectMissingError */
  read(name: string): Promise<Uint8Array>;
  /** The same in pieces, for what may be large. @throws ObjectMissingError on the first piece */
  stream(name: string): AsyncIterable<Uint8Array>;
  has(name: string): Promise<boolean>;
  write(name: string, content: Uint8Array | AsyncIterable<Uint8Array>): Promise<void>;
  /** Several, made durable together. Where that fails or the process dies, the first of them are there, and none behind. */
  writeAll(objects: readonly (readonly [name: string, content: Uint8Array])[]): Promise<void>;
  /** Names that begin with `prefix`, in the order of their UTF-16 code units. */
  list(prefix: string): Promise<string[]>;
}

/** Where conversations go. Best effort: a lost transcript loses no mail. */
export interface TranscriptSink {
  /** A session's opening is written once, before the first delivery on it, under whichever batch that is. */
  write(run: string, batch: number, entry: TranscriptEntry): void;
  /** Makes what was written readable; called when a batch closes and at the end. */
  flush(): Promise<void>;
}

/** The same, where they are found again by run and recipient. */
export interface TranscriptShelf extends TranscriptSink {
  /** The conversations about one row, in the order in which they were written. */
  read(run: string, batch: number, row: number): Promise<Conversation[]>;
}

/** `session` opens a connection's story; `delivery` is one mail transaction on it. */
export type TranscriptEntry =
  | { readonly kind: 'session'; readonly session: string; readonly records: readonly TranscriptRecord[] }
  | {
      readonly kind: 'delivery';
      readonly session: string;
      readonly row: number;
      readonly recipient: string;
      readonly attempt: number;
      /** What the transaction came to for its recipient. */
      readonly outcome: RecipientResult['outcome'];
      /** The relay's no, as it is in results; `null` where it said none. Other replies may have come behind it. */
      readonly reply: string | null;
      readonly records: readonly TranscriptRecord[];
    };

/** One attempt as it was spoken: the connection's opening, then the transaction. */
export interface Conversation {
  readonly attempt: number;
  readonly opening: readonly TranscriptRecord[];
  readonly transaction: readonly TranscriptRecord[];
}

/**
 * Room outside of memory, for what a planning must be able to look up again; gone with its process. In the midst of a row
 * there is no waiting: it answers at once. `append` and `read` throw ObjectStoreError where it fails.
 */
export interface Scratch {
  /** Eight octets that nobody else knows. */
  readonly secret: Uint8Array;
  /** Behind what is there. */
  append(octets: Uint8Array): void;
  /** @returns how many octets were read, fewer than fit into `into` only at the end */
  read(at: number, into: Uint8Array): number;
  close(): void;
}

export interface RunRecord {
  readonly id: string;
  readonly campaign: string;
  /** Where the campaign was read from; two folders of one name are two campaigns. */
  readonly source: string;
  /** Epoch ms of the slot that the run stands for, `null` when started by hand. */
  readonly slot: number | null;
  /** Hash of campaign, templates, attachments and audience as frozen. */
  readonly contentHash: string;
  /** Epoch ms; the Date of its mails. */
  readonly createdAt: number;
  readonly onUncertain: UncertainPolicy;
  /** Deferred recipients expire at this moment, epoch ms. */
  readonly expiresAt: number;
  /** `null` until the plan is complete. */
  readonly plan: PlanCounts | null;
  /** Plan complete and every batch closed. */
  readonly finished: boolean;
  /** What the canary's outcomes said; `null` until they are judged, and where there is no canary. */
  readonly canary: CanaryVerdict | null;
}

/** Once given it stays, but that a person can overrule one that stopped the run. */
export interface CanaryVerdict {
  readonly verdict: 'passed' | 'stopped' | 'overruled';
  /** Mails of the canary that were tried. */
  readonly tried: number;
  /** What was more than wanted, a sentence each; empty where it passed. */
  readonly problems: readonly string[];
  /** Epoch ms. */
  readonly at: number;
}

export interface PlanCounts {
  readonly planHash: string;
  readonly rows: number;
  readonly recipients: number;
  readonly duplicates: number;
  readonly notSelected: number;
  readonly invalid: number;
  readonly batches: number;
  /** How many of the batches, the first ones, are the canary's; left out where there is no canary. */
  readonly canaryBatches?: number;
}

/** A recipient as planned. `index` is its place in its batch, from 0; `row` its row in the audience, from 1. */
export interface PlannedDelivery {
  readonly index: number;
  readonly row: number;
  readonly recipient: string;
  /** By which the recipient is found again: `recipientKey`, or the text as written where it is no address. */
  readonly key: string;
  readonly messageId: string;
  /** `expired`: its moment had gone by before the run began. */
  readonly state: 'pending' | 'invalid' | 'suppressed' | 'expired';
  readonly problem?: string;
}

/** A delivery handed out by a claim. `attempt`: attempts made so far. */
export interface DueDelivery {
  readonly index: number;
  readonly row: number;
  readonly recipient: string;
  readonly messageId: string;
  readonly attempt: number;
}

export interface Intent {
  readonly index: number;
  /** The number of the attempt that is about to be made, from 1. */
  readonly attempt: number;
}

export interface Settlement {
  readonly index: number;
  /** The intent's number; without an intent, one more than the attempts so far, or as many where none was made. */
  readonly attempt: number;
  readonly state: Exclude<Outcome, 'pending'>;
  /** Epoch ms. */
  readonly at: number;
  /** When a deferred recipient is due again, epoch ms; default `at`. */
  readonly nextAt?: number;
  readonly reply?: string;
  readonly enhancedStatus?: string;
  readonly queueId?: string;
  /** Why, where no reply says it. */
  readonly problem?: string;
}

export interface Claim {
  readonly run: string;
  readonly batch: number;
  readonly fence: number;
  readonly rev: number;
  /** Earlier holders crashed: its mails are to be made one at a time, with nothing else in hand, each `current` before. */
  readonly careful: boolean;
  readonly due: readonly DueDelivery[];
}

export interface ClaimOptions {
  /** Epoch ms: deliveries with `nextAt` after it are not due. */
  readonly now: number;
  /** Hand out recipients before they are due, deferred ones and the whole batch: a person asked for it. Default false. */
  readonly eager?: boolean;
}

export interface DeliveryRecord {
  readonly batch: number;
  readonly row: number;
  readonly recipient: string;
  readonly outcome: Outcome;
  readonly reply: string | null;
  readonly enhancedStatus: string | null;
  readonly queueId: string | null;
  readonly attempts: number;
  /** How many of them ended with nobody knowing whether the relay accepted; more than 0 also after a later fact. */
  readonly uncertainAttempts: number;
  readonly messageId: string;
  readonly problem: string | null;
  /** Epoch ms of the last change, `null` while nothing has happened. */
  readonly at: number | null;
  /** When it is due again, epoch ms; `null` where no attempt is to come, or the first is still to be made. */
  readonly nextAt: number | null;
}

/** A delivery, and the run that it is of. */
export interface TracedDelivery extends DeliveryRecord {
  readonly run: string;
}

/** How an attempt ended of which nobody knew: by a late reply, a delivery status notification, or a person's word. */
export interface Evidence {
  /** Of the recipient. */
  readonly key: string;
  /** The attempt that it speaks of, from 1. */
  readonly attempt: number;
  readonly state: 'accepted' | 'refused';
  /** Epoch ms. */
  readonly at: number;
  readonly reply?: string;
  readonly enhancedStatus?: string;
  readonly queueId?: string;
  /** Who says so, where no reply does. */
  readonly problem?: string;
}

/**
 * What a piece of evidence came to. `settled`: it is the fact now. `known`: it was already. `held`: a living process may
 * be about to send again, so that nothing was written. `other`: the delivery is not uncertain by that attempt. `nobody`:
 * there is no such recipient.
 */
export interface EvidenceFound {
  readonly result: 'settled' | 'known' | 'held' | 'other' | 'nobody';
  /** As it stands now; `null` for nobody. */
  readonly delivery: DeliveryRecord | null;
}

export interface RetryChoice {
  readonly outcomes: readonly RetriedOutcome[];
  /** Only the recipient of that key. */
  readonly key?: string;
  /** Epoch ms. */
  readonly at: number;
}

/** Somebody who gets no mail, whatever the campaign. */
export interface Suppression {
  /** `suppressionKey` of the recipient. */
  readonly key: string;
  /** The address as it was written when it was first added. */
  readonly recipient: string;
  readonly reason: string | null;
  /** Epoch ms of its adding. */
  readonly at: number;
}

/**
 * Who gets nothing any more. What `add` wrote is seen by each `among` that begins afterwards, in every process: it stands
 * between a durable intent and the end-of-mail-data indicator. Methods throw LedgerError where the store fails.
 */
export interface SuppressionList {
  /** Durable when it resolves; who is there stays as it was. Where the store fails, some may be there. @returns how many are new */
  add(entries: readonly Suppression[]): Promise<number>;
  /** @returns how many were there */
  remove(keys: readonly string[]): Promise<number>;
  /** Those of `keys` that are suppressed. One question for many keys: it is asked once a commit. */
  among(keys: readonly string[]): Promise<ReadonlySet<string>>;
  /** What is known of one key, `null` where it is not suppressed. */
  find(key: string): Promise<Suppression | null>;
  /** In the order of their keys. */
  list(): AsyncIterable<Suppression>;
}

/** A batch that is not closed. */
export interface OpenBatch extends BatchTime {
  readonly batch: number;
  /** Whether a living process holds it. */
  readonly held: boolean;
  /** The earliest moment at which one of its deliveries is due, epoch ms; 0: at once. Of no meaning while held. */
  readonly nextAt: number;
}

/**
 * The durable truth about runs, batches and deliveries. Spoken to by batch: `claim` hands out what is due under a new
 * fence, `commit` is one durable write that holds only while fence and rev are the caller's own.
 *
 * Batch 0 is the planner's own lease: it has no deliveries, can be claimed before the plan is complete, and is not among
 * the plan's batches. No batch closes before the plan is complete.
 *
 * A method that throws has written nothing: IllegalMoveError where the caller asked for what cannot be, LedgerError
 * where the store failed. Two exceptions for stores that are far away, where there is no one transaction over all of them:
 * a LedgerError may also say that the answer was lost for good, of a write that is there; and what changes many batches
 * (`addBatches`, `setUncertainPolicy`, `setControl`, `retry`) may have changed some of them. Either is harmless, and the same
 * call again does the rest.
 */
export type BatchToAdd = readonly [batch: number, deliveries: readonly PlannedDelivery[], time?: BatchTime];

export interface Ledger {
  /** In the order of their making. */
  runs(campaign?: string): Promise<RunRecord[]>;
  run(id: string): Promise<RunRecord | null>;
  /**
   * Harmless when the run is there. One of other content whose plan is not complete, and which nobody plans at the
   * moment, has sent nothing and never will: this one takes its place, and its batches go.
   */
  createRun(run: Omit<RunRecord, 'plan' | 'finished' | 'canary'>): Promise<void>;
  /**
   * Harmless when the batch is there.
   * @param time default: at any time
   * @throws IllegalMoveError when the plan is complete without it
   */
  addBatch(run: string, batch: number, deliveries: readonly PlannedDelivery[], time?: BatchTime): Promise<void>;
  /**
   * The same of several, in as few durable writes as the store has for it. Where one is refused, none is written; where the
   * store fails, some of them may be there.
   */
  addBatches(run: string, batches: readonly BatchToAdd[]): Promise<void>;
  /**
   * Written last: from here on the run can be sent. Closes at once what has nothing to send. Harmless when repeated.
   * @throws IllegalMoveError when its counts are not the ledger's own, or another plan is complete already
   */
  completePlan(run: string, plan: PlanCounts): Promise<void>;
  /**
   * Changes what happens to uncertain recipients, for each batch from its next claim on. `resend` opens batches again
   * that hold such recipients. After `hold` or `skip`, none that was ever uncertain is sent again.
   */
  setUncertainPolicy(run: string, policy: UncertainPolicy): Promise<void>;
  /** What a person wants of the run; `null` where there is no such run. Cheap: senders ask twice a second. */
  control(run: string): Promise<RunControl | null>;
  /**
   * `paused`: whoever sends stops, and loses nothing. `cancelled`: what no living process holds and is pending or
   * deferred becomes `cancelled` at once, the rest when its holder gives it back; an uncertain recipient stays one.
   * `going`: also overrules a canary that stopped the run.
   * @param at epoch ms
   * @throws IllegalMoveError when the run is finished, cancelled, or as it is wanted already
   */
  setControl(run: string, control: RunControl, at: number): Promise<void>;
  /**
   * Makes recipients of the chosen outcomes pending again, with their attempts and the last reply kept as evidence, and
   * opens their batches. A cancelled run goes on with them. One that was uncertain is sent again because a person said so.
   * @returns how many
   * @throws IllegalMoveError when the plan is not complete, or a living process holds one of the batches
   */
  retry(run: string, chosen: RetryChoice): Promise<number>;
  /**
   * Writes the verdict on the run's canary, the first one for good; where it stops a run that is going and not finished,
   * the run is paused by the same write.
   * @returns the verdict that holds
   */
  judgeCanary(run: string, verdict: CanaryVerdict): Promise<CanaryVerdict>;
  /** In order. */
  openBatches(run: string): Promise<OpenBatch[]>;
  /**
   * Takes the batch under `fence + 1`. What an earlier, dead holder had `intended` becomes `uncertain`; deferred
   * recipients past the batch's expiry (`expiryOf`) become `expired`. Nobody is due before the batch's `notBefore`. The row
   * that was current in QUARANTINED_AFTER crashes with nothing settled between them becomes `quarantined`; `poison.ts` has
   * what counts as a crash.
   * @returns `null` while a living process holds the batch (also the caller's own), or when it is closed
   * @throws IllegalMoveError when there is no such batch, or the run's plan is not complete (batch 0 apart)
   */
  claim(run: string, batch: number, options: ClaimOptions): Promise<Claim | null>;
  /**
   * One durable write: outcomes since the last one, then the intents of the next mails, and the index of the row that is
   * worked alone from here on. An outcome makes the batch forget its crashes, and whoever was current.
   * @returns the batch's new rev
   * @throws FenceLostError when fence or rev are not the batch's any more
   * @throws IllegalMoveError for what `isLegalMove` refuses, or an attempt out of its order
   */
  commit(
    claim: { run: string; batch: number; fence: number; rev: number },
    changes: { settled: readonly Settlement[]; intended: readonly Intent[]; current?: number },
  ): Promise<number>;
  /**
   * Gives the batch back; closes it when each of its deliveries is settled, and the run when it was the last.
   * Harmless when the batch is not the caller's any more. What was left `intended` becomes `uncertain` at the next claim.
   */
  release(claim: { run: string; batch: number; fence: number }): Promise<void>;
  /**
   * What is `intended` counts as `pending` while its process lives, then as `uncertain`; so it is shown, too.
   * @param batches only of the first so many batches
   */
  totals(run: string, batches?: number): Promise<Totals>;
  /** In the order of batch and index. */
  deliveries(run: string, batch?: number): AsyncIterable<DeliveryRecord>;
  /** The deliveries planned under one key; none before the plan is complete. */
  find(run: string, key: string): Promise<DeliveryRecord[]>;
  close(): void;
}

/** Where evidence is written down. Methods throw LedgerError where the store fails; said again, it does no harm. */
export interface EvidenceDesk {
  /**
   * Durable when it resolves, in one write for each batch, and the one move that needs no fence: an `uncertain` delivery whose last attempt is the one that
   * the evidence speaks of becomes what the evidence says, also in a run that is finished or cancelled. Nothing else is
   * moved by it: not what was marked due again since, nor another attempt, nor what is known to be otherwise. That an
   * attempt was uncertain stays on record.
   * @returns what each came to, in order
   * @throws IllegalMoveError when there is no such run
   */
  establish(run: string, evidence: readonly Evidence[]): Promise<EvidenceFound[]>;
}

/** What a ledger knows of one person, in every run. No sender asks for it. Methods throw LedgerError where the store fails. */
export interface LedgerSearch {
  /** The deliveries planned under any of the keys, in the order of the runs' making; none before a plan is complete. */
  trace(keys: readonly string[]): Promise<TracedDelivery[]>;
  /** The keys, of any run, that are this one but for the case of ASCII letters. Looks at every recipient there is. */
  spellings(key: string): Promise<string[]>;
}
