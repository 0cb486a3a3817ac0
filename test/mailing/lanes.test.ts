/** Processes that share the lanes of a relay, in virtual time: what they may do never is above the cap, and each gets its turn. */
import { describe, expect, test } from 'vitest';
import { type LaneBook, type LaneHolder, type LaneLimits, LedgerError } from '#mailing';
import { Lanes } from '../../functions/mailing/lanes.ts';
import { VirtualClock } from './virtual-clock.ts';

const RELAY = 'smtp.example.com:587';

/** A page in memory. Reads and writes take a while, so that others come in between. */
class MemoryBook implements LaneBook {
  readonly dead = new Set<string>();
  writes = 0;
  fails = false;
  #rev = 0;
  #holders: readonly LaneHolder[] = [];
  readonly #delay: () => Promise<void>;

  constructor(delay: () => Promise<void> = async () => {}) {
    this.#delay = delay;
  }

  get holders(): readonly LaneHolder[] {
    return this.#holders.filter(({ owner }) => !this.dead.has(owner));
  }

  async read(): Promise<{ rev: number; holders: readonly LaneHolder[] }> {
    await this.#delay();
    if (this.fails) throw new LedgerError('Cannot read the lanes: the disk is full');
    return structuredClone({ rev: this.#rev, holders: this.holders });
  }

  async write(_relay: string, rev: number, holders: readonly LaneHolder[]): Promise<boolean> {
    await this.#delay();
    if (rev !== this.#rev) return false;
    this.#rev += 1;
    this.writes += 1;
    this.#holders = structuredClone(holders);
    return true;
  }
}

/** Opens as many connections as it may and could use; closing one takes 30 ms. */
class Process {
  readonly name: string;
  readonly lanes: Lanes;
  readonly told: string[][] = [];
  readonly failures: unknown[] = [];
  demand: number;
  open = 0;
  closing = 0;
  allowed = 0;
  pace: number | null = 0;
  isDead = false;
  readonly #clock: VirtualClock;

  constructor(name: string, book: LaneBook, clock: VirtualClock, limits: LaneLimits, demand = limits.connections) {
    this.name = name;
    this.demand = demand;
    this.#clock = clock;
    const [run = ''] = name.split('/');
    this.lanes = new Lanes(
      { book, clock, owner: name },
      { relay: RELAY, run, limits },
      {
        open: () => this.occupied,
        onShare: (connections, pace) => {
          this.allowed = connections;
          this.pace = pace;
          this.move();
        },
        onWaiting: (runs) => this.told.push([...runs]),
        onFailure: (error) => this.failures.push(error),
      },
    );
  }

  get occupied(): number {
    return this.isDead ? 0 : this.open + this.closing;
  }

  get spends(): number {
    return this.isDead || this.allowed === 0 ? 0 : (this.pace ?? 0);
  }

  move(): void {
    if (this.isDead) return;
    while (this.open > Math.min(this.allowed, this.demand)) this.#close();
    while (this.open < this.demand && this.occupied < this.allowed) this.open += 1;
    if (this.open < this.demand && this.occupied >= this.allowed) this.lanes.want();
  }

  #close(): void {
    this.open -= 1;
    this.closing += 1;
    this.#clock.after(30, () => {
      this.closing -= 1;
      if (this.isDead) return;
      this.lanes.closed();
      this.move();
    });
  }

  async leave(): Promise<void> {
    this.demand = 0;
    this.move();
    await this.#clock.pass(40);
    await this.lanes.leave();
    this.isDead = true;
  }
}

/** Lets time pass in small steps, and looks after each. */
async function pass(clock: VirtualClock, ms: number, processes: readonly Process[], look: () => void = () => {}) {
  for (let passed = 0; passed < ms; passed += 20) {
    for (const process of processes) process.move();
    look();
    await clock.pass(20);
    look();
  }
}

const sum = (processes: readonly Process[], value: (process: Process) => number) =>
  processes.reduce((total, process) => total + value(process), 0);

