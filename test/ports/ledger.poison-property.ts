/**
 * Processes that die at random moments of a batch with some poison in it, again and again, until the batch is closed: who is
 * quarantined, and what has become of everybody else. The worker here does with a claim what a sender does: outside of care
 * several mails are in hand at a time, under care one, durable as current before it is made.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Claim, Ledger, Settlement } from '#mailing';
import { all, type LedgerStore, MINUTE, type NewLedgerStore, plannedRun, START } from './ledger.harness.ts';

interface Story {
  readonly size: number;
  readonly poison: readonly number[];
  /** Mails in hand at a time, outside of care. */
  readonly window: number;
  /** What the relay says of each mail, by its index; who is refused has no intent. */
  readonly replies: readonly ('accepted' | 'refused')[];
  /** After so many steps each life ends by chance; those after them by poison only. */
  readonly deaths: readonly number[];
  /** No life ends by chance before it has settled something. */
  readonly isMild: boolean;
}

/** More lives are needed by nobody: what is settled stays so, and a poison mail takes five. */
const MOST_LIVES = 120;

/** The process is gone in the middle of what it did. */
class Death extends Error {}

/** One process with one claim. */
class Life {
  readonly #ledger: Ledger;
  readonly #story: Story;
  readonly #claim: Claim;
  #rev: number;
  #stepsLeft: number;
  /** Outcomes that go with the next write. */
  #settled: Settlement[] = [];
  hasSettled = false;
  /** Whose mail it had alone when it died. */
  alone: number | null = null;
  readonly accepted: number[] = [];

  constructor(ledger: Ledger, claim: Claim, story: Story, stepsLeft: number) {
    this.#ledger = ledger;
    this.#claim = claim;
    this.#rev = claim.rev;
    this.#story = story;
    this.#stepsLeft = stepsLeft;
  }

  async run(): Promise<void> {
    const { due, careful } = this.#claim;
    const size = careful ? 1 : this.#story.window;
    for (let first = 0; first < due.length; first += size) {
      const inHand = due.slice(first, first + size).map(({ index, attempt }) => ({ index, attempt: attempt + 1 }));
      const [only] = inHand;
      if (careful && only !== undefined) await this.#commit([], only.index);
      this.alone = careful ? (only?.index ?? null) : null;
      for (const { index } of inHand) this.#make(index);
      const willing = inHand.filter(({ index }) => this.#story.replies[index] === 'accepted');
      if (willing.length > 0) await this.#commit(willing);
      for (const { index, attempt } of inHand) {
        const state = this.#story.replies[index] ?? 'accepted';
        if (state === 'accepted') this.accepted.push(index);
        this.#settled.push({ index, attempt, state, at: START });
        this.#step();
      }
    }
    if (this.#settled.length > 0) await this.#commit([]);
    await this.#ledger.release(this.#claim);
  }

  #make(index: number): void {
    if (this.#story.poison.includes(index)) throw new Death();
    this.#step();
  }

  /** A death comes before the write or after it. */
  async #commit(intended: readonly { index: number; attempt: number }[], current?: number): Promise<void> {
    this.#step();
    const settled = this.#settled;
    this.#settled = [];
    const changes = { settled, intended, ...(current === undefined ? {} : { current }) };
    this.#rev = await this.#ledger.commit({ ...this.#claim, rev: this.#rev }, changes);
    if (settled.length > 0) this.hasSettled = true;
    if (current !== undefined) this.alone = current;
    this.#step();
  }

  #step(): void {
    this.#stepsLeft -= 1;
    if (this.#stepsLeft < 0 && (this.hasSettled || !this.#story.isMild)) throw new Death();
  }
}

/** What the deaths speak of, kept beside the ledger. */
class Suspicions {
  #who: number | null = null;
  #times = 0;
  /** Whom three deaths in a row met alone, with nothing settled between them. */
  readonly met = new Set<number>();

