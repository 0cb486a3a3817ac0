/** Tells one story: starts processes, lets them die, starts others, until nothing is left to do; then looks at what is true. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Campaign } from './campaign.ts';
import { drawDeath } from './deaths.ts';
import { type Facts, mostDoubtsOf, violationsOf } from './invariants.ts';
import { isOpen, type LedgerRow, type LedgerRun, readLedger } from './ledger.ts';
import { type Death, type Life, live } from './life.ts';
import { type OracleRecord, RECORDS_FILE, type RelaySettings, SETTINGS_FILE } from './oracle/records.ts';
import type { When } from './points.ts';
import { Chance } from './random.ts';
import { depthOf, type Policy, type Story } from './story.ts';
import { linesOf } from './trace.ts';

/** What is known of a campaign from a run in which nothing happens. */
export interface Expected {
  readonly recipients: number;
  readonly invalid: ReadonlySet<string>;
  /** Whose row is in order, in the order of the audience. */
  readonly people: readonly string[];
}

export interface Surroundings {
  readonly folder: string;
  readonly program: string;
  readonly port: number;
  /** How long a life without a death takes, in ms, as far as is known. */
  readonly pace: { lifeMs: number };
}

export interface Told {
  readonly story: Story;
  readonly lives: readonly Life[];
  readonly oracle: readonly OracleRecord[];
  readonly rows: readonly LedgerRow[];
  /** Attempts that its deaths and cut connections can have left in doubt. */
  readonly mostDoubts: number;
  /** What is wrong, a sentence each; empty when nothing is. */
  readonly violations: readonly string[];
}

/** Starts without a death until a run must have come to rest. */
const MOST_STARTS = 20;
/** A clock that was wrong and is set back. */
const SET_BACK_MS = 10 * 60_000;

export class Teller {
  readonly #story: Story;
  readonly #campaign: Campaign;
  readonly #surroundings: Surroundings;
  readonly #folder: string;
  readonly #state: string;
  readonly #chance: Chance;
  readonly #lives: Life[] = [];
  readonly #violations: string[] = [];
  readonly #suppressed = new Set<string>();
  #started = 0;
  #clockMs = 0;
  #policy: Policy;
  #mayResend: boolean;
  #wasCancelled = false;
  /** Whose mail ends each process. */
  #poison: string | null = null;

