/**
 * Watches each thing that becomes true, and says at once what may not be. It knows the ledger's writes as they were applied,
 * the relay's book, and who was suppressed when; the promises are those of ARCHITECTURE.md, "What is promised".
 */
import type { Claim, DeliveryRecord, Intent, Ledger, RunRecord, Settlement } from '#mailing';
import { recipientOf } from './campaign.ts';
import type { Acceptance, Book } from './relay.ts';
import type { Scenario } from './scenario.ts';
import type { World } from './world.ts';

interface KnownIntent {
  readonly applied: number;
  settled: number;
  isUsed: boolean;
  isDoubted: boolean;
  readonly batch: number;
  readonly fence: number;
}

interface Span {
  readonly from: number;
  to: number;
}

export class Witness {
  readonly violations: string[] = [];
  readonly #world: World;
  readonly #scenario: Scenario;
  readonly #book: Book;
  /** Whose mail ends its process. */
  readonly #poison: ReadonlySet<string>;
  /** The last claim of each batch. */
  readonly #claims = new Map<number, { fence: number; owner: string }>();
  readonly #recipients = new Map<string, string>();
  /** By process and recipient. */
  readonly #intents = new Map<string, KnownIntent[]>();
  readonly #suppressed = new Map<string, Span[]>();
  readonly #digests = new Map<string, string>();
  /** A person has had uncertain recipients sent again, or the policy was `resend` at some time. */
  mayResend: boolean;
  hasCancelled = false;
  hasRetried = false;

  constructor(world: World, scenario: Scenario, book: Book) {
    this.#world = world;
    this.#scenario = scenario;
    this.#book = book;
    this.#poison = new Set(scenario.poison.map(recipientOf));
    this.mayResend = scenario.policy === 'resend';
    book.onAccepted = (acceptance) => this.#accepted(acceptance);
  }

  claimed(owner: string, { batch, fence, due }: Claim): void {
    const before = this.#claims.get(batch)?.fence ?? 0;
    if (fence <= before) this.#violated(`I6: batch ${batch} was claimed under fence ${fence} after ${before}`);
    this.#claims.set(batch, { fence, owner });
    for (const { index, recipient } of due) this.#recipients.set(`${batch}/${index}`, recipient);
  }

