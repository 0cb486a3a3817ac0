/**
 * The hot path: a batch is claimed, committed to, and given back. What this process holds it also has in memory, so that a
 * commit reads nothing: if fence and rev are still the item's, so is everything that they decide on.
 */
import {
  type Claim,
  type ClaimOptions,
  claimed,
  type DueDelivery,
  expiryOf,
  FenceLostError,
  givenBack,
  IllegalMoveError,
  type Ledger,
  needsCare,
} from '#mailing';
import { type Batch, copyOf, doubt, end, intend, lookBack, type News, remember, settle, withdraw } from './batch.ts';
import { batchOf, bodyOf, type PlannedRow, packed, standingOf, wholeOf, writtenNews } from './batch-item.ts';
import { type BatchItems, keyOf, refuseMissing } from './batch-items.ts';
import type { Held, InHand } from './in-hand.ts';
import { pageName } from './ledger-keys.ts';
import { batchesOfRun, expiryOfRun, type Run } from './run-item.ts';
import type { RunItems } from './run-items.ts';
import { indexed, isClosed, isDue, rest } from './standing.ts';
import type { Table } from './table.ts';
import { type Changes, number as numberIn, octets, text } from './table-values.ts';

type ClaimNamed = Parameters<Ledger['commit']>[0];
type CommitChanges = Parameters<Ledger['commit']>[1];
type ReleaseNamed = Parameters<Ledger['release']>[0];

/** What one write unit carries. */
const UNIT_OCTETS = 1024;
/** A page with less than this is not worth its write. */
const LEAST_PAGE_OCTETS = 400;
/** An item has 400 KB at the most, with all that is beside the body. */
const LARGEST_BODY_OCTETS = 350 * 1024;
/** A server can say 64 KB to each mail of a commit. Where that is too much together, each text is cut to so many characters. */
const LONGEST_TEXT = 200;
/** Names and numbers of a batch's item, its body and the texts of its keys apart. */
const FRAME_OCTETS = 90;

export interface ClaimParts {
  readonly table: Table;
  readonly owner: string;
  readonly inHand: InHand;
  readonly runs: RunItems;
  readonly batches: BatchItems;
}

export class Claims {
  readonly #table: Table;
  readonly #owner: string;
  readonly #inHand: InHand;
  readonly #runs: RunItems;
  readonly #batches: BatchItems;

  constructor({ table, owner, inHand, runs, batches }: ClaimParts) {
    this.#table = table;
    this.#owner = owner;
    this.#inHand = inHand;
    this.#runs = runs;
    this.#batches = batches;
  }

