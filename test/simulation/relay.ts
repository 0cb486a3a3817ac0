/**
 * The relay, and its book: a server by the letter of RFC 5321, RFC 2920 and RFC 3030, that says no, breaks off, is silent or
 * babbles as the scenario has it. It writes each acceptance down before it answers, and shares no code with the mailer.
 */
import { createHash } from 'node:crypto';
import type { Line, Listener, Server } from './network.ts';
import type { Disposition, Odds } from './scenario.ts';
import type { World } from './world.ts';

export interface Acceptance {
  readonly recipient: string;
  readonly messageId: string;
  readonly to: string;
  readonly reversePath: string;
  readonly digest: string;
  readonly queueId: string;
  /** The owner's name of the process whose connection it was. */
  readonly client: string;
  /** The ticks at which its last octet was written, and at which it was taken. */
  readonly written: number;
  readonly taken: number;
}

export interface Book {
  readonly acceptances: Acceptance[];
  /** Whoever got a 5yz of its own, or may have got one to its MAIL. */
  readonly refused: Set<string>;
  refusedMails: number;
  /** What no client may do. */
  readonly complaints: string[];
  /** Told of each acceptance. */
  onAccepted: (acceptance: Acceptance) => void;
}

export class Relay implements Listener {
  readonly world: World;
  readonly extensions: readonly string[];
  readonly book: Book = {
    acceptances: [],
    refused: new Set(),
    refusedMails: 0,
    complaints: [],
    onAccepted: () => {},
  };
  odds: Odds;
  isDown = false;
  readonly #people: ReadonlyMap<string, Disposition>;
  readonly #seen = new Map<string, number>();

  constructor(
    world: World,
    options: { odds: Odds; extensions: readonly string[]; people: ReadonlyMap<string, Disposition> },
  ) {
    this.world = world;
    this.odds = options.odds;
    this.extensions = options.extensions;
    this.#people = options.people;
  }

  accept(line: Line, client: string): Server {
    return new RelaySession(this, line, client);
  }

  /** How the recipient is taken; who is greylisted is known from the third time on. */
  dispositionOf(recipient: string): Disposition {
    const disposition = this.#people.get(recipient) ?? 'fine';
    if (disposition !== 'greylisted') return disposition;
    const times = (this.#seen.get(recipient) ?? 0) + 1;
    this.#seen.set(recipient, times);
    return times > 2 ? 'fine' : 'greylisted';
  }
}

const END = '\r\n.\r\n';

class RelaySession implements Server {
  readonly #relay: Relay;
  readonly #line: Line;
  readonly #client: string;
  #buffer = '';
  #state: 'commands' | 'data' | 'over' = 'commands';
  #reversePath: string | null = null;
  #recipients: string[] = [];
  #chunks = '';
  #written = 0;