  /** @param isHeard whether the process is told that it was written; else it may send nothing for it */
  committed(
    owner: string,
    { batch, fence }: { batch: number; fence: number },
    { settled, intended }: { settled: readonly Settlement[]; intended: readonly Intent[] },
    isHeard: boolean,
  ): void {
    const last = this.#claims.get(batch);
    if (last?.fence !== fence || last.owner !== owner)
      this.#violated(`I6: ${owner} wrote to batch ${batch} under fence ${fence}, which is ${last?.owner}'s`);
    const tick = this.#world.tick();
    for (const settlement of settled) this.#settled(owner, batch, settlement, tick);
    for (const { index } of intended) {
      const settled = isHeard ? Number.POSITIVE_INFINITY : tick;
      this.#intentsOf(owner, this.#recipientOf(batch, index)).push({
        batch,
        fence,
        applied: tick,
        settled,
        isUsed: false,
        isDoubted: false,
      });
    }
    this.#lookAtWindow(owner);
  }

  /** A person had some sent again, which nobody can while a living process holds one of them: each open intent is in doubt. */
  doubted(): void {
    for (const intents of this.#intents.values()) for (const intent of intents) intent.isDoubted = true;
  }

  suppressed(recipient: string): void {
    const spans = this.#suppressed.get(recipient) ?? [];
    if (spans.at(-1)?.to === Number.POSITIVE_INFINITY) return;
    this.#suppressed.set(recipient, [...spans, { from: this.#world.tick(), to: Number.POSITIVE_INFINITY }]);
  }

  unsuppressed(recipient: string): void {
    const last = this.#suppressed.get(recipient)?.at(-1);
    if (last?.to === Number.POSITIVE_INFINITY) last.to = this.#world.tick();
  }

  /** What its process knew is gone: its open intents are no longer part of any window. */
  ended(owner: string): void {
    const tick = this.#world.tick();
    for (const [key, intents] of this.#intents)
      if (key.startsWith(`${owner} `)) for (const intent of intents) intent.settled = Math.min(intent.settled, tick);
  }

  /** What must be so once nothing more is to come. */
  async rest(ledger: Ledger, id: string, results: ReadonlyMap<string, string>): Promise<void> {
    const run = await ledger.run(id);
    if (run === null) return this.#violated('I1: the run is gone');
    if (!run.finished) this.#violated('I1: the run does not finish');
    const records: DeliveryRecord[] = [];
    for await (const record of ledger.deliveries(id)) records.push(record);
    if (records.length !== this.#scenario.people.length)
      this.#violated(`I1: ${records.length} deliveries of ${this.#scenario.people.length} recipients`);
    for (const record of records) this.#lookAt(record, run, results);
    const totals = await ledger.totals(id);
    const sum = Object.values(totals).reduce((all, count) => all + count, 0);
    if (sum !== records.length) this.#violated(`I1: totals are ${sum} of ${records.length}`);
    for (const complaint of this.#book.complaints) this.#violated(`RFC 5321 §4.1.4: ${complaint}`);
  }

  #lookAt(record: DeliveryRecord, run: RunRecord, results: ReadonlyMap<string, string>): void {
    const { recipient, outcome, uncertainAttempts, queueId } = record;
    const acceptances = this.#book.acceptances.filter((known) => known.recipient === recipient);
    const say = (what: string) =>
      this.#violated(
        `${what}: ${recipient} is ${outcome}, accepted ${acceptances.length} times, ${uncertainAttempts} doubts`,
      );
    if (outcome === 'pending' || outcome === 'deferred') say('I1');
    if (outcome === 'uncertain' && run.onUncertain === 'resend' && !this.hasCancelled) say('I1');
    if (!this.mayResend && acceptances.length > 1) say('I2');
    if (acceptances.length > uncertainAttempts + (outcome === 'accepted' ? 1 : 0)) say('I3');
    if (outcome === 'accepted' && !acceptances.some((known) => known.queueId === queueId)) say('I4');
    if (acceptances.length > 0 && outcome !== 'accepted' && uncertainAttempts === 0) say('I5');
    if (outcome === 'refused' && !this.#book.refused.has(recipient) && this.#book.refusedMails === 0)
      say('refused by nobody');
    if (outcome === 'suppressed' && !this.#suppressed.has(recipient)) say('suppressed by nobody');
    if (outcome === 'cancelled' && !this.hasCancelled) say('cancelled by nobody');
    const isPoison = this.#poison.has(recipient);
    if (outcome === 'invalid' || (outcome === 'quarantined' && !isPoison)) say('without a reason');
    if (isPoison && outcome !== 'quarantined' && outcome !== 'suppressed' && outcome !== 'cancelled')
      say('its mail ends each process');
    const result = results.get(recipient);
    if (this.#hasTrueResults && result !== undefined && result !== outcome) say(`the results file says ${result}`);
    for (const { messageId } of acceptances)
      if (messageId !== record.messageId) say(`another Message-ID, ${messageId}`);
  }

  /** Outcomes change in nobody's hands where a person interferes; one that was robbed writes its file late, over a newer one. */
  get #hasTrueResults(): boolean {
    const { fates, storeMs, deeds } = this.#scenario;
    const isRobbed = storeMs > 0 || fates.some(({ stolen }) => stolen);
    return !isRobbed && !this.hasCancelled && !this.hasRetried && deeds.every(({ kind }) => kind !== 'policy');
  }

  #accepted({ recipient, to, client, written, digest }: Acceptance): void {
    if (!to.includes(recipient)) this.#violated(`${recipient} gets the mail of ${to}`);
    const earlier = this.#digests.get(recipient);
    if (earlier !== undefined && earlier !== digest) this.#violated(`${recipient} gets other octets than before`);
    this.#digests.set(recipient, digest);
    const intent = this.#intentsOf(client, recipient).find(
      (known) => !known.isUsed && known.applied < written && known.settled > written,
    );
    if (intent === undefined) {
      this.#violated(`S3: ${client} sent the indicator of ${recipient} without a durable intent`);
      return;
    }
    intent.isUsed = true;
    for (const { from, to: until } of this.#suppressed.get(recipient) ?? [])
      if (from < intent.applied && until > written)
        this.#violated(`I7: ${recipient} was suppressed before the intent, and got the mail`);
  }

  #settled(owner: string, batch: number, { index, state, queueId }: Settlement, tick: number): void {
    const recipient = this.#recipientOf(batch, index);
    const open = this.#intentsOf(owner, recipient).findLast(({ settled }) => settled === Number.POSITIVE_INFINITY);
    if (open !== undefined) open.settled = tick;
    if (state !== 'accepted') return;
    const known = this.#book.acceptances.find((each) => each.queueId === queueId && each.recipient === recipient);
    if (known === undefined)
      this.#violated(`I4: ${recipient} was settled as accepted, and the relay knows nothing of it`);
  }

  /**
   * Also where one batch ends and the next begins, each with commits of its own that take time. What was intended under an
   * earlier fence became uncertain by the claim: that window is a death's, or a theft's.
   */
  #lookAtWindow(owner: string): void {
    const { connections, depth, extensions } = this.#scenario;
    const most = connections * (extensions.includes('CHUNKING') ? depth : 1);
    let open = 0;
    for (const [key, intents] of this.#intents) {
      if (!key.startsWith(`${owner} `)) continue;
      for (const { batch, fence, settled, isDoubted } of intents) {
        const isOpen = settled === Number.POSITIVE_INFINITY && !isDoubted;
        if (isOpen && this.#claims.get(batch)?.fence === fence) open += 1;
      }
    }
    if (open > most) this.#violated(`S3: ${owner} has ${open} open intents, ${most} at the most`);
  }

  #recipientOf(batch: number, index: number): string {
    return this.#recipients.get(`${batch}/${index}`) ?? `recipient ${index} of batch ${batch}`;
  }

  #intentsOf(owner: string, recipient: string): KnownIntent[] {
    const key = `${owner} ${recipient}`;
    const known = this.#intents.get(key) ?? [];
    this.#intents.set(key, known);
    return known;
  }

  #violated(what: string): void {
    this.#world.tell(() => `VIOLATED ${what}`);
    this.violations.push(what);
  }
}
