/**
 * A server that does one thing wrong. It reads commands as they come, pipelined or not, with DATA, BDAT and AUTH LOGIN, and
 * answers them in order; at one moment it does a deed instead. What it hears it writes down to the end, also when it does
 * not answer any more: so it is the witness of what the client sent, and of what it has taken itself.
 */
import type { Octets } from '../memory-wire.ts';
import type { Cell } from './cells.ts';
import { type Deed, deedOf } from './deeds.ts';
import {
  type Advance,
  BYE,
  ehloReply,
  finalReply,
  GO_AHEAD,
  GREETING,
  HALF,
  type Moment,
  OK,
  PASSWORD,
  START_TLS,
  USER_NAME,
  WELCOME,
} from './moments.ts';

/** What it does wrong, and when. */
export interface Plan {
  readonly cell: Cell;
  readonly at: Moment;
  readonly advance: Advance | null;
  /** Octets on the wire of the content of the mail that is met. */
  readonly octets: number;
  /** The mail that has no recipient whom the server takes. */
  readonly without: number | null;
  /** Behind a refusal: whether it answers what it has heard by then and leaves, or reads on and says nothing more. */
  readonly farewell: Farewell;
}

export type Farewell = 'none' | 'in order' | 'without a word';

/** The connection, as the server holds it. */
export interface Line {
  say(octets: Octets): void;
  /** At once, before the client can do anything between what was said before and this. */
  sayAtOnce(octets: Octets): void;
  /** @param options.reply the one that is wanted; `isInContent`: what the client still sends is not read where nothing is said */
  act(deed: Deed, options: { reply: Octets; isInContent: boolean }): void;
}

/** One mail as it came. */
export interface HeardMail {
  /** As its reverse-path says, `m3@example.com` is 3; else how many came before. */
  readonly number: number;
  readonly recipients: string[];
  /** The first octets of its content. */
  head: Octets;
  octets: number;
  /** The indicator was begun: `.`, or `BDAT` with `LAST`. */
  isIndicated: boolean;
  /** All of its content and the indicator came. */
  isWhole: boolean;
  /** The server took the responsibility, whether it could say so or not. */
  isTaken: boolean;
}

type Reading =
  | { readonly what: 'commands' | 'user name' | 'password' }
  | { readonly what: 'data'; tail: Buffer }
  | { readonly what: 'chunk'; left: number };

/** Recipients that every server here refuses begin so. */
export const REFUSED = 'refused';

const MAIL_FIRST = '503 5.5.1 MAIL first\r\n';
const NO_RECIPIENTS = '554 5.5.1 no valid recipients\r\n';

const NOTHING = Buffer.alloc(0);
const CRLF = Buffer.from('\r\n', 'latin1');
const END_OF_DATA = '\r\n.\r\n';

const COMMANDS: Reading = { what: 'commands' };

export class Relay {
  /** Command lines in order, without CRLF; `<TLS>`, `<chunk>`, and `.` for the indicator of DATA. */
  readonly heard: string[] = [];
  /** In the order in which they came. */
  readonly mails: HeardMail[] = [];
  /** Whether the deed is done, or its time has passed. */
  isDone = false;
  readonly #plan: Plan | null;
  readonly #line: Line;
  readonly #offers: readonly string[];
  #isSecure = false;
  #reading: Reading = COMMANDS;
  #input: Buffer = NOTHING;
  /** It was cut off: nothing that it reads now counts. */
  #isGone = false;
  #isMute = false;
  /** It answers what it has heard, and leaves. */
  #isLeaving = false;
  #isMailTaken = false;
  #recipientsTaken = 0;
  /** What became of the mail under way where the deed stood in place of its final reply. */
  #early: boolean | null = null;

  /** @param plan `null` for a server that does nothing wrong @param offers with TLS */
  constructor(plan: Plan | null, line: Line, offers: readonly string[]) {
    this.#plan = plan;
    this.#line = line;
    this.#offers = offers;
  }

  connected(isTlsFirst: boolean): void {
    this.#pass('connected');
    if (!isTlsFirst) this.#answer('greeting', GREETING);
  }

  /** The client begins a handshake. @returns whether TLS comes to stand */
  handshake(): boolean {
    this.heard.push('<TLS>');
    if (this.#plan?.at === 'TLS') {
      this.#answer('TLS', OK);
      return false;
    }
    this.#isSecure = true;
    return true;
  }

  secured(isTlsFirst: boolean): void {
    this.#pass('secured');
    if (isTlsFirst) this.#answer('greeting', GREETING);
  }