  async claim(id: string, number: number, options: ClaimOptions): Promise<Claim | null> {
    const action = `claim batch ${number} of run ${JSON.stringify(id)}`;
    if (this.#inHand.has(id, number)) return null;
    return this.#inHand.take(id, number, async (keep) => {
      for (;;) {
        const run = await this.#runs.must(id, action);
        if (run.plan === null && number !== 0) throw new IllegalMoveError(action, 'the plan is not complete');
        const { batch, item } = refuseMissing(await this.#batches.read(run, number), action);
        rest(batch, run);
        if (isClosed(batch, run) || (await this.#isOthers(run, batch))) return null;
        const planned = await this.#batches.planned(run, number);
        const careful = this.#takeOver(run, batch, options.now);
        const written = await this.#table.update(keyOf(run, number), wholeOf(batch), standingOf(item));
        if (!written) continue;
        const { fence, rev } = batch;
        keep({ run, fence, batch });
        return { run: id, batch: number, fence, rev, careful, due: dueOf(batch, planned, run, options) };
      }
    });
  }

  async commit(claim: ClaimNamed, changes: CommitChanges): Promise<number> {
    const { run: id, batch: number, fence, rev } = claim;
    const held = this.#inHand.find(id, number, fence);
    if (held === undefined) throw new FenceLostError(id, number);
    const before = await this.#standingOf(held, number);
    if (before === null || before.rev !== rev) throw new FenceLostError(id, number);
    const next = copyOf(before);
    for (const settlement of changes.settled) settle(next, settlement);
    for (const intent of changes.intended) intend(next, intent);
    remember(next, changes.settled.length > 0, changes.current);
    next.rev += 1;
    held.batch = null;
    const body = await this.#bodyOf(held.run, before, next);
    const expected = { f: fence, r: rev, o: this.#owner };
    if (!(await this.#table.update(keyOf(held.run, number), body, expected))) {
      this.#inHand.drop(id, number);
      throw new FenceLostError(id, number);
    }
    held.batch = next;
    return next.rev;
  }

  /** Whatever becomes of it, the batch is out of this process's hands: where it failed, it may be claimed again here. */
  async release({ run: id, batch: number, fence }: ReleaseNamed): Promise<void> {
    const held = this.#inHand.find(id, number, fence);
    try {
      const run = await this.#runs.must(id, `release batch ${number} of run ${JSON.stringify(id)}`);
      if (held === undefined) return;
      await this.#giveBack(run, held, number);
      // Whoever changed the run meanwhile may have seen the batch held, and left it to this process.
      const now = await this.#runs.find(id);
      if (now !== null && now.rev !== run.rev) await this.#batches.change(now, number, () => {});
    } finally {
      if (held !== undefined) this.#inHand.drop(id, number);
    }
  }

  async #giveBack(run: Run, held: Held, number: number): Promise<void> {
    let batch = held.batch;
    let expected: Changes = { f: held.fence, r: batch?.rev ?? 0, ev: null };
    for (;;) {
      if (batch !== null) {
        const next = { ...copyOf(batch), owner: null, rev: batch.rev + 1, crashes: givenBack(batch.crashes) };
        rest(next, run);
        const changes = { ...wholeOf(next), ...indexed(next, run, batchesOfRun(run)) };
        if (await this.#table.update(keyOf(held.run, number), changes, { ...expected, o: this.#owner })) return;
      }
      // Evidence came meanwhile, or a write failed before, or it is another's by now.
      const found = await this.#batches.read(held.run, number);
      if (found === null || found.batch.fence !== held.fence || found.batch.owner !== this.#owner) return;
      batch = found.batch;
      expected = { f: held.fence, ...standingOf(found.item) };
    }
  }

  /** In a process's hands that lives, and not in this one's: what it claimed without hearing of it may be claimed again. */
  async #isOthers(run: Run, batch: Batch): Promise<boolean> {
    return batch.owner !== this.#owner && (await this.#batches.isHeld(run, batch));
  }

  /** @returns whether it is to be worked with care */
  #takeOver(run: Run, batch: Batch, now: number): boolean {
    const { onUncertain: policy } = run.facts;
    // Nobody was told of it: that was no crash.
    if (batch.owner === this.#owner) batch.crashes = givenBack(batch.crashes);
    doubt(batch, now);
    if (policy !== 'resend') withdraw(batch);
    if (now >= expiryOf(run.facts, batch.notBefore)) end(batch, ['deferred'], 'expired', now);
    lookBack(batch, policy, now);
    const careful = needsCare(batch.crashes);
    batch.crashes = claimed(batch.crashes);
    Object.assign(batch, { fence: batch.fence + 1, rev: batch.rev + 1, owner: this.#owner, policy });
    return careful;
  }

  /** As the item is, where it is this process's still; after a write that failed it has to be asked. */
  async #standingOf(held: Held, number: number): Promise<Batch | null> {
    if (held.batch !== null) return held.batch;
    const item = await this.#table.get(keyOf(held.run, number));
    const isOwn = item !== null && numberIn(item, 'f') === held.fence && text(item, 'o') === this.#owner;
    return isOwn ? batchOf({ ...item, ev: '[]' }, number) : null;
  }

  /**
   * What a commit writes. Where it would be over one unit, the news that were durable before become a page first: what is in
   * it is true whether or not the commit comes to be, and the same if it is written twice.
   */
  async #bodyOf(run: Run, before: Batch, next: Batch): Promise<Changes> {
    const whole = bodyOf(next);
    const frame = FRAME_OCTETS + 2 * batchesOfRun(run).length + this.#owner.length;
    if (frame + octets(whole, 'd').length <= UNIT_OCTETS) return whole;
    const page = packed(writtenNews(before.news));
    if (page.length < LEAST_PAGE_OCTETS) return fitting(next, whole);
    const key = { pk: batchesOfRun(run), sk: pageName(next.number, before.rev) };
    await this.#table.put(key, { d: page, expiresAt: expiryOfRun(run) });
    next.news = newerThan(before.news, next.news);
    return fitting(next, bodyOf(next));
  }
}

function fitting(batch: Batch, body: Changes): Changes {
  if (octets(body, 'd').length <= LARGEST_BODY_OCTETS) return body;
  const cut = (words: string | null) =>
    words === null || words.length <= LONGEST_TEXT ? words : `${words.slice(0, LONGEST_TEXT)}…`;
  batch.news = new Map(
    [...batch.news].map(([index, news]) => {
      if (!('reply' in news)) return [index, news];
      const { at, reply, enhancedStatus, queueId, problem } = news;
      return [index, { at, reply: cut(reply), enhancedStatus, queueId: cut(queueId), problem: cut(problem) }];
    }),
  );
  return bodyOf(batch);
}

function newerThan(before: ReadonlyMap<number, News>, after: ReadonlyMap<number, News>): Map<number, News> {
  return new Map([...after].filter(([index, news]) => before.get(index) !== news));
}

function dueOf(
  batch: Batch,
  planned: readonly PlannedRow[],
  run: Run,
  { now, eager = false }: ClaimOptions,
): DueDelivery[] {
  if (!eager && now < batch.notBefore) return [];
  const policy = run.facts.onUncertain;
  const byIndex = new Map(planned.map((each) => [each.index, each]));
  return batch.rows
    .filter((row) => isDue(row, { now, eager, policy }))
    .flatMap(({ index, attempts }) => {
      const plan = byIndex.get(index);
      if (plan === undefined) return [];
      const { row, recipient, messageId } = plan;
      return [{ index, row, recipient, messageId, attempt: attempts }];
    });
}