  constructor(relay: Relay, line: Line, client: string) {
    this.#relay = relay;
    this.#line = line;
    this.#client = client;
    if (!this.#misbehaves()) this.#line.say('220 relay.test ESMTP\r\n', this.#delay());
  }

  receive(segment: string, written: number): void {
    this.#buffer += segment;
    this.#written = written;
    while (this.#state !== 'over' && (this.#state === 'data' ? this.#data() : this.#command())) {
      // Each turn takes one thing out of the buffer.
    }
  }

  closed(): void {
    this.#state = 'over';
  }

  #command(): boolean {
    const end = this.#buffer.indexOf('\r\n');
    if (end < 0) return false;
    const line = this.#buffer.slice(0, end);
    const [verb = '', ...words] = line.split(' ');
    if (verb === 'BDAT') return this.#bdat(end + 2, words);
    this.#buffer = this.#buffer.slice(end + 2);
    if (verb !== 'QUIT' && this.#misbehaves()) return true;
    this.#say(this.#replyTo(verb, words.join(' ')));
    if (verb === 'QUIT') this.#close();
    return true;
  }

  #replyTo(verb: string, rest: string): string {
    if (verb === 'EHLO') return ['relay.test', ...this.#relay.extensions, 'SIZE 100000'].map(ehloLine).join('');
    if (verb === 'MAIL') return this.#mail(rest);
    if (verb === 'RCPT') return this.#rcpt(pathOf(rest));
    if (verb === 'DATA') return this.#beginData();
    if (verb === 'RSET') {
      this.#forget();
      return '250 2.0.0 forgotten\r\n';
    }
    if (verb !== 'QUIT') return '500 5.5.2 what?\r\n';
    return '221 2.0.0 bye\r\n';
  }

  #mail(rest: string): string {
    // RFC 5321 §4.1.4: a second MAIL is out of order until RSET, also where all recipients of the first were refused.
    if (this.#reversePath !== null) {
      this.#relay.book.complaints.push(`${this.#client} says MAIL within a transaction`);
      return '503 5.5.1 nested MAIL\r\n';
    }
    if (this.#relay.world.oneIn(this.#relay.odds.refusedMail)) {
      this.#relay.book.refusedMails += 1;
      return '550 5.7.1 not from you\r\n';
    }
    if (this.#isDeferred()) return '451 4.3.0 not now\r\n';
    this.#reversePath = pathOf(rest);
    return '250 2.1.0 ok\r\n';
  }

  #rcpt(recipient: string): string {
    if (this.#reversePath === null) return '503 5.5.1 MAIL first\r\n';
    const disposition = this.#relay.dispositionOf(recipient);
    if (disposition === 'dead') {
      this.#relay.book.refused.add(recipient);
      return '550 5.1.1 no such user\r\n';
    }
    if (disposition === 'greylisted') return '451 4.7.1 greylisted, come back later\r\n';
    if (this.#isDeferred()) return '450 4.2.0 mailbox busy\r\n';
    this.#recipients.push(recipient);
    return '250 2.1.5 ok\r\n';
  }

  #beginData(): string {
    if (this.#recipients.length === 0) return '503 5.5.1 no valid recipients\r\n';
    if (this.#isDeferred()) return '451 4.3.0 no room now\r\n';
    this.#state = 'data';
    return '354 go ahead\r\n';
  }

  #data(): boolean {
    const end = this.#buffer.startsWith('.\r\n') ? -2 : this.#buffer.indexOf(END);
    if (end === -1) return false;
    // RFC 5321 §4.5.2: the dot that was put before a dot goes.
    const content = this.#buffer.slice(0, end + 2).replace(/^\./gm, '');
    this.#buffer = this.#buffer.slice(end + END.length);
    this.#state = 'commands';
    this.#final(content);
    return true;
  }

  /** RFC 3030 §2: the octets are taken whatever the answer is. */
  #bdat(begin: number, [count = '', last]: readonly string[]): boolean {
    const end = begin + Number(count);
    if (this.#buffer.length < end) return false;
    const chunk = this.#buffer.slice(begin, end);
    this.#buffer = this.#buffer.slice(end);
    if (this.#recipients.length === 0) {
      this.#say('503 5.5.1 no valid recipients\r\n');
      return true;
    }
    this.#chunks += chunk;
    if (last === 'LAST') this.#final(this.#chunks);
    else this.#say('250 2.0.0 more\r\n');
    return true;
  }

  /** The whole mail is here. */
  #final(content: string): void {
    const reply = this.#replyToMail(content);
    if (reply !== null) this.#say(reply);
  }

  /** @returns `null` where there is none */
  #replyToMail(content: string): string | null {
    const recipients = this.#recipients;
    const reversePath = this.#reversePath ?? '';
    this.#forget();
    if (this.#misbehaves()) return null;
    const dispositions = recipients.map((recipient) => this.#relay.dispositionOf(recipient));
    if (dispositions.includes('unwanted content')) {
      for (const recipient of recipients) this.#relay.book.refused.add(recipient);
      return '554 5.6.0 not this content\r\n';
    }
    if (dispositions.includes('full')) return '452 4.2.2 mailbox full\r\n';
    if (this.#isDeferred()) return '451 4.3.0 try again later\r\n';
    return this.#accept(recipients, reversePath, content);
  }

  #accept(recipients: readonly string[], reversePath: string, content: string): string | null {
    const { world, book, odds } = this.#relay;
    const queueId = `Q${book.acceptances.length + 1}`;
    for (const recipient of recipients) {
      const acceptance = {
        recipient,
        messageId: /^Message-ID: <(.*)>/m.exec(content)?.[1] ?? '',
        to: /^To: (.*)/m.exec(content)?.[1] ?? '',
        reversePath,
        digest: createHash('sha256').update(content).digest('hex'),
        queueId,
        client: this.#client,
        written: this.#written,
        taken: world.tick(),
      };
      book.acceptances.push(acceptance);
      world.tell(() => `the relay accepts ${recipient} of ${this.#client} as ${queueId}`);
      book.onAccepted(acceptance);
    }
    if (!world.oneIn(odds.lostWord)) return `250 2.0.0 Ok: queued as ${queueId}\r\n`;
    this.#loseWord();
    return null;
  }

  /** Accepted, and the client never learns it. */
  #loseWord(): void {
    const { world } = this.#relay;
    this.#state = 'over';
    const how = world.random.below(4);
    if (how === 0) this.#line.mute();
    else if (how === 1) this.#line.reset();
    else if (how === 2) this.#line.say('250 2.0.0 Ok: que');
    if (how >= 2) this.#line.close();
  }

  /** @returns whether what was to be answered is not */
  #misbehaves(): boolean {
    const { world, odds } = this.#relay;
    if (world.oneIn(odds.silence)) this.#line.mute();
    else if (world.oneIn(odds.reset)) this.#line.reset();
    else if (world.oneIn(odds.garbage)) this.#line.say('what do you want\r\n');
    else if (world.oneIn(odds.close)) return this.#close();
    else if (world.oneIn(odds.farewell)) {
      this.#line.say('421 4.3.2 closing\r\n');
      return this.#close();
    } else return false;
    this.#state = 'over';
    return true;
  }

  #close(): true {
    this.#state = 'over';
    this.#line.close();
    return true;
  }

  #say(reply: string): void {
    this.#line.say(reply, this.#delay());
  }

  /** Some replies come when nobody waits for them any more. */
  #delay(): number {
    const { world, odds } = this.#relay;
    return world.oneIn(odds.late) ? world.between(1, 15) * 60_000 : 0;
  }

  #isDeferred(): boolean {
    return this.#relay.world.oneIn(this.#relay.odds.deferral);
  }

  #forget(): void {
    this.#reversePath = null;
    this.#recipients = [];
    this.#chunks = '';
  }
}

function ehloLine(text: string, index: number, lines: readonly string[]): string {
  return `250${index === lines.length - 1 ? ' ' : '-'}${text}\r\n`;
}

function pathOf(words: string): string {
  return /<(.*?)>/.exec(words)?.[1] ?? '';
}
