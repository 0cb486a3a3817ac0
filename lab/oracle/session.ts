/**
 * One client at the oracle. Commands are obeyed one after the other, in the order in which they came, however many came at
 * once; what waits behind a slow one waits. A client says by EHLO which relay it takes this for.
 */
import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { now } from '../trace.ts';
import type { Fault } from './faults.ts';
import { Incoming } from './incoming.ts';
import type { Relay } from './relay.ts';

const SLOW_MS = 100;

/** Ends the conversation, with what is still to be said. */
class Farewell extends Error {}

export class OracleSession {
  readonly #socket: Socket;
  readonly #incoming = new Incoming();
  readonly #relayOf: (name: string) => Relay;
  #relay: Relay | null = null;
  #hasMail = false;
  #recipients: string[] = [];
  #chunks: Buffer[] = [];
  #out = '';

  constructor(socket: Socket, relayOf: (name: string) => Relay) {
    this.#socket = socket;
    this.#relayOf = relayOf;
    socket.on('data', (chunk: Buffer) => this.#incoming.push(chunk));
    socket.on('end', () => this.#incoming.end());
    // Clients die here, and reset their connections: it is what the lab is for.
    socket.on('error', () => this.#incoming.end());
    socket.on('close', () => this.#incoming.end());
  }

  async serve(): Promise<void> {
    this.#say('220 oracle lab');
    for (;;) {
      const line = await this.#incoming.line();
      if (line === null) return this.#close();
      try {
        await this.#obey(line);
      } catch (error) {
        if (!(error instanceof Farewell)) throw error;
        return this.#close();
      }
    }
  }

  async #obey(line: string): Promise<void> {
    const verb = line.slice(0, 4).toUpperCase();
    if (verb === 'EHLO') this.#greet(line.slice(5).trim());
    else if (this.#relay === null) this.#say('503 5.5.1 EHLO is wanted first');
    else if (verb === 'MAIL') this.#mail();
    else if (verb === 'RCPT') this.#rcpt(this.#relay, /<([^>]*)>/.exec(line)?.[1] ?? '');
    else if (verb === 'DATA') await this.#data(this.#relay);
    else if (verb === 'BDAT') await this.#bdat(this.#relay, line);
    else if (verb === 'RSET') this.#reset('250 2.0.0 reset');
    else if (verb === 'QUIT') this.#leave('221 2.0.0 bye');
    else this.#say('500 5.5.2 unknown');
  }

  #greet(name: string): void {
    this.#relay = this.#relayOf(name);
    const { course } = this.#relay.settings;
    const offers = course === 'lockstep' ? [] : course === 'pipelined' ? ['PIPELINING'] : ['PIPELINING', 'CHUNKING'];
    const lines = ['oracle lab', ...offers, '8BITMIME', 'SMTPUTF8', 'ENHANCEDSTATUSCODES'];
    this.#reset(lines.map((text, at) => `250${at === lines.length - 1 ? ' ' : '-'}${text}`).join('\r\n'));
  }

  #mail(): void {
    const isOutOfOrder = this.#hasMail;
    this.#hasMail = true;
    this.#say(isOutOfOrder ? '503 5.5.1 a mail is under way' : '250 2.1.0 sender');
  }

  #rcpt(relay: Relay, recipient: string): void {
    const fault = relay.faultOf(recipient);
    if (!this.#hasMail) this.#say('503 5.5.1 MAIL is wanted first');
    else if (fault === 'refused at RCPT') this.#no(relay, recipient, fault, '550 5.1.1 nobody of that name');
    else if (fault === 'deferred at RCPT') this.#no(relay, recipient, fault, '450 4.2.0 greylisted');
    else if (fault === '421 at RCPT') {
      this.#no(relay, recipient, fault, '421 4.3.2 closing');
      throw new Farewell();
    } else {
      this.#recipients.push(recipient);
      this.#say('250 2.1.5 recipient');
    }
  }

  async #data(relay: Relay): Promise<void> {
    const [recipient] = this.#recipients;
    if (recipient === undefined) return this.#say('503 5.5.1 RCPT is wanted first');
    this.#say('354 go ahead');
    if (relay.faultOf(recipient) === 'cut before the indicator') {
      await this.#incoming.take(1);
      this.#cut(relay, recipient, 'cut before the indicator');
    }
    const content = await this.#incoming.mailData();
    if (content === null) throw new Farewell();
    await this.#end(relay, content);
  }

  async #bdat(relay: Relay, line: string): Promise<void> {
    const [, octets = '0', last] = /^BDAT (\d+)( LAST)?$/i.exec(line) ?? [];
    const [recipient] = this.#recipients;
    const isCut = recipient !== undefined && relay.faultOf(recipient) === 'cut before the indicator';
    const content = await this.#incoming.take(isCut ? Math.min(1, Number(octets)) : Number(octets));
    if (content === null) throw new Farewell();
    if (recipient === undefined) return this.#say('503 5.5.1 RCPT is wanted first');
    if (isCut) this.#cut(relay, recipient, 'cut before the indicator');
    this.#chunks.push(content);
    if (last === undefined) this.#say('250 2.0.0 more');
    else await this.#end(relay, Buffer.concat(this.#chunks));
  }

