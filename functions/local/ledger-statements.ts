/** Every sentence that the ledger speaks to SQLite, prepared once, and the rows that come back. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { BATCH_ROOM, type DeliveryState, type RunControl, type UncertainPolicy } from '#mailing';

export type RunRow = {
  number: number;
  id: string;
  campaign: string;
  source: string;
  slot: number | null;
  content_hash: string;
  created_at: number;
  on_uncertain: UncertainPolicy;
  expires_at: number;
  plan: string | null;
  finished: 0 | 1;
  control: RunControl;
  control_at: number | null;
  canary: string | null;
};

export type BatchRow = {
  number: number;
  run: number;
  batch: number;
  fence: number;
  rev: number;
  holder: string | null;
  policy: UncertainPolicy;
  next_at: number;
  closed: 0 | 1;
  not_before: number;
  zone: string | null;
  crashes: number;
  current_index: number | null;
  suspect_index: number | null;
  suspicions: number;
};

/**
 * A delivery with its batch and its run's policy. As a list: there is one for each recipient, and to make an object of
 * named columns costs SQLite's binding thrice as much.
 */
export type DeliveryRow = readonly [
  batch: number,
  row: number,
  recipient: string,
  state: DeliveryState,
  reply: string | null,
  enhancedStatus: string | null,
  queueId: string | null,
  attempt: number,
  uncertainAttempts: number,
  messageId: string,
  problem: string | null,
  at: number | null,
  nextAt: number | null,
  holder: string | null,
  onUncertain: UncertainPolicy,
];

/** A delivery that evidence may speak of, and who has its batch. */
export type DoubtRow = {
  id: number;
  state: DeliveryState;
  attempt: number;
  batch: number;
  holder: string | null;
  policy: UncertainPolicy;
};

export type TracedRow = readonly [run: string, ...delivery: DeliveryRow];

/** What decides whether a delivery may move. */
export type StandingRow = { state: DeliveryState; attempt: number };
export type DueRow = readonly [id: number, row: number, recipient: string, messageId: string, attempt: number];
export type CountRow = { state: DeliveryState; holder: string | null; count: number };

const RUNS = `SELECT *, plan IS NOT NULL AND NOT EXISTS
    (SELECT 1 FROM batch WHERE batch.run = run.number AND closed = 0) AS finished FROM run`;

/** The deliveries of batch number :batch. */
const IN_BATCH = `id BETWEEN :batch * ${BATCH_ROOM} AND :batch * ${BATCH_ROOM} + ${BATCH_ROOM - 1}`;

/** Batches with their deliveries; the batches lead. */
const JOINED = `run JOIN batch ON batch.run = run.number CROSS JOIN delivery
    ON delivery.id BETWEEN batch.number * ${BATCH_ROOM} AND batch.number * ${BATCH_ROOM} + ${BATCH_ROOM - 1}`;

/** In the order of DeliveryRow. */
const DELIVERIES = `SELECT batch.batch, row, recipient, state, reply, enhanced_status, queue_id, attempt,
  uncertain_attempts, message_id, problem, at, delivery.next_at, batch.holder, run.on_uncertain FROM`;