  constructor(story: Story, campaign: Campaign, surroundings: Surroundings) {
    this.#story = story;
    this.#campaign = campaign;
    this.#surroundings = surroundings;
    this.#folder = join(surroundings.folder, nameOf(story));
    this.#state = join(this.#folder, 'state');
    this.#chance = new Chance(story.seed, story.number, 'deaths');
    this.#policy = story.policy;
    this.#mayResend = story.policy === 'resend';
    mkdirSync(this.#folder, { recursive: true });
    const { course, faults, delayMs, seed, number } = story;
    const relay: RelaySettings = { course, faults, delayMs, seed: seed * 1_000_003 + number };
    writeFileSync(join(this.#folder, SETTINGS_FILE), JSON.stringify(relay));
    writeFileSync(join(this.#folder, 'story.json'), JSON.stringify(story, null, 2));
  }

  /** With nothing that dies and nothing that goes wrong. */
  async tellQuietly(): Promise<Expected> {
    await this.#start([this.#send()], [null]);
    const run = this.#run();
    if (run === null || run.rows.length === 0)
      throw new Error(`Cannot begin: the campaign cannot be sent at all:\n${this.#lives.at(-1)?.stderr}`);
    const isInvalid = ({ state }: LedgerRow) => state === 'invalid';
    const namesOf = (rows: readonly LedgerRow[]) => rows.map(({ recipient }) => recipient);
    return {
      recipients: run.rows.length,
      invalid: new Set(namesOf(run.rows.filter(isInvalid))),
      people: namesOf(run.rows.filter((row) => !isInvalid(row))),
    };
  }

  /** Everything that a run and its commands can come by, with nothing that dies. @returns the points that were passed */
  async tour(): Promise<ReadonlySet<string>> {
    await this.#start([this.#send()], [null]);
    const run = this.#run();
    if (run === null) throw new Error('Cannot go round: the first start made no run');
    const state = ['--state', this.#state];
    await this.#start([['suppress', 'add', 'somebody@example.com', ...state]], [null]);
    for (const word of ['pause', 'resume']) await this.#start([[word, run.id, ...state]], [null]);
    await this.#start([['retry', run.id, '--outcome', 'refused', ...state]], [null]);
    this.#policy = 'resend';
    await this.#rest();
    const passed = this.#lives.flatMap(({ trace }) =>
      trace.flatMap((entry) => (entry.kind === 'passed' ? Object.keys(entry.points) : [])),
    );
    return new Set(passed);
  }

  async tell(expected: Expected): Promise<Told> {
    const { poison } = this.#story;
    if (poison !== null) this.#poison = expected.people[Math.floor(poison * expected.people.length)] ?? null;
    for (let act = 0; this.#kills() < this.#story.kills && act < 2 * this.#story.kills; act += 1) {
      const run = this.#run();
      if (run?.isPlanned && run.openBatches === 0) break;
      await this.#act(run);
    }
    await this.#rest();
    await this.#afterwards();
    await this.#replay();
    const facts = this.#facts(expected);
    this.#violations.push(...violationsOf(facts), ...this.#leftovers());
    const { oracle, rows } = facts;
    const mostDoubts = mostDoubtsOf(facts);
    return { story: this.#story, lives: this.#lives, oracle, rows, mostDoubts, violations: this.#violations };
  }

  async #act(run: LedgerRun | null): Promise<void> {
    const chance = this.#chance;
    const { workers } = this.#story;
    if (run?.isPlanned && chance.happens(0.08)) return this.#control(run);
    const sends = Array.from({ length: workers }, () => this.#send());
    const acts: ReadonlySet<When> = new Set(run?.isPlanned ? ['sending'] : ['planning']);
    if (chance.happens(0.25)) this.#clockMs = Math.max(this.#clockMs, dueIn(run));
    else if (chance.happens(0.1)) this.#clockMs -= SET_BACK_MS;
    const deaths = sends.map(() => (chance.happens(0.85) ? this.#death(acts, run) : null));
    if (run?.isPlanned && chance.happens(0.05)) {
      sends.push(this.#suppress(run));
      deaths.push(chance.happens(0.5) ? this.#death(new Set(['suppressing']), run) : null);
    }
    if (run?.isPlanned && this.#policy !== 'resend' && chance.happens(0.04)) {
      this.#policy = 'resend';
      this.#mayResend = true;
      sends[0] = this.#send();
      deaths[0] = this.#death(new Set(['switching']), run);
    }
    await this.#start(sends, deaths);
  }

  #death(acts: ReadonlySet<When>, run: LedgerRun | null): Death {
    const open = run?.rows.filter((row) => isOpen(row, run)).length ?? 0;
    const mails = run?.isPlanned ? open : 100;
    return drawDeath(this.#chance, this.#story, { acts, mails, lifeMs: this.#surroundings.pace.lifeMs });
  }

  async #control(run: LedgerRun): Promise<void> {
    for (const word of ['pause', 'resume']) {
      const death = this.#chance.happens(0.6) ? this.#death(new Set(['controlling']), run) : null;
      await this.#start([[word, run.id, '--state', this.#state]], [death]);
    }
  }

  #suppress(run: LedgerRun): readonly string[] {
    const open = run.rows.filter((row) => isOpen(row, run));
    const chosen = Array.from({ length: 3 }, () => open[this.#chance.whole(0, open.length - 1)]?.recipient ?? '');
    const recipients = [...new Set(chosen.filter((each) => each !== ''))];
    for (const each of recipients) this.#suppressed.add(each);
    if (recipients.length === 0) return ['suppress', 'list', '--state', this.#state];
    return ['suppress', 'add', ...recipients, '--state', this.#state];
  }

  /** What a person may do when a run has come to rest, or is tired of it. */
  async #afterwards(): Promise<void> {
    const run = this.#run();
    if (run === null || !this.#chance.happens(0.3)) return;
    const outcome = this.#chance.oneOf(['refused', 'refused,uncertain']);
    if (outcome.includes('uncertain')) this.#mayResend = true;
    const words = ['retry', run.id, '--outcome', outcome, '--state', this.#state];
    await this.#start([words], [this.#death(new Set(['retrying']), run)]);
    await this.#start([words], [null]);
    const acts: ReadonlySet<When> = new Set(['sending']);
    await this.#start([this.#send()], [this.#death(acts, this.#run())]);
    if (this.#chance.happens(0.3)) await this.#cancel(run);
    await this.#rest();
  }

  async #cancel(run: LedgerRun): Promise<void> {
    this.#wasCancelled = true;
    const words = ['cancel', run.id, '--state', this.#state];
    await this.#start([words], [this.#death(new Set(['controlling']), run)]);
    await this.#start([words], [null]);
  }

  /** Started without a death, each time as late as the next recipient is due, until nobody is left. */
  async #rest(): Promise<void> {
    for (let starts = 0; starts < MOST_STARTS; starts += 1) {
      const run = this.#run();
      if (run?.isPlanned && run.openBatches === 0) return;
      if (run?.control === 'paused') await this.#start([['resume', run.id, '--state', this.#state]], [null]);
      if (starts > 0) this.#clockMs = Math.max(this.#clockMs, dueIn(run));
      await this.#start([this.#send()], [null]);
    }
    this.#violations.push(`I1: after ${MOST_STARTS} starts without a death the run has not come to rest`);
  }

  /** I8 */
  async #replay(): Promise<void> {
    const before = JSON.stringify([this.#run(), this.#oracle().length]);
    for (let time = 0; time < this.#story.replays; time += 1) await this.#start([this.#send()], [null]);
    const after = JSON.stringify([this.#run(), this.#oracle().length]);
    if (before !== after) this.#violations.push(`I8: to start again has changed something:\n${before}\n${after}`);
  }

  /** All at once, to the end of the last. */
  async #start(commands: readonly (readonly string[])[], deaths: readonly Death[]): Promise<void> {
    const { program } = this.#surroundings;
    const lives = await Promise.all(
      commands.map((words, place) => {
        this.#started += 1;
        const trace = join(this.#folder, `life-${this.#started}.jsonl`);
        const clockMs = this.#clockMs;
        const [death, poison] = [deaths[place] ?? null, this.#poison];
        return live({ program, words, cwd: this.#folder, trace, death, clockMs, poison });
      }),
    );
    for (const life of lives) this.#note(life);
  }

  #note(life: Life): void {
    this.#lives.push(life);
    const { words, code, stderr, isKilled, death, ms } = life;
    const { pace } = this.#surroundings;
    const hasSent = life.trace.some(({ kind }) => kind === 'committed');
    if (hasSent && !isKilled) pace.lifeMs = 0.9 * pace.lifeMs + 0.1 * ms;
    const isPoisoned = life.trace.some(({ kind }) => kind === 'poisoned');
    if (isKilled && death === null && !isPoisoned)
      this.#violations.push(`cartero ${words.join(' ')} was killed by somebody else`);
    // A control may come when the run is over; whoever sends has nothing to fail at.
    if (!isKilled && code === 1 && words[0] === 'run')
      this.#violations.push(`cartero ${words.join(' ')} ended with 1:\n${stderr}`);
  }

  #send(): readonly string[] {
    const { connections, depth } = this.#story;
    const relay = `smtp+insecure://127.0.0.1:${this.#surroundings.port}?name=${nameOf(this.#story)}.lab.test`;
    return [
      ...['run', this.#campaign.path, '--relay', relay, '--state', this.#state, '--once', '--json'],
      ...['--connections', String(connections), '--on-uncertain', this.#policy],
      ...(depth === null ? [] : ['--depth', String(depth)]),
      ...(this.#campaign.audience === null ? [] : ['--audience', this.#campaign.audience]),
    ];
  }

  #kills(): number {
    return this.#lives.filter(({ isKilled }) => isKilled).length;
  }

  #run(): LedgerRun | null {
    return readLedger(this.#state).at(-1) ?? null;
  }

  #oracle(): OracleRecord[] {
    return linesOf(join(this.#folder, RECORDS_FILE)).map((line) => JSON.parse(line) as OracleRecord);
  }

  #facts({ recipients, invalid }: Expected): Facts {
    const runs = readLedger(this.#state);
    const run = runs.at(-1);
    const depth = depthOf(this.#story);
    return {
      runs: runs.length,
      openBatches: run?.openBatches ?? 0,
      rows: run?.rows ?? [],
      results: run === undefined ? [] : resultsOf(this.#state, run.id),
      oracle: this.#oracle(),
      traces: this.#lives.map(({ trace }) => trace),
      recipients,
      invalid,
      suppressed: this.#suppressed,
      poison: this.#poison,
      mayResend: this.#mayResend,
      wasCancelled: this.#wasCancelled,
      kills: this.#kills(),
      placesOfProcess: depth * this.#story.connections,
      depth,
    };
  }

  /**
   * The dead leave nothing behind that the living do not tidy up; but for the lock of one who died before it was locked: it is
   * empty, and looks like that of one who is about to lock.
   */
  #leftovers(): string[] {
    const folders = ['locks', 'objects/.unfinished'].map((name) => join(this.#state, name));
    return folders.flatMap((folder) =>
      (existsSync(folder) ? readdirSync(folder) : [])
        .filter((name) => !name.endsWith('.lock.new'))
        .map((name) => `${name} is left in ${folder}`),
    );
  }
}

/** So late must a process be for everybody to be due who waits now. */
function dueIn(run: LedgerRun | null): number {
  const moments = run?.rows.filter((row) => isOpen(row, run)).map(({ nextAt }) => nextAt ?? 0) ?? [];
  return Math.max(0, ...moments) - Date.now() + 1000;
}

function resultsOf(state: string, run: string): Facts['results'] {
  const folder = join(state, 'objects/runs', run, 'results');
  const files = existsSync(folder) ? readdirSync(folder) : [];
  return files.flatMap((file) =>
    linesOf(join(folder, file)).map((line) => JSON.parse(line) as Facts['results'][number]),
  );
}

/** Also how its clients call themselves. */
export function nameOf({ number }: Story): string {
  return number < 0 ? `quiet-${-number}` : `story-${number}`;
}
