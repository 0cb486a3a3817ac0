/** One person in the ledger: found by key, through hashes that say in which batches to look, and evidence about their mails. */
import {
  type DeliveryRecord,
  type Evidence,
  type EvidenceFound,
  IllegalMoveError,
  type TracedDelivery,
} from '#mailing';
import { type Batch, factsOf } from './batch.ts';
import { asciiLower, type Established, establishedOf, foldIn, hasHash, keyHash } from './batch-item.ts';
import { type BatchItems, type FoundDelivery, keyOf } from './batch-items.ts';
import { batchOfName, RUN_PREFIX, RUNS } from './ledger-keys.ts';
import { batchesOfRun, type Run, runOf } from './run-item.ts';
import type { RunItems } from './run-items.ts';
import { visibleOutcome } from './standing.ts';
import { inTurns, type Table } from './table.ts';
import { number as numberIn, octets, text } from './table-values.ts';

const READS_AT_ONCE = 8;

export interface PeopleParts {
  readonly table: Table;
  readonly runs: RunItems;
  readonly batches: BatchItems;
}

interface Place {
  readonly batch: number;
  readonly index: number;
}

export class People {
  readonly #table: Table;
  readonly #runs: RunItems;
  readonly #batches: BatchItems;

  constructor({ table, runs, batches }: PeopleParts) {
    this.#table = table;
    this.#runs = runs;
    this.#batches = batches;
  }

  async find(id: string, key: string): Promise<DeliveryRecord[]> {
    const run = await this.#runs.find(id);
    if (run === null) return [];
    return (await this.#deliveriesOf(run, [key])).map(({ record }) => record);
  }

  async trace(keys: readonly string[]): Promise<TracedDelivery[]> {
    const traced = await inTurns(await this.#allRuns(), READS_AT_ONCE, async (run) => {
      const found = await this.#deliveriesOf(run, keys);
      return found.map(({ record }) => ({ run: run.facts.id, ...record }));
    });
    return traced.flat();
  }

  async spellings(key: string): Promise<string[]> {
    const wanted = asciiLower(key);
    const found = await inTurns(await this.#allRuns(), READS_AT_ONCE, async (run) => {
      const numbers = await this.#batchesWith(run, [key]);
      const planned = await inTurns(numbers, READS_AT_ONCE, (number) => this.#batches.planned(run, number));
      return planned.flat().map((each) => each.key);
    });
    const spelled = new Set(found.flat().filter((each) => asciiLower(each) === wanted));
    return [...spelled].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  }