  /** The mail data is all there: its fate is decided, written down, and told. */
  async #end(relay: Relay, content: Buffer): Promise<void> {
    const recipients = this.#recipients;
    const [recipient = ''] = recipients;
    const fault = relay.faultOf(recipient);
    if (fault === 'slow') await sleep(SLOW_MS);
    await relay.think();
    if (fault === 'refused at the end') return this.#no(relay, recipient, fault, '554 5.6.0 not wanted');
    if (fault === 'deferred at the end') return this.#no(relay, recipient, fault, '451 4.3.0 not now');
    if (fault === '421 at the end') {
      this.#no(relay, recipient, fault, '421 4.3.2 closing');
      throw new Farewell();
    }
    if (fault === 'cut behind it, not accepted') this.#cut(relay, recipient, fault);
    const head = content.toString('utf8', 0, content.indexOf('\r\n\r\n'));
    for (const each of recipients)
      relay.accept({
        kind: 'accepted',
        at: now(),
        recipient: each,
        messageId: /^Message-ID: *<(.*)>/im.exec(head)?.[1] ?? '',
        to: /^To:(.*(?:\r\n[ \t].*)*)/im.exec(head)?.[1]?.trim() ?? '',
        content: createHash('sha256').update(content).digest('hex'),
      });
    if (fault === 'cut behind it, accepted') this.#cut(relay, recipient, fault);
    if (fault === 'accepted, half a reply') {
      this.#flush();
      this.#socket.write('250 2.0.0 acc');
      await sleep(1);
      this.#cut(relay, recipient, fault);
    }
    await relay.think();
    this.#reset('250 2.0.0 accepted');
  }

  #no(relay: Relay, recipient: string, fault: Fault, reply: string): void {
    relay.met(recipient, fault);
    relay.note({ kind: 'no', recipient, code: Number(reply.slice(0, 3)) });
    if (fault.endsWith('the end')) this.#reset(reply);
    else this.#say(reply);
  }

  #cut(relay: Relay, recipient: string, fault: Fault): never {
    relay.met(recipient, fault);
    relay.note({ kind: 'cut', recipient });
    this.#out = '';
    this.#socket.resetAndDestroy();
    throw new Farewell();
  }

  #reset(reply: string): void {
    this.#hasMail = false;
    this.#recipients = [];
    this.#chunks = [];
    this.#say(reply);
  }

  #leave(reply: string): never {
    this.#say(reply);
    throw new Farewell();
  }

  /** Replies of one turn of the event loop leave together, as those of a server with buffers do. */
  #say(reply: string): void {
    if (this.#out === '') setImmediate(() => this.#flush());
    this.#out += `${reply}\r\n`;
  }

  #flush(): void {
    if (this.#out !== '' && this.#socket.writable) this.#socket.write(this.#out);
    this.#out = '';
  }

  #close(): void {
    this.#flush();
    this.#socket.end();
  }
}
