/** SCRAM's other side (RFC 5802), worked out here once more, with every message open to the test's changes. */
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import type { ChannelBinding, MechanismName } from '#smtp';
import type { Reaction } from '../memory-wire.ts';

export interface ScramServerOptions {
  readonly mechanism: MechanismName;
  /** Default: the mechanism alone. */
  readonly offers?: string;
  readonly user?: string;
  readonly password?: string;
  readonly iterations?: number;
  /** What the server-first-message has at its end. */
  readonly extensions?: string;
  readonly binding?: ChannelBinding;
  /** What is said instead of the server-first-message, or of the server-final-message; each as the text of a reply. */
  readonly first?: (message: string, clientNonce: string) => Reaction;
  readonly final?: (message: string) => Reaction;
}

const SALT = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64');
const NONCE = '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0';

export const challenge = (text: string): Reaction => [`334 ${Buffer.from(text, 'latin1').toString('base64')}\r\n`];

export class ScramServer {
  /** Each message of the client, decoded. */
  readonly heard: string[] = [];
  readonly #options: ScramServerOptions;
  readonly #hash: string;
  #serverFirst = '';
  #next: (message: string) => Reaction;

  constructor(options: ScramServerOptions) {
    this.#options = options;
    this.#hash = options.mechanism.includes('SHA-256') ? 'sha256' : 'sha1';
    this.#next = (message) => this.#first(message);
  }

  /** Answers what a client says, for a wire in memory. */
  readonly hears = (line: string): Reaction => {
    const { mechanism, offers = mechanism } = this.#options;
    if (line.startsWith('EHLO')) return [`250-mail.example.com\r\n250 AUTH ${offers}\r\n`];
    if (line === 'QUIT\r\n') return ['221 bye\r\n'];
    if (line === '*\r\n') return ['501 5.7.0 given up\r\n'];
    const said = line.startsWith('AUTH ') ? line.slice(`AUTH ${mechanism} `.length) : line;
    const message = Buffer.from(said.trimEnd(), 'base64').toString('latin1');
    this.heard.push(message);
    return this.#next(message);
  };

  #first(message: string): Reaction {
    const clientNonce = /,r=([^,]+)$/.exec(message)?.[1] ?? '';
    const { iterations = 4096, extensions = '', first = challenge } = this.#options;
    this.#serverFirst = `r=${clientNonce}${NONCE},s=${SALT.toString('base64')},i=${iterations}${extensions}`;
    this.#next = (final) => this.#final(message, final);
    return first(this.#serverFirst, clientNonce);
  }

  #final(clientFirst: string, clientFinal: string): Reaction {
    const [, header = '', bare = ''] = /^([^,]*,[^,]*,)(.*)$/s.exec(clientFirst) ?? [];
    const [, withoutProof = '', bound = '', nonce = '', proof = ''] =
      /^(c=([^,]+),r=([^,]+)),p=([^,]+)$/.exec(clientFinal) ?? [];
    const { iterations = 4096, password = 'pencil', user = 'user', binding, final = challenge } = this.#options;
    const octets = this.#hash === 'sha1' ? 20 : 32;
    const salted = pbkdf2Sync(password, SALT, iterations, octets, this.#hash);
    const message = `${bare},${this.#serverFirst},${withoutProof}`;
    const storedKey = createHash(this.#hash).update(this.#hmac(salted, 'Client Key')).digest();
    const key = xor(Buffer.from(proof, 'base64'), this.#hmac(storedKey, message));
    const isBound =
      bound === Buffer.concat([Buffer.from(header, 'latin1'), binding?.data ?? Buffer.alloc(0)]).toString('base64');
    const isUser = bare.startsWith(`n=${Buffer.from(user, 'utf8').toString('latin1')},`);
    const isProved = createHash(this.#hash).update(key).digest().equals(storedKey);
    this.#next = () => ['235 2.7.0 welcome\r\n'];
    if (!isBound || !isUser || !isProved || nonce === '') {
      this.#next = () => ['535 5.7.8 no\r\n'];
      return challenge(isBound ? 'e=invalid-proof' : 'e=channel-bindings-dont-match');
    }
    const signature = this.#hmac(this.#hmac(salted, 'Server Key'), message).toString('base64');
    return final(`v=${signature}`);
  }

  #hmac(key: Buffer, text: string): Buffer {
    return createHmac(this.#hash, key).update(Buffer.from(text, 'latin1')).digest();
  }
}

function xor(a: Buffer, b: Buffer): Buffer {
  return Buffer.from(a.map((octet, at) => octet ^ (b[at] ?? 0)));
}