  async establish(id: string, evidence: readonly Evidence[]): Promise<EvidenceFound[]> {
    const action = `settle recipients of run ${JSON.stringify(id)} by evidence`;
    const run = await this.#runs.must(id, action);
    const found: EvidenceFound[] = [];
    // One behind the other: what one piece settles is known to the next.
    for (const each of evidence) found.push(await this.#establish(run, each));
    return found;
  }

  async #establish(run: Run, evidence: Evidence): Promise<EvidenceFound> {
    const places = await this.#placesOf(run, evidence.key);
    if (places.length === 0) return { result: 'nobody', delivery: null };
    for (;;) {
      const { result, place } = await this.#weigh(run, places, evidence);
      if (result === 'settled' && !(await this.#write(run, place, evidence))) continue;
      const deliveries = await this.#batches.deliveries(run, place.batch);
      const delivery = deliveries.find(({ index }) => index === place.index)?.record ?? null;
      return { result, delivery };
    }
  }

  /** What it comes to, as all stands now, and of which delivery it speaks. */
  async #weigh(
    run: Run,
    places: readonly Place[],
    evidence: Evidence,
  ): Promise<{ result: EvidenceFound['result']; place: Place }> {
    const doubts = await inTurns(places, READS_AT_ONCE, (place) => this.#doubtAt(run, place));
    const { attempt, state } = evidence;
    const chosen = doubts.find((each) => each.outcome === 'uncertain' && each.attempts === attempt) ?? doubts[0];
    if (chosen === undefined) throw new IllegalMoveError('weigh evidence', 'its recipient is in no batch');
    const { place, outcome, attempts, isHeld, policy } = chosen;
    if (attempts !== attempt) return { result: 'other', place };
    // Under `resend` it may be in the holder's hands as one that is due: its next intent must not find it settled.
    if (outcome === 'uncertain') return { result: isHeld && policy === 'resend' ? 'held' : 'settled', place };
    return { result: outcome === state ? 'known' : 'other', place };
  }

  async #doubtAt(run: Run, place: Place) {
    const found = await this.#batches.read(run, place.batch);
    const row = found?.batch.rows.find(({ index }) => index === place.index);
    if (!found || !row) throw new IllegalMoveError('weigh evidence', 'its recipient is in no batch');
    const isHeld = await this.#batches.isHeld(run, found.batch);
    const { attempts } = row;
    return { place, attempts, isHeld, policy: found.batch.policy, outcome: visibleOutcome(row.state, isHeld) };
  }

  /** @returns whether it was written; `false`: the batch is in other hands by now */
  async #write(run: Run, { batch: number, index }: Place, evidence: Evidence): Promise<boolean> {
    const established = { ...factsOf(evidence), at: evidence.at, index, state: evidence.state };
    const found = await this.#batches.read(run, number);
    if (found === null) return false;
    if (await this.#batches.isHeld(run, found.batch)) return this.#writeBeside(run, number, established);
    const isSettled = await this.#batches.change(run, number, (batch) => settleDoubt(batch, established, evidence));
    return isSettled === true;
  }

  /**
   * Beside what the holder writes: his fence and rev stay good. He leaves those alone who are uncertain, as long as he has the
   * batch and his policy sends no doubt again; whoever takes it from him, or he himself at the end, takes this in.
   */
  async #writeBeside(run: Run, number: number, established: Established): Promise<boolean> {
    const found = await this.#batches.read(run, number);
    if (found === null || found.batch.policy === 'resend') return false;
    const row = found.batch.rows.find(({ index }) => index === established.index);
    const { owner } = found.batch;
    if (row?.state !== 'uncertain' || owner === null) return false;
    const ev = JSON.stringify([...establishedOf(found.item), established]);
    const expected = { f: numberIn(found.item, 'f'), o: owner, ev: text(found.item, 'ev') };
    return this.#table.update(keyOf(run, number), { ev }, expected);
  }

  async #allRuns(): Promise<Run[]> {
    const runs: Run[] = [];
    for await (const item of this.#table.query({ pk: RUNS, prefix: RUN_PREFIX })) runs.push(runOf(item));
    return runs.sort((a, b) => a.made - b.made);
  }

  async #deliveriesOf(run: Run, keys: readonly string[]): Promise<FoundDelivery[]> {
    const wanted = new Set(keys);
    const numbers = await this.#batchesWith(run, keys);
    const found = await inTurns(numbers, READS_AT_ONCE, (number) => this.#batches.deliveries(run, number));
    return found.flat().filter(({ key }) => wanted.has(key));
  }

  async #placesOf(run: Run, key: string): Promise<Place[]> {
    const numbers = await this.#batchesWith(run, [key]);
    const places = await inTurns(numbers, READS_AT_ONCE, async (batch) => {
      const planned = await this.#batches.planned(run, batch);
      return planned.filter((each) => each.key === key).map(({ index }) => ({ batch, index }));
    });
    return places.flat();
  }

  /** The batches in which one of the keys may be, in order; none before the plan is complete. */
  async #batchesWith(run: Run, keys: readonly string[]): Promise<number[]> {
    if (run.plan === null || keys.length === 0) return [];
    const hashes = [...new Set(keys)].map(keyHash);
    const numbers: number[] = [];
    for await (const item of this.#table.query({ pk: batchesOfRun(run), prefix: 'k#' })) {
      const content = octets(item, 'd');
      const number = batchOfName(text(item, 'sk') ?? '');
      if (number <= run.plan.batches && hashes.some((hash) => hasHash(content, hash))) numbers.push(number);
    }
    return numbers;
  }
}

/** Also an intent whose holder is gone: that nobody knew of it stays on record. @returns whether it was in doubt still */
function settleDoubt(batch: Batch, established: Established, { attempt }: Evidence): boolean {
  const row = batch.rows.find(({ index }) => index === established.index);
  if (row === undefined || row.attempts !== attempt) return false;
  if (row.state === 'intended') Object.assign(row, { state: 'uncertain', doubts: row.doubts + 1 });
  if (row.state !== 'uncertain') return false;
  foldIn(batch, established);
  return true;
}
