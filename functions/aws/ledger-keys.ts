/**
 * The table in which Cartero keeps what is true: one for a deployment, billed by request, a few items a batch.
 *
 *     pk                      sk                 what it is                                         written
 *     runs                    counter            how many runs were made: their order               once a run
 *     runs                    run#<id>           a run: facts, plan, control, canary                some ten times a run
 *     run#<id>#<generation>   s#<batch>          a batch: lease, and where each delivery stands     once a commit
 *     run#<id>#<generation>   r#<batch>#<part>   its deliveries as planned                          once
 *     run#<id>#<generation>   k#<batch>          three octets a key, by which people are found      once
 *     run#<id>#<generation>   p#<batch>#<rev>    a page of replies that are older than the item's   once some 40 mails
 *     process#<owner>         lease              until when that process lives                      every 15 s, or once
 *     suppressed#<shard>      <key>              somebody who gets no mail                          once
 *     lanes#<relay>           page               who may have how many connections to a relay       at changes
 *     allowance#<relay>       <day>              mails of that day                                  a hundred times a day
 *
 * **One commit is one conditional write.** DynamoDB bills a write by the whole item, 1 KB a unit, so the item that a commit
 * writes (`s#`) holds no more than what decides: fence, rev, owner, and a letter a delivery, with what few have beyond it
 * (more attempts, when they are due), deflated to some hundred octets for 500 of them. Outcomes' replies lie there too, until
 * the item is over 1 KB; then they are first put down as a page (`p#`), and the commit leaves them out. A page is what was
 * durable at that rev and nothing else: one whose commit never came says nothing that the item does not say, and one that
 * is written twice is the same. Recipients (`r#`) never change. So a write needs no other, and no transaction.
 *
 * **What follows from a run is derived, not written.** Whether a batch is closed, when it is due, who is cancelled with its
 * run or may not be sent again under its policy is a function of the batch's item and the run's, computed by each who
 * reads; it is also written down, batch by batch, by whoever changes the run. A death in between leaves nothing half.
 *
 * **The index** `open` holds batches that are not closed by the moment at which they are due, or their holder's lease is over,
 * for whoever rings them. It is behind the table by up to seconds, so that what it says is a hint. Commits do not change its attributes and pay nothing.
 *
 * **Everything of a run goes by time to live**, KEPT_MS after its deferred recipients expire. Suppressions stay.
 *
 * A partition takes 1,000 write units a second. The items of a hot one are split between its sort keys by DynamoDB itself.
 */
import table from '../../infra/ledger-table.json' with { type: 'json' };

/** Names of the keys, of the attribute that is the time to live, and of the index; as `infra/` makes the table. */
export const TABLE = table;

export interface Key {
  readonly pk: string;
  readonly sk: string;
}

export const RUNS = 'runs';
export const RUN_PREFIX = 'run#';
export const RUN_COUNTER: Key = { pk: RUNS, sk: 'counter' };

/** A run stays for 400 days: its slot of the year before can still be looked back at. */
export const KEPT_MS = 400 * 86_400_000;

export function runKey(id: string): Key {
  return { pk: RUNS, sk: `${RUN_PREFIX}${id}` };
}

/** Where a run's batches are. A run that took the place of another has a generation of its own. */
export function batchesOf(id: string, generation: number): string {
  return `run#${id}#${generation}`;
}

const BATCH_DIGITS = 7;
const REV_DIGITS = 10;

export type BatchPart = 's' | 'r' | 'k' | 'p';

export function batchName(part: BatchPart, batch: number): string {
  return `${part}#${String(batch).padStart(BATCH_DIGITS, '0')}`;
}

export function batchOfName(sk: string): number {
  return Number(sk.slice(2, 2 + BATCH_DIGITS));
}

export function pageName(batch: number, rev: number): string {
  return `${batchName('p', batch)}#${String(rev).padStart(REV_DIGITS, '0')}`;
}

export function revOfPage(sk: string): number {
  return Number(sk.slice(-REV_DIGITS));
}

export function processKey(owner: string): Key {
  return { pk: `process#${owner}`, sk: 'lease' };
}

export function lanesKey(relay: string): Key {
  return { pk: `lanes#${relay}`, sk: 'page' };
}

export function allowanceKey(relay: string, day: string): Key {
  return { pk: `allowance#${relay}`, sk: day };
}

/** Time to live is in whole seconds. */
export function expirySeconds(epochMs: number): number {
  return Math.ceil(epochMs / 1000);
}