const SENTENCES = {
  runs: `${RUNS} ORDER BY number`,
  runsOf: `${RUNS} WHERE campaign = ? ORDER BY number`,
  run: `${RUNS} WHERE id = ?`,
  createRun: `INSERT INTO run (id, campaign, source, slot, content_hash, created_at, on_uncertain, expires_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
  dropDeliveries: `DELETE FROM delivery WHERE id IN (SELECT delivery.id FROM ${JOINED} WHERE run.number = ?)`,
  dropBatches: 'DELETE FROM batch WHERE run = ?',
  replaceRun: `UPDATE run SET campaign = ?, source = ?, slot = ?, content_hash = ?, created_at = ?, on_uncertain = ?,
    expires_at = ? WHERE number = ?`,
  indexRecipients: `INSERT INTO recipient SELECT run.number, coalesce(delivery.key, delivery.recipient), delivery.id
    FROM ${JOINED} WHERE run.number = ? ORDER BY 2, 3`,
  completePlan: 'UPDATE run SET plan = ? WHERE number = ?',
  setPolicy: 'UPDATE run SET on_uncertain = ? WHERE number = ?',

  control: 'SELECT control FROM run WHERE id = ?',
  setControl: 'UPDATE run SET control = ?, control_at = ? WHERE number = ?',
  judgeCanary: 'UPDATE run SET canary = ? WHERE number = ?',
  overruleCanary: `UPDATE run SET canary = json_set(canary, '$.verdict', 'overruled')
    WHERE number = ? AND canary ->> '$.verdict' = 'stopped'`,

  batch: 'SELECT * FROM batch WHERE run = ? AND batch = ?',
  batches: 'SELECT * FROM batch WHERE run = ? ORDER BY batch',
  openBatches: 'SELECT * FROM batch WHERE run = ? AND closed = 0 ORDER BY batch',
  addBatch: 'INSERT INTO batch (run, batch, not_before, zone) VALUES (?, ?, ?, ?) RETURNING number, batch',
  hold: `UPDATE batch SET fence = fence + 1, rev = rev + 1, holder = ?, policy = ? WHERE number = ?
    RETURNING fence, rev`,
  advance: `UPDATE batch SET rev = rev + 1 WHERE run = ? AND batch = ? AND fence = ? AND rev = ? AND holder = ?
    RETURNING *`,
  release: `UPDATE batch SET holder = NULL, rev = rev + 1 WHERE number = ? AND fence = ? AND holder = ?
    RETURNING number`,
  recordCrashes: `UPDATE batch SET crashes = ?, current_index = ?, suspect_index = ?, suspicions = ? WHERE number = ?`,
  quarantine: `UPDATE delivery SET state = 'quarantined', at = ?, next_at = NULL, reply = NULL, enhanced_status = NULL,
    queue_id = NULL, problem = ? WHERE id = ?`,
  rest: `UPDATE batch SET (closed, next_at) = (SELECT count(*) = 0, max(coalesce(min(due), 0), not_before) FROM (
      SELECT CASE state WHEN 'deferred' THEN min(next_at, :expires + max(0, not_before - :created))
        WHEN 'uncertain' THEN next_at ELSE 0 END AS due
      FROM delivery WHERE ${IN_BATCH}
      AND (state IN ('pending', 'intended', 'deferred') OR (state = 'uncertain' AND :resend))))
    WHERE number = :batch`,

  addDelivery: `INSERT INTO delivery (id, row, recipient, key, message_id, state, problem)
    VALUES (?, ?, ?, ?, ?, ?, ?)`,
  standing: 'SELECT state, attempt FROM delivery WHERE id = ?',
  /** The moves that nearly every delivery makes, and that are legal under every policy: `changes` says whether it was one. */
  intendFirst: `UPDATE delivery SET state = 'intended', attempt = ? WHERE id = ? AND state = 'pending' AND attempt = ?
    AND next_at IS NULL`,
  settleIntended: `UPDATE delivery SET state = ?, attempt = ?, at = ?, next_at = ?, reply = ?, enhanced_status = ?,
    queue_id = ?, problem = ?, uncertain_attempts = uncertain_attempts + ?
    WHERE id = ? AND state = 'intended' AND attempt = ?`,
  intend: `UPDATE delivery SET state = 'intended', attempt = ?, next_at = NULL WHERE id = ?`,
  settle: `UPDATE delivery SET state = ?, attempt = ?, at = ?, next_at = ?, reply = ?, enhanced_status = ?,
    queue_id = ?, problem = ?, uncertain_attempts = uncertain_attempts + ? WHERE id = ?`,
  doubt: `UPDATE delivery SET state = 'uncertain', uncertain_attempts = uncertain_attempts + 1, at = :now,
    next_at = :resendAt, reply = NULL, enhanced_status = NULL, queue_id = NULL,
    problem = 'the process of attempt ' || attempt || ' ended before its outcome was known'
    WHERE ${IN_BATCH} AND state = 'intended'`,
  expire: `UPDATE delivery SET state = 'expired', at = :now, next_at = NULL WHERE ${IN_BATCH} AND state = 'deferred'`,
  withdraw: `UPDATE delivery SET state = 'uncertain' WHERE ${IN_BATCH} AND state = 'deferred' AND uncertain_attempts > 0`,
  due: `SELECT id, row, recipient, message_id, attempt FROM delivery WHERE ${IN_BATCH} AND (state = 'pending'
    OR (state = 'deferred' AND (next_at <= :now OR :eager)) OR (state = 'uncertain' AND :resend AND next_at <= :now))
    ORDER BY id`,

  /** Another process's fence is lost with it: what it had in hand is known to be over. */
  takeBack: `UPDATE batch SET fence = fence + 1, rev = rev + 1, holder = NULL, crashes = 0, current_index = NULL,
    suspect_index = NULL, suspicions = 0 WHERE number = ?`,
  cancel: `UPDATE delivery SET state = 'cancelled', at = :now, next_at = NULL WHERE ${IN_BATCH}
    AND state IN ('pending', 'deferred')`,
  retry: `UPDATE delivery SET state = 'pending', next_at = NULL WHERE ${IN_BATCH}
    AND state IN (SELECT value FROM json_each(:outcomes))
    AND (:key IS NULL OR coalesce(key, recipient) = :key)`,

  planned: `SELECT count(*) AS batches, coalesce(sum((SELECT count(*) FROM delivery
    WHERE id BETWEEN batch.number * ${BATCH_ROOM} AND batch.number * ${BATCH_ROOM} + ${BATCH_ROOM - 1})), 0) AS recipients
    FROM batch WHERE run = ? AND batch > 0`,
  totals: `SELECT state, CASE state WHEN 'intended' THEN holder END AS holder, count(*) AS count
    FROM ${JOINED} WHERE run.number = ?1 AND (?2 IS NULL OR batch.batch <= ?2) GROUP BY 1, 2`,
  deliveries: `${DELIVERIES} ${JOINED} WHERE run.number = ? AND batch.batch = ? ORDER BY delivery.id`,
  find: `${DELIVERIES} run JOIN recipient ON recipient.run = run.number JOIN delivery ON delivery.id = recipient.delivery
    JOIN batch ON batch.number = delivery.id / ${BATCH_ROOM}
    WHERE run.id = ? AND recipient.key = ? ORDER BY delivery.id`,
  doubts: `SELECT id, state, attempt, batch.number AS batch, holder, policy FROM recipient
    JOIN delivery ON delivery.id = recipient.delivery JOIN batch ON batch.number = delivery.id / ${BATCH_ROOM}
    WHERE recipient.run = ? AND recipient.key = ? ORDER BY id`,
  establish: `UPDATE delivery SET state = ?, at = ?, next_at = NULL, reply = ?, enhanced_status = ?, queue_id = ?,
    problem = ?, uncertain_attempts = uncertain_attempts + (state = 'intended') WHERE id = ?`,
  delivery: `${DELIVERIES} delivery JOIN batch ON batch.number = delivery.id / ${BATCH_ROOM}
    JOIN run ON run.number = batch.run WHERE delivery.id = ?`,
  /** The runs lead, each asked by the index for each key: a second index by key alone would slow every plan. */
  trace: `${DELIVERIES.replace('SELECT', 'SELECT run.id,')} run CROSS JOIN json_each(?) AS wanted
    CROSS JOIN recipient ON recipient.run = run.number AND recipient.key = wanted.value
    CROSS JOIN delivery ON delivery.id = recipient.delivery
    CROSS JOIN batch ON batch.number = delivery.id / ${BATCH_ROOM} ORDER BY run.number, delivery.id`,
  spellings: 'SELECT DISTINCT key FROM recipient WHERE key = ? COLLATE NOCASE ORDER BY key',
} as const;

export type Statements = Readonly<Record<keyof typeof SENTENCES, StatementSync>>;

/** Sentences whose rows come as lists. */
const LISTS: readonly (keyof typeof SENTENCES)[] = ['due', 'deliveries', 'find', 'delivery', 'trace'];

export function prepareStatements(database: DatabaseSync): Statements {
  const names = Object.keys(SENTENCES) as (keyof typeof SENTENCES)[];
  const prepared = names.map((name) => [name, database.prepare(SENTENCES[name])] as const);
  const statements = Object.fromEntries(prepared) as Statements;
  for (const name of LISTS) statements[name].setReturnArrays(true);
  return statements;
}
