/**
 * One seed's story: processes start, send, die and start again while things go wrong; then all is well again, whoever is
 * left is sent to, and the witness looks at what has become of everybody.
 */
import {
  IllegalMoveError,
  type Ledger,
  LedgerError,
  ObjectStoreError,
  RelayFault,
  type RunControl,
  suppressionKeyOf,
} from '#mailing';
import { plannedRun, recipientOf } from './campaign.ts';
import { live } from './life.ts';
import { FateBook, SimulatedProcess } from './process.ts';
import { Relay } from './relay.ts';
import { type Deed, NO_ODDS, type Scenario } from './scenario.ts';
import { memoryStage, type Stage, sqliteStage } from './stage.ts';
import { MemoryObjects } from './stores.ts';
import { Witness } from './witness.ts';
import { World } from './world.ts';

export interface Ending {
  readonly violations: readonly string[];
  /** What happened, event by event; empty unless it was asked for. */
  readonly story: readonly string[];
  /** Of what happened, for comparing two tellings. */
  readonly mark: string;
  readonly counts: Counts;
}

/** What the story was about, so that many stories can be seen to be about everything. */
export interface Counts {
  calls: number;
  mails: number;
  deaths: number;
  thefts: number;
  faults: number;
  uncertain: number;
  twice: number;
  quarantined: number;
}

/** @param told keep the story itself, for whoever reads it */
export async function tell(scenario: Scenario, told = false): Promise<Ending> {
  return new Story(scenario, told).run();
}

/** Lives that are enough for whoever is left once all is well. */
const MAX_LAST_LIVES = 80;
/** Where nothing more is to come, each hint that could come again changes nothing. */
const HINTS = 10;
const MINUTE = 60_000;
const WAITS = 'I1: a process waits for ever, and nothing is to come';

export class Story {
  readonly scenario: Scenario;
  readonly world: World;
  readonly relay: Relay;
  readonly witness: Witness;
  readonly stage: Stage;
  objects = new MemoryObjects();
  readonly counts: Counts = {
    calls: 0,
    mails: 0,
    deaths: 0,
    thefts: 0,
    faults: 0,
    uncertain: 0,
    twice: 0,
    quarantined: 0,
  };
  /** Nothing goes wrong any more. */
  isWell = false;
  readonly #fates: FateBook;
  readonly #processes = new Map<string, SimulatedProcess>();
  readonly #operator: Ledger;
  #started = 0;
  #living = 0;
  runId = '';

  constructor(scenario: Scenario, told: boolean) {
    this.scenario = scenario;
    this.world = new World(scenario.seed, told);
    this.#fates = new FateBook(scenario.fates);
    const people = new Map(scenario.people.map((disposition, person) => [recipientOf(person), disposition]));
    this.relay = new Relay(this.world, { odds: scenario.odds, extensions: scenario.extensions, people });
    this.witness = new Witness(this.world, scenario, this.relay.book);
    const isAlive = (owner: string) => this.#processes.get(owner)?.holdsLock ?? owner === 'operator';
    this.stage = scenario.ledger === 'sqlite' ? sqliteStage(isAlive) : memoryStage(isAlive);
    this.#operator = this.stage.ledgerOf('operator');
  }

  async run(): Promise<Ending> {
    try {
      await this.#prepare();
      await this.#whileThingsGoWrong();
      await this.#toTheEnd();
      await this.#again();
      await this.#hints();
    } catch (error) {
      this.witness.violations.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
    return this.#ending();
  }

  /** Where each process's calls come by. */
  onCall(): void {
    this.counts.calls += 1;
    if (this.isWell) return;
    for (const deed of this.scenario.deeds) if (deed.call === this.counts.calls) this.#do(deed);
  }

  async #prepare(): Promise<void> {
    const { scenario } = this;
    const { objects, facts, batches, plan } = await plannedRun(scenario.people.length, scenario.batchSize);
    this.runId = facts.id;
    if (scenario.isPlannedHere) return;
    this.objects = new MemoryObjects(objects);
    const ledger = this.#operator;
    const expiresAt = facts.createdAt + scenario.expiresAfterMs;
    await ledger.createRun({ ...facts, onUncertain: scenario.policy, expiresAt });
    for (const [place, deliveries] of batches.entries()) await ledger.addBatch(facts.id, place + 1, deliveries);
    await ledger.completePlan(facts.id, plan);
  }

