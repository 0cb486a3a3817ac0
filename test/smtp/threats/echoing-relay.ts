/**
 * A relay over TLS that repeats in its replies whatever it has learnt of the client's login: in clear, in every encoding that
 * programs know, and the very octets of AUTH. It keeps what it has heard for the search behind it.
 */
import type { AddressInfo } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import { onTestFinished } from 'vitest';
import type { Identity } from '../certificates.ts';
import { echoesOf } from './forms.ts';
import { serverFinal, serverFirst } from './scram-server.ts';

/** How the login ends. */
export type Ending = 'accepted' | 'refused' | 'asked again' | 'garbled' | 'closing' | 'later';

export interface EchoingRelay {
  readonly port: number;
  /** Octets of each AUTH exchange that only who knows the secret can say, as they came. */
  readonly responses: string[];
  /** Recipients of mails that it answered with 250. */
  readonly accepted: string[];
}

export interface EchoOptions {
  readonly identity: Identity;
  readonly mechanism: string;
  readonly user: string;
  /** Password or token. */
  readonly secret: string;
  readonly ending: Ending;
  /** Further lines of its EHLO reply. */
  readonly offers?: readonly string[];
}

const CHALLENGE = '<1896.S3cr3t-CHALLENGE@relay.test>';
/** What it says within AUTH that is nobody else's business. */
export const CHALLENGES: readonly string[] = [CHALLENGE];

export async function startEchoingRelay(options: EchoOptions): Promise<EchoingRelay> {
  const responses: string[] = [];
  const accepted: string[] = [];
  const sockets = new Set<TLSSocket>();
  const server = createServer({ ...options.identity }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    new Conversation(socket, options, { responses, accepted });
  });
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return { port: (server.address() as AddressInfo).port, responses, accepted };
}

class Conversation {
  readonly #socket: TLSSocket;
  readonly #options: EchoOptions;
  readonly #heard: Pick<EchoingRelay, 'responses' | 'accepted'>;
  readonly #login: Login;
  /** Responses of this connection. */
  readonly #own: string[] = [];
  #buffer = '';
  #recipient = '';
  #awaits: 'command' | 'response' | 'data' | number = 'command';

  constructor(socket: TLSSocket, options: EchoOptions, heard: Pick<EchoingRelay, 'responses' | 'accepted'>) {
    this.#socket = socket;
    this.#options = options;
    this.#heard = heard;
    this.#login = new Login(options);
    this.#say('220 relay.test\r\n');
    socket.setEncoding('latin1');
    socket.on('data', (octets: string) => {
      this.#buffer += octets;
      while (!socket.destroyed && this.#next());
    });
  }

  #say(text: string): void {
    this.#socket.write(text, 'latin1');
  }

  /** The reply in many lines, each with something in it that ought not to be repeated. */
  #echo(code: number): void {
    const { secret, user } = this.#options;
    const learnt = [...echoesOf(secret, user), ...this.#own];
    const lines = [`${code}-heard ${secret}`, ...learnt.map((form) => `${code}-"${form.slice(0, 900)}"`)];
    const parts = learnt.map((form) => `${code}-${form.slice(0, 12)}...\r\n${code}-(${form.slice(-12).toUpperCase()})`);
    const text = [...lines, ...parts, `${code} queued as ${secret.replace(/[^\w.-]/g, '')}`].join('\r\n');
    this.#say(`${Buffer.from(text, 'utf8').toString('latin1')}\r\n`);
  }