describe('Lanes', () => {
  test('give one who is alone all that it can use, and write no more once it has that', async () => {
    const clock = new VirtualClock();
    const book = new MemoryBook();
    const alone = new Process('a', book, clock, { connections: 8, relayMessagesPerSecond: 100 });
    await pass(clock, 200, [alone]);
    expect([alone.open, alone.pace]).toEqual([8, 100]);
    const { writes } = book;
    await pass(clock, 10_000, [alone]);
    expect(book.writes).toBe(writes);
    await alone.leave();
    expect(book.holders).toEqual([]);
    expect(clock.timers).toBe(0);
  });

  test('take no more than there is work for, and give back what is idle', async () => {
    const clock = new VirtualClock();
    const book = new MemoryBook();
    const one = new Process('a', book, clock, { connections: 8 }, 5);
    await pass(clock, 1200, [one]);
    expect(book.holders).toMatchObject([{ lanes: 5 }]);
    one.demand = 2;
    await pass(clock, 1200, [one]);
    expect(book.holders).toMatchObject([{ lanes: 2 }]);
    one.demand = 6;
    await pass(clock, 1200, [one]);
    expect(one.open).toBe(6);
  });

  test('are halved for a second run within two seconds, and whole again when it ends', async () => {
    const clock = new VirtualClock();
    const book = new MemoryBook();
    const limits = { connections: 8, relayConnections: 8, relayMessagesPerSecond: 100 };
    const first = new Process('a', book, clock, limits);
    await pass(clock, 1000, [first]);
    const second = new Process('b', book, clock, limits);
    const both = [first, second];
    await pass(clock, 2000, both, () => {
      expect(sum(both, ({ occupied }) => occupied)).toBeLessThanOrEqual(8);
      expect(sum(both, ({ spends }) => spends)).toBeLessThanOrEqual(100 + 1e-6);
    });
    expect(both.map(({ open, pace }) => [open, pace])).toEqual([
      [4, 50],
      [4, 50],
    ]);
    await second.leave();
    await pass(clock, 1000, [first]);
    expect([first.open, first.pace]).toEqual([8, 100]);
    expect(first.told.concat(second.told)).toEqual([]);
  });

  test('of a killed process are had by the others within a second', async () => {
    const clock = new VirtualClock();
    const book = new MemoryBook();
    const limits = { connections: 4, relayConnections: 4 };
    const [first, second] = [new Process('a', book, clock, limits), new Process('b', book, clock, limits)];
    await pass(clock, 2000, [first, second]);
    first.isDead = true;
    book.dead.add('a');
    await pass(clock, 1000, [second]);
    expect(second.open).toBe(4);
  });

  test('one lane goes from hand to hand, and whoever waits says for whom', async () => {
    const clock = new VirtualClock();
    const book = new MemoryBook();
    const limits = { connections: 4, relayConnections: 1, relayMessagesPerSecond: 5 };
    const processes = ['a', 'b', 'c'].map((name) => new Process(name, book, clock, limits));
    const time = new Map(processes.map(({ name }) => [name, 0]));
    await pass(clock, 60_000, processes, () => {
      expect(sum(processes, ({ occupied }) => occupied)).toBeLessThanOrEqual(1);
      expect(sum(processes, ({ spends }) => spends)).toBeLessThanOrEqual(5);
      for (const { name, open, spends } of processes)
        if (open > 0 && spends > 0) time.set(name, (time.get(name) ?? 0) + 10);
    });
    for (const ms of time.values()) expect(ms).toBeGreaterThan(12_000);
    expect(processes[1]?.told[0]).toEqual(['a']);
    expect(processes.every(({ told }) => told.length <= 5)).toBe(true);
  });

  test('that cannot be had for a disk that is full are a failure; a disk that fills later takes none away', async () => {
    const clock = new VirtualClock();
    const book = new MemoryBook();
    book.fails = true;
    const process = new Process('a', book, clock, { connections: 2 });
    process.move();
    await clock.pass(10);
    expect(process.failures).toMatchObject([{ code: 'ERR_LEDGER' }]);
    book.fails = false;
    await pass(clock, 1000, [process]);
    expect(process.open).toBe(2);
    book.fails = true;
    await pass(clock, 5000, [process]);
    expect(process.open).toBe(2);
    expect(process.failures).toHaveLength(1);
    await process.leave();
  });

  test('a wish that comes while a page is being written is not forgotten', async () => {
    const clock = new VirtualClock();
    const delay = () => new Promise<void>((resolve) => clock.after(7, resolve));
    const book = new MemoryBook(delay);
    const process = new Process('a', book, clock, { connections: 8 }, 1);
    process.move();
    await clock.pass(10);
    process.demand = 2;
    process.move();
    await pass(clock, 300, [process]);
    expect(process.open).toBe(2);
  });
});

/** A small generator of pseudorandom numbers (mulberry32), so that a seed can be told and repeated. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe('Lanes of processes that come, go and die at any moment', () => {
  const SEEDS = 60;
  test(`never are more than the cap, and nobody is left without a turn (${SEEDS} seeds)`, {
    timeout: 60_000,
  }, async () => {
    for (let seed = 1; seed <= SEEDS; seed += 1) await comeAndGo(seed);
  });

  async function comeAndGo(seed: number): Promise<void> {
    const random = randomOf(seed);
    const upTo = (most: number) => 1 + Math.floor(random() * most);
    const clock = new VirtualClock();
    const delay = () => new Promise<void>((resolve) => clock.after(random() * 4, resolve));
    const book = new MemoryBook(delay);
    const cap = upTo(6);
    const rate = random() < 0.5 ? undefined : upTo(100);
    const limits = () => ({
      connections: upTo(8),
      relayConnections: cap,
      ...(rate === undefined ? {} : { relayMessagesPerSecond: rate }),
    });
    const living: Process[] = [];
    const told = `seed ${seed}`;
    const look = () => {
      expect(
        sum(living, ({ occupied }) => occupied),
        told,
      ).toBeLessThanOrEqual(cap);
      if (rate !== undefined)
        expect(
          sum(living, ({ spends }) => spends),
          told,
        ).toBeLessThanOrEqual(rate + 1e-6);
    };
    for (let step = 0; step < 40; step += 1) {
      const chance = random();
      const victim = living[Math.floor(random() * living.length)];
      if (chance < 0.4 && living.length < 5) {
        living.push(new Process(`r${upTo(3)}/${step}`, book, clock, limits()));
      } else if (victim !== undefined && chance < 0.55) {
        victim.isDead = true;
        book.dead.add(victim.name);
        living.splice(living.indexOf(victim), 1);
      } else if (victim !== undefined && chance < 0.65) {
        const leaving = victim.leave();
        await pass(clock, 400, living, look);
        await leaving;
        living.splice(living.indexOf(victim), 1);
      } else if (victim !== undefined && chance < 0.8) {
        victim.demand = upTo(8) - 1;
      }
      await pass(clock, upTo(1500), living, look);
    }
    for (const process of living) process.demand = 4;
    const had = new Set<string>();
    await pass(clock, 15_000 * Math.max(living.length, 1), living, () => {
      look();
      for (const { name, open, spends } of living) if (open > 0 && (rate === undefined || spends > 0)) had.add(name);
    });
    expect([...had].toSorted(), told).toEqual(living.map(({ name }) => name).toSorted());
  }
});