  async #whileThingsGoWrong(): Promise<void> {
    const { world, scenario } = this;
    for (let number = 0; number < scenario.processes; number += 1)
      world.after(world.between(0, 3000), () => this.#start(number, scenario.lives));
    const isOver = () => this.#living === 0 && this.#started >= scenario.processes;
    await world.run(isOver);
    if (!isOver()) throw new Error(WAITS);
  }

  /** @param lives how many this process has, this one included */
  #start(number: number, lives: number): void {
    this.#started += 1;
    this.#living += 1;
    const process = this.#newProcess(number);
    let isOver = false;
    const over = (why: string) => {
      if (isOver) return;
      isOver = true;
      this.#living -= 1;
      this.world.tell(() => `${process.owner} is over: ${why}`);
      this.#buried(process);
      if (lives <= 1) return;
      // The next start may come at once, or much later.
      this.#living += 1;
      const pause = this.world.random.pick([0, 50, 2000, MINUTE, 10 * MINUTE, 30 * MINUTE]);
      this.world.after(pause, () => {
        this.#living -= 1;
        this.#start(number, lives - 1);
      });
    };
    process.onDeath(() => over('dead'));
    this.#live(process, this.scenario.toTheEnd).then(() => over('ended'));
  }

  #newProcess(number: number): SimulatedProcess {
    const owner = `p${number}-${this.#processes.size + 1}`;
    const surroundings = { world: this.world, scenario: this.scenario, onCall: () => this.onCall() };
    const process = new SimulatedProcess({ owner, number }, surroundings, this.#fates);
    this.#processes.set(owner, process);
    return process;
  }

  async #live(process: SimulatedProcess, toTheEnd: boolean): Promise<void> {
    try {
      await live(this, process, toTheEnd);
    } catch (error) {
      if (!isExpected(error)) this.witness.violations.push(unexpected(error));
      this.world.tell(() => `${process.owner} ends with ${error instanceof Error ? error.message : error}`);
    }
  }

  /** The operating system takes back what it had. */
  #buried(process: SimulatedProcess): void {
    if (process.isDead) this.counts.deaths += 1;
    else if (!process.holdsLock) this.counts.thefts += 1;
    process.die('at its end');
    this.witness.ended(process.owner);
  }

  #do(deed: Deed): void {
    const { world, witness } = this;
    world.tell(() => `DEED ${JSON.stringify(deed)}`);
    if (deed.kind === 'clock') world.skewMs += deed.ms;
    else if (deed.kind === 'doorbell') this.#start(world.random.below(this.scenario.processes), 1);
    else if (deed.kind === 'suppress' || deed.kind === 'unsuppress') this.#suppress(deed);
    else if (deed.kind === 'relay down') {
      this.relay.isDown = true;
      world.after(deed.ms, () => {
        this.relay.isDown = false;
      });
    } else if (deed.kind === 'policy') {
      if (deed.policy === 'resend') witness.mayResend = true;
      this.#asked(this.#operator.setUncertainPolicy(this.runId, deed.policy));
    } else if (deed.kind === 'retry') this.#retry(deed.outcomes);
    else this.#control(deed.kind);
  }

  #suppress({ kind, person }: { kind: 'suppress' | 'unsuppress'; person: number }): void {
    const recipient = recipientOf(person);
    const key = suppressionKeyOf(recipient);
    if (kind === 'suppress') {
      this.#asked(this.stage.suppressions.add([{ key, recipient, reason: null, at: this.world.wall }]));
      this.witness.suppressed(recipient);
    } else {
      this.witness.unsuppressed(recipient);
      this.#asked(this.stage.suppressions.remove([key]));
    }
  }

  #control(kind: 'pause' | 'resume' | 'cancel'): void {
    const wanted = { pause: 'paused', resume: 'going', cancel: 'cancelled' } as const;
    if (kind === 'cancel') this.witness.hasCancelled = true;
    this.#asked(this.#operator.setControl(this.runId, wanted[kind] satisfies RunControl, this.world.wall));
  }

  #retry(outcomes: Extract<Deed, { kind: 'retry' }>['outcomes']): void {
    if (outcomes.includes('uncertain')) this.witness.mayResend = true;
    this.witness.hasRetried = true;
    this.#asked(this.#operator.retry(this.runId, { outcomes, at: this.world.wall }).then(() => this.witness.doubted()));
  }

  /** What cannot be done at the moment is not done. */
  #asked(answer: Promise<unknown>): void {
    answer.catch((error: unknown) => {
      if (!(error instanceof IllegalMoveError)) this.witness.violations.push(unexpected(error));
    });
  }

  /** Whoever is left, one process after the other, until nobody is. */
  async #toTheEnd(): Promise<void> {
    this.isWell = true;
    this.relay.odds = NO_ODDS;
    this.relay.isDown = false;
    if ((await this.#operator.control(this.runId)) === 'paused') this.#control('resume');
    for (let lives = 0; lives < MAX_LAST_LIVES; lives += 1) {
      const run = await this.#operator.run(this.runId);
      if (run?.finished) return;
      await this.#oneLife(lives % 8 === 7);
      await this.#passUntilDue();
    }
  }

  async #oneLife(toTheEnd: boolean): Promise<void> {
    const process = this.#newProcess(this.scenario.processes);
    let isOver = false;
    process.onDeath(() => {
      isOver = true;
    });
    this.#live(process, toTheEnd).then(() => {
      isOver = true;
    });
    await this.world.run(() => isOver);
    if (!isOver) throw new Error(WAITS);
    process.die('at its end');
    this.witness.ended(process.owner);
  }

  /** The sweeper's part: it rings when somebody is due. */
  async #passUntilDue(): Promise<void> {
    const open = await this.#operator.openBatches(this.runId);
    if (open.length === 0) return;
    const due = Math.min(...open.map(({ nextAt }) => nextAt));
    let isDue = false;
    this.world.after(Math.max(0, due - this.world.wall), () => {
      isDue = true;
    });
    await this.world.run(() => isDue);
  }

  /** A person has some of them sent again. */
  async #again(): Promise<void> {
    await this.#look();
    if (this.scenario.retried.length === 0) return;
    this.#retry(this.scenario.retried);
    await this.#toTheEnd();
    await this.#look();
  }

  async #look(): Promise<void> {
    await this.witness.rest(this.#operator, this.runId, await this.#results());
  }

  /** I8: the same hints again change nothing. */
  async #hints(): Promise<void> {
    const since = this.world.tick();
    const before = await this.#remains(since);
    for (let hint = 0; hint < (this.scenario.isPlannedHere ? 2 : HINTS); hint += 1) await this.#oneLife(false);
    if ((await this.#remains(since)) !== before)
      this.witness.violations.push('I8: a hint that came again changed something');
  }

  /** What the dead had written by then may be accepted meanwhile. */
  async #remains(since: number): Promise<string> {
    const records: unknown[] = [];
    for await (const record of this.#operator.deliveries(this.runId)) records.push(record);
    const sent = this.relay.book.acceptances.filter(({ written }) => written > since);
    return JSON.stringify([await this.#operator.run(this.runId), records, sent]);
  }

  /** Recipients' outcomes as the results files have them. */
  async #results(): Promise<ReadonlyMap<string, string>> {
    const found = new Map<string, string>();
    for (const name of await this.objects.list(`runs/${this.runId}/results/`)) {
      const text = Buffer.from(await this.objects.read(name)).toString();
      for (const line of text.split('\n').filter((each) => each !== '')) {
        const { recipient, outcome } = JSON.parse(line) as { recipient: string; outcome: string };
        found.set(recipient, outcome);
      }
    }
    return found;
  }

  async #ending(): Promise<Ending> {
    const { acceptances } = this.relay.book;
    this.counts.mails = acceptances.length;
    this.counts.twice = acceptances.length - new Set(acceptances.map(({ recipient }) => recipient)).size;
    const { uncertain, quarantined } = await this.#operator.totals(this.runId);
    Object.assign(this.counts, { uncertain, quarantined });
    const mark = `${this.world.now}/${this.counts.calls}/${await this.#remains(0)}`;
    return { violations: this.witness.violations, story: this.world.story ?? [], mark, counts: this.counts };
  }
}

/** How a process may end: the relay or a store is at fault, and everybody is told so. */
function isExpected(error: unknown): boolean {
  return error instanceof RelayFault || error instanceof LedgerError || error instanceof ObjectStoreError;
}

function unexpected(error: unknown): string {
  return `a process fails: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}