  #next(): boolean {
    if (this.#awaits === 'data') return this.#data();
    if (typeof this.#awaits === 'number') return this.#chunk(this.#awaits);
    const end = this.#buffer.indexOf('\r\n');
    if (end === -1) return false;
    const line = this.#buffer.slice(0, end);
    this.#buffer = this.#buffer.slice(end + 2);
    if (this.#awaits === 'response') this.#response(line);
    else this.#command(line);
    return true;
  }

  #command(line: string): void {
    const [verb = '', , initial] = line.split(' ');
    if (verb === 'EHLO') this.#greet();
    else if (verb === 'AUTH') this.#auth(initial);
    else if (verb === 'DATA') this.#goAhead();
    else if (verb === 'BDAT') this.#awaits = Number(line.split(' ')[1]);
    else if (verb === 'QUIT') this.#echo(221);
    else {
      if (verb === 'RCPT') this.#recipient = /<(.*)>/.exec(line)?.[1] ?? '';
      this.#echo(verb === 'RCPT' && this.#recipient.startsWith('refused') ? 550 : 250);
    }
  }

  #greet(): void {
    const lines = ['relay.test', ...(this.#options.offers ?? []), `AUTH ${this.#options.mechanism}`];
    this.#say(lines.map((line, at) => `250${at < lines.length - 1 ? '-' : ' '}${line}\r\n`).join(''));
  }

  #auth(initial: string | undefined): void {
    this.#awaits = 'response';
    if (initial === undefined) this.#challenge(this.#login.first());
    else this.#response(initial);
  }

  #response(line: string): void {
    if (this.#login.isSecret(line)) {
      this.#own.push(line);
      this.#heard.responses.push(line);
    }
    const challenge = line === '*' ? null : this.#login.next(line);
    if (challenge !== null) {
      this.#challenge(challenge);
      return;
    }
    this.#awaits = 'command';
    this.#endLogin(line);
  }

  #endLogin(line: string): void {
    const { ending, secret } = this.#options;
    if (line === '*') this.#echo(501);
    else if (ending === 'accepted') this.#echo(235);
    else if (ending === 'refused') this.#echo(535);
    else if (ending === 'later') this.#echo(454);
    else if (ending === 'garbled') this.#say(`what is ${Buffer.from(secret).toString('latin1')} "${line}"?\r\n`);
    else if (ending === 'closing') this.#say(`421 closing on ${line}\r\n`);
    else this.#again(secret);
  }

  #again(secret: string): void {
    this.#awaits = 'response';
    this.#challenge(secret);
  }

  #challenge(text: string): void {
    this.#say(`334 ${Buffer.from(text).toString('base64')}\r\n`);
  }

  #goAhead(): void {
    this.#awaits = 'data';
    this.#echo(354);
  }

  #data(): boolean {
    const end = this.#buffer.indexOf('\r\n.\r\n');
    if (end === -1) return false;
    this.#buffer = this.#buffer.slice(end + 5);
    return this.#take();
  }

  #chunk(octets: number): boolean {
    if (this.#buffer.length < octets) return false;
    this.#buffer = this.#buffer.slice(octets);
    return this.#take();
  }

  #take(): boolean {
    this.#awaits = 'command';
    if (!this.#recipient.startsWith('refused')) this.#heard.accepted.push(this.#recipient);
    this.#echo(this.#recipient.startsWith('refused') ? 503 : 250);
    return true;
  }
}

/** The server's side of a SASL exchange with somebody who knows the secret. */
class Login {
  readonly #options: EchoOptions;
  #responses = 0;
  #clientFirst = '';

  constructor(options: EchoOptions) {
    this.#options = options;
  }

  first(): string {
    const { mechanism } = this.#options;
    if (mechanism === 'LOGIN') return 'Username:';
    return mechanism === 'CRAM-MD5' ? CHALLENGE : '';
  }

  /** The user's name and a nonce are said before anything that is secret. */
  isSecret(line: string): boolean {
    if (line === '' || line === '*' || line === 'AQ==') return false;
    const isFirst = this.#responses === 0;
    return !(isFirst && /^(?:LOGIN|SCRAM)/.test(this.#options.mechanism));
  }

  /** @returns the next challenge, `null` where the exchange is over */
  next(line: string): string | null {
    this.#responses += 1;
    const { mechanism } = this.#options;
    if (mechanism === 'LOGIN') return this.#responses === 1 ? 'Password:' : null;
    if (mechanism.startsWith('SCRAM')) return this.#scram(Buffer.from(line, 'base64').toString());
    if (this.#options.ending !== 'refused' || !/^(?:OAUTHBEARER|XOAUTH2)$/.test(mechanism)) return null;
    return this.#responses === 1 ? `{"status":"401","schemes":"Bearer ${this.#options.secret}"}` : null;
  }

  #scram(said: string): string | null {
    if (this.#responses === 1) {
      this.#clientFirst = said;
      return serverFirst(said);
    }
    const isOver = this.#responses > 2 || this.#options.ending !== 'accepted';
    return isOver ? null : serverFinal(this.#options.secret, this.#clientFirst, said);
  }
}