  died({ hasSettled, alone }: Life): void {
    if (hasSettled) this.settled();
    if (alone === null) return;
    this.#times = alone === this.#who ? this.#times + 1 : 1;
    this.#who = alone;
    if (this.#times >= 3) this.met.add(alone);
  }

  settled(): void {
    this.#who = null;
    this.#times = 0;
  }
}

interface Ending {
  readonly outcomes: readonly string[];
  readonly accepted: readonly number[];
  readonly suspicions: Suspicions;
}

/** Lives on one batch until it is closed. */
async function tell(store: LedgerStore, story: Story): Promise<Ending> {
  let ledger = await store.join();
  const run = await plannedRun(ledger, { sizes: [story.size] });
  const [suspicions, accepted] = [new Suspicions(), [] as number[]];
  for (let lives = 0; lives < MOST_LIVES; lives += 1) {
    const claim = await ledger.claim(run, 1, { now: START + lives * MINUTE });
    if (claim === null) break;
    const life = new Life(ledger, claim, story, story.deaths[lives] ?? Number.POSITIVE_INFINITY);
    try {
      await life.run();
      suspicions.settled();
    } catch (error) {
      if (!(error instanceof Death)) throw error;
      suspicions.died(life);
      await store.die(ledger);
      ledger = await store.join();
    }
    accepted.push(...life.accepted);
  }
  const outcomes = (await all(ledger.deliveries(run))).map(({ outcome }) => outcome);
  expect((await ledger.run(run))?.finished, `${outcomes}`).toBe(true);
  return { outcomes, accepted, suspicions };
}

const MOST_RECIPIENTS = 10;

const stories: fc.Arbitrary<Story> = fc.integer({ min: 1, max: MOST_RECIPIENTS }).chain((size) =>
  fc.record({
    size: fc.constant(size),
    poison: fc.uniqueArray(fc.nat(size - 1), { maxLength: 2 }),
    window: fc.integer({ min: 1, max: 4 }),
    replies: fc.array(fc.constantFrom('accepted' as const, 'accepted' as const, 'refused' as const), {
      minLength: size,
      maxLength: size,
    }),
    // Early ones more often: there nothing is settled yet, and the same mail is met again.
    deaths: fc.array(fc.oneof(fc.nat(4), fc.nat(30)), { maxLength: 25 }),
    isMild: fc.boolean(),
  }),
);

/** Whatever the deaths, and who need not have been quarantined. */
function look({ size, poison, isMild }: Story, { outcomes, accepted, suspicions }: Ending): void {
  expect(outcomes).toHaveLength(size);
  for (const [index, outcome] of outcomes.entries()) {
    const times = accepted.filter((each) => each === index).length;
    const told = `${index} of ${outcomes}, accepted ${times} times`;
    if (poison.includes(index)) {
      expect(outcome, told).toBe('quarantined');
      expect(times, told).toBe(0);
      continue;
    }
    expect(times, told).toBeLessThanOrEqual(1);
    expect(['accepted', 'refused', 'uncertain', 'quarantined'], told).toContain(outcome);
    if (outcome === 'accepted') expect(times, told).toBe(1);
    if (times === 1) expect(['accepted', 'uncertain'], told).toContain(outcome);
    if (outcome === 'quarantined') expect(!isMild && suspicions.met.has(index), told).toBe(true);
  }
}

export function describePoisonProperties(name: string, newStore: NewLedgerStore, numRuns = 60): void {
  describe(`${name} through random deaths`, () => {
    test('quarantines all poison, nobody whom three deaths in a row have not met alone, and loses nobody', {
      timeout: 120_000,
    }, async () => {
      const property = fc.asyncProperty(stories, async (story) => {
        const store = await newStore();
        try {
          look(story, await tell(store, story));
        } finally {
          await store.remove();
        }
      });
      await fc.assert(property, { numRuns });
    });
  });
}