  hears(octets: Buffer): void {
    this.#input = this.#input.length === 0 ? octets : Buffer.concat([this.#input, octets]);
    while (this.#input.length > 0 && this.#read()) {
      // Each turn takes one thing out of the input.
    }
    if (this.#isLeaving) this.#leave();
  }

  /** Nothing is asked of the server, and it may do its deed all the same. */
  pass(moment: Moment): void {
    if (this.#plan?.at === moment) this.#unasked(moment);
    this.#pass(moment);
  }

  /** @param number as its reverse-path says */
  mail(number: number): HeardMail | undefined {
    return this.mails.find((mail) => mail.number === number);
  }

  get #current(): number {
    return this.mails.at(-1)?.number ?? -1;
  }

  #read(): boolean {
    const reading = this.#reading;
    if (reading.what === 'data') return this.#readData(reading);
    if (reading.what === 'chunk') return this.#readChunk(reading);
    const end = this.#input.indexOf(CRLF);
    if (end < 0) return false;
    const line = this.#input.toString('latin1', 0, end);
    this.#input = this.#input.subarray(end + 2);
    this.heard.push(line);
    if (reading.what === 'commands') this.#command(line);
    else this.#credential(reading.what, line);
    return true;
  }

  #command(line: string): void {
    const [verb = '', first = '', second] = line.split(' ');
    if (verb === 'EHLO') this.#answer(this.#isAgain() ? 'EHLO over TLS' : 'EHLO', this.#ehlo());
    else if (verb === 'STARTTLS') this.#answer('STARTTLS', START_TLS);
    else if (verb === 'AUTH') this.#auth();
    else if (verb === 'MAIL') this.#mail(line);
    else if (verb === 'RCPT') this.#rcpt(line);
    else if (verb === 'DATA') this.#data();
    else if (verb === 'BDAT') this.#bdat(Number(first), second === 'LAST');
    else if (verb === 'RSET') this.#rset();
    else if (verb === 'QUIT') this.#answer('QUIT', BYE);
    else this.#say('500 5.5.1 what\r\n');
  }

  /** Whether TLS came after STARTTLS. */
  #isAgain(): boolean {
    return this.heard.includes('STARTTLS') && this.#isSecure;
  }

  #ehlo(): Octets {
    return ehloReply(this.#isSecure ? this.#offers : ['STARTTLS']);
  }

  #auth(): void {
    if (this.#answer('AUTH', USER_NAME)) this.#reading = { what: 'user name' };
  }

  #credential(what: 'user name' | 'password', line: string): void {
    this.#reading = COMMANDS;
    if (line === '*') {
      this.#say('501 5.7.0 given up\r\n');
    } else if (what === 'user name') {
      this.#answer('user name', PASSWORD);
      this.#reading = { what: 'password' };
    } else {
      const wasDone = this.isDone;
      this.#answer('end of AUTH', WELCOME);
      // It asks once more, and reads on as one that asked.
      if (!wasDone && this.isDone && this.#plan?.cell.fault === 'another 3yz') this.#reading = { what: 'password' };
    }
  }

  #mail(line: string): void {
    const nothing = { head: '', octets: 0, isIndicated: false, isWhole: false, isTaken: false };
    this.mails.push({ number: this.#numberOf(line), recipients: [], ...nothing });
    this.#recipientsTaken = 0;
    this.#early = null;
    this.#isMailTaken = this.#answer(`MAIL ${this.#current}`, OK);
  }

  #rcpt(line: string): void {
    const [, path = ''] = /<(.*)>/.exec(line) ?? [];
    const index = (this.mails.at(-1)?.recipients.push(path) ?? 0) - 1;
    if (!this.#isMailTaken) {
      this.#say(MAIL_FIRST);
      return;
    }
    const isRefused = path.startsWith(REFUSED) || this.#plan?.without === this.#current;
    const reply = isRefused ? '550 5.1.1 unknown\r\n' : OK;
    if (this.#answer(`RCPT ${this.#current}.${index}`, reply) && !isRefused) this.#recipientsTaken += 1;
  }

  #data(): void {
    const refusal = this.#refusal();
    if (refusal !== null) this.#say(refusal);
    else if (this.#answer(`DATA ${this.#current}`, GO_AHEAD)) this.#reading = { what: 'data', tail: CRLF };
  }

  #bdat(octets: number, isLast: boolean): void {
    const mail = this.mails.at(-1);
    if (mail !== undefined && isLast) mail.isIndicated = true;
    this.#reading = { what: 'chunk', left: octets };
    const refusal = this.#refusal();
    if (refusal !== null) {
      this.#early = false;
      this.#say(refusal);
    } else if (this.#isAt(`DATA ${this.#current}`)) {
      this.#early = this.#answer(`DATA ${this.#current}`, finalReply(this.#current));
    }
  }

  /** Why there can be no mail data. */
  #refusal(): Octets | null {
    if (!this.#isMailTaken) return MAIL_FIRST;
    return this.#recipientsTaken === 0 ? NO_RECIPIENTS : null;
  }

  #readData(reading: { tail: Buffer }): boolean {
    const joined = Buffer.concat([reading.tail, this.#input]);
    const at = joined.indexOf(END_OF_DATA, 0, 'latin1');
    const octets = at < 0 ? this.#input.length : at + 2 - reading.tail.length;
    if (octets > 0) this.#content(this.#input.subarray(0, octets));
    reading.tail = joined.subarray(-4);
    this.#input = at < 0 ? NOTHING : joined.subarray(at + END_OF_DATA.length);
    if (at < 0) return false;
    this.heard.push('.');
    this.#ended();
    return true;
  }

  #readChunk(reading: { left: number }): boolean {
    const octets = this.#input.subarray(0, reading.left);
    this.#input = this.#input.subarray(reading.left);
    reading.left -= octets.length;
    this.#content(octets);
    if (reading.left > 0) return false;
    this.heard.push('<chunk>');
    this.#ended();
    return true;
  }

  #content(octets: Buffer): void {
    const mail = this.mails.at(-1);
    if (mail === undefined) return;
    if (mail.head === '') mail.head = octets.toString('latin1', 0, 100);
    mail.octets += octets.length;
    const isMiddle = mail.octets * 2 >= (this.#plan?.octets ?? Number.POSITIVE_INFINITY);
    if (this.#early !== null) return;
    this.pass(`first ${this.#current}`);
    if (isMiddle) this.pass(`middle ${this.#current}`);
  }

  /** Content and indicator are there. */
  #ended(): void {
    const mail = this.mails.at(-1);
    this.#reading = COMMANDS;
    if (mail === undefined) return;
    mail.isIndicated = true;
    mail.isWhole = true;
    const isGone = this.#isGone;
    const { step, fault } = this.#plan?.cell ?? {};
    const moment = `end ${this.#current}`;
    if (this.#isAt(moment) && step === 'half a reply' && fault !== 'reply in advance') this.#say(HALF);
    const isTaken = this.#early ?? this.#answer(moment, finalReply(this.#current));
    mail.isTaken = isTaken && !isGone;
  }

  /** Before a mail that goes ahead of the replies, else behind one that came to nothing. */
  #rset(): void {
    this.#isMailTaken = false;
    const next = this.#input.toString('latin1', 0, 40);
    this.#answer(`RSET ${next.startsWith('MAIL') ? this.#numberOf(next) : this.#current}`, OK);
  }

  /** @param line a MAIL command, whatever follows it */
  #numberOf(line: Octets): number {
    return Number(/^MAIL FROM:<m(\d+)@example\.com>/.exec(line)?.[1] ?? this.mails.length);
  }

  #isAt(moment: Moment): boolean {
    return !this.isDone && this.#plan?.at === moment;
  }

  /** Says the reply, or does the deed. @returns whether the server takes what it was asked for */
  #answer(moment: Moment, reply: Octets): boolean {
    let isTaken = true;
    if (!this.#isAt(moment)) this.#say(reply);
    else if (this.#plan?.advance) this.#late(this.#plan.advance);
    else isTaken = this.#do(reply);
    this.#pass(moment);
    return isTaken;
  }

  /** The words came in advance: what is left of them. */
  #late({ rest }: Advance): void {
    this.isDone = true;
    if (rest !== '') this.#say(rest);
  }

  /** A deed where nothing is asked, or not yet: it stands in place of the final reply that would follow. */
  #unasked(moment: Moment): void {
    if (this.isDone) return;
    const isOfMail = !moment.startsWith('idle');
    const isTaken = this.#do(isOfMail ? finalReply(this.#current) : OK);
    if (isOfMail && this.#reading.what !== 'commands') this.#early = isTaken;
  }

  /** Says what comes in advance behind this moment. */
  #pass(moment: Moment): void {
    const advance = this.#plan?.advance;
    if (!advance || advance.behind !== moment || this.isDone || this.#isMute) return;
    const isAtOnce =
      moment === 'connected' || moment === 'secured' || (moment === 'STARTTLS' && this.#plan?.at === 'TLS');
    if (isAtOnce) this.#line.sayAtOnce(advance.words);
    else this.#line.say(advance.words);
  }

  #say(octets: Octets): void {
    if (!this.#isMute) this.#line.say(octets);
  }

  #do(reply: Octets): boolean {
    const plan = this.#plan;
    if (plan === null) return true;
    this.isDone = true;
    const deed = this.#leaving(deedOf(plan.cell, reply, this.#isSecure));
    this.#line.act(deed, { reply, isInContent: this.#reading.what === 'data' || this.#reading.what === 'chunk' });
    this.#isMute = deed.ending !== 'on';
    this.#isGone =
      deed.ending !== 'on' && deed.ending !== 'silence' && deed.ending !== 'drip' && deed.ending !== 'half-close';
    return deed.takes;
  }

  #leaving(deed: Deed): Deed {
    const farewell = this.#plan?.farewell;
    this.#isLeaving = farewell === 'in order';
    if (farewell === 'in order') return { ...deed, ending: 'on' };
    return farewell === 'without a word' ? { ...deed, ending: 'half-close' } : deed;
  }

  #leave(): void {
    this.#isLeaving = false;
    this.#isMute = true;
    this.#isGone = true;
    this.#line.act({ said: '', ending: 'FIN', takes: false }, { reply: '', isInContent: false });
  }
}
