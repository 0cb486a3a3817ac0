/**
 * SCRAM (RFC 5802, RFC 7677): client and server prove to each other that they know the password, and neither says it.
 *
 *     client-first ──► server-first ──► client-final ──► server-final ──► an empty response ──► 235
 *                      nonce, salt,     proof            the server's own proof: it counts, not the 235
 *                      iterations
 *
 * What a server says is taken by the letter of the RFC's grammar, or the exchange is given up.
 */
import { createHash, createHmac, pbkdf2, timingSafeEqual } from 'node:crypto';
import type { ChannelBinding } from '../channel-binding.ts';
import type { PasswordCredentials } from '../credentials.ts';
import { saslprep } from '../saslprep.ts';
import { ChallengeError, decodedBase64, decodedChallenge, type Mechanism, refuseChallenge } from './mechanism.ts';
import { saslName } from './sasl-name.ts';

/** Its hash function, by Node's name. */
const HASHES = { 'SCRAM-SHA-1': 'sha1', 'SCRAM-SHA-256': 'sha256' } as const;

export interface ScramOptions {
  readonly family: keyof typeof HASHES;
  readonly credentials: PasswordCredentials;
  /** Printable ASCII without `,`, never used before. */
  readonly nonce: string;
  /**
   * RFC 5802 §6: what the -PLUS mechanism binds the login to; `unoffered` where the client could and the server offers no
   * -PLUS, so that a server that does sees that its offer was cut; `unused` where the client does not bind.
   */
  readonly binding: ChannelBinding | 'unoffered' | 'unused';
}

/** RFC 5802 §5.1: 4,096 at the least. At the most what costs a client no more than a moment. */
const MIN_ITERATIONS = 4_096;
const MAX_ITERATIONS = 600_000;

/** RFC 5802 §7: `nonce "," salt "," iteration-count ["," extensions]`. */
const SERVER_FIRST = /^r=([!-+\--~]+),s=([A-Za-z0-9+/=]+),i=([1-9]\d{0,9})((?:,[A-Za-z]=[^,\0]+)*)$/;
const SERVER_FINAL = /^(?:v=([A-Za-z0-9+/=]+)|e=([^,\0]+))(?:,[A-Za-z]=[^,\0]+)*$/;
const SERVER_ERROR = /^[a-z-]{1,64}$/;

/** @throws SettingsError where SASLprep prohibits user or password */
export function scram(options: ScramOptions): Mechanism {
  return new Scram(options);
}

class Scram implements Mechanism {
  readonly name: Mechanism['name'];
  readonly initialResponse: Uint8Array;
  readonly secrets: string[] = [];
  complaint: string | null = null;
  readonly #options: ScramOptions;
  readonly #hash: 'sha1' | 'sha256';
  readonly #password: string;
  readonly #header: string;
  readonly #clientFirstBare: string;
  #state: 'client-first' | 'client-final' | 'proved' | 'refused' = 'client-first';
  #serverSignature: Buffer = Buffer.alloc(0);

  constructor(options: ScramOptions) {
    const { family, credentials, nonce, binding } = options;
    this.#options = options;
    this.#hash = HASHES[family];
    this.name = typeof binding === 'string' ? family : `${family}-PLUS`;
    // §5.1 and §2.2 (Normalize).
    this.#password = saslprep('password', credentials.password);
    this.#header = gs2Header(binding);
    this.#clientFirstBare = `n=${saslName(saslprep('user', credentials.user))},r=${nonce}`;
    this.initialResponse = Buffer.from(this.#header + this.#clientFirstBare, 'utf8');
  }

  get complete(): boolean {
    return this.#state === 'proved';
  }

  async respond(challenge: string): Promise<Uint8Array> {
    if (this.#state === 'client-first') return this.#prove(decodedChallenge(challenge));
    if (this.#state === 'client-final') return this.#verify(decodedChallenge(challenge).toString('latin1'));
    return refuseChallenge();
  }

  /** §3: ClientProof and ServerSignature, over all that was said. */
  async #prove(serverFirst: Buffer): Promise<Uint8Array> {
    const { nonce, salt, iterations } = readServerFirst(serverFirst.toString('latin1'), this.#options.nonce);
    const withoutProof = `c=${this.#channelBinding()},r=${nonce}`;
    const salted = await derive(this.#password, salt, iterations, this.#hash);
    const clientKey = this.#hmac(salted, 'Client Key');
    const storedKey = createHash(this.#hash).update(clientKey).digest();
    const authMessage = Buffer.concat([
      Buffer.from(`${this.#clientFirstBare},`, 'utf8'),
      serverFirst,
      Buffer.from(`,${withoutProof}`, 'latin1'),
    ]);
    const clientSignature = this.#hmac(storedKey, authMessage);
    this.#serverSignature = this.#hmac(this.#hmac(salted, 'Server Key'), authMessage);
    const proof = Buffer.from(clientKey.map((octet, at) => octet ^ clientSignature.readUInt8(at))).toString('base64');
    this.secrets.push(proof);
    this.#state = 'client-final';
    return Buffer.from(`${withoutProof},p=${proof}`, 'latin1');
  }

  /** RFC 4954 §4: a 235 carries no data, so the signature comes in a challenge, and is answered by nothing. */
  #verify(serverFinal: string): Uint8Array {
    const [, verifier, error] = SERVER_FINAL.exec(serverFinal) ?? [];
    if (error !== undefined) {
      this.complaint = SERVER_ERROR.test(error) ? error : 'other-error';
      this.#state = 'refused';
      return new Uint8Array(0);
    }
    const signature = verifier === undefined ? null : decodedBase64(verifier);
    if (signature === null) throw new ChallengeError('that is no server-final-message');
    const expected = this.#serverSignature;
    if (signature.length !== expected.length || !timingSafeEqual(signature, expected))
      throw new ChallengeError('with a server signature of somebody who does not know the password');
    this.#state = 'proved';
    return new Uint8Array(0);
  }

  /** §7 cbind-input: the header once more, and what the login is bound to. */
  #channelBinding(): string {
    const { binding } = this.#options;
    const data = typeof binding === 'string' ? new Uint8Array(0) : binding.data;
    return Buffer.concat([Buffer.from(this.#header, 'latin1'), data]).toString('base64');
  }

  #hmac(key: Buffer, text: string | Buffer): Buffer {
    return createHmac(this.#hash, key).update(text).digest();
  }
}

/**
 * §2.2 Hi() is PBKDF2 with the output of one hash. It runs beside the event loop. The promise is made by hand: loading `node:util`
 * would take longer than loading the engine.
 */
function derive(password: string, salt: Buffer, iterations: number, hash: 'sha1' | 'sha256'): Promise<Buffer> {
  const octets = hash === 'sha1' ? 20 : 32;
  return new Promise((resolve, reject) => {
    pbkdf2(Buffer.from(password, 'utf8'), salt, iterations, octets, hash, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
}

function gs2Header(binding: ScramOptions['binding']): string {
  if (binding === 'unused') return 'n,,';
  return binding === 'unoffered' ? 'y,,' : `p=${binding.type},,`;
}

interface ServerFirst {
  readonly nonce: string;
  readonly salt: Buffer;
  readonly iterations: number;
}

/** @throws ChallengeError */
function readServerFirst(text: string, clientNonce: string): ServerFirst {
  // §5.1: an extension that must be understood, and none is.
  if (/(?:^|,)m=/.test(text)) throw new ChallengeError('with an extension that is mandatory and unknown');
  const [, nonce = '', encodedSalt = '', count = ''] = SERVER_FIRST.exec(text) ?? [];
  const salt = decodedBase64(encodedSalt);
  if (nonce === '' || salt === null) throw new ChallengeError('that is no server-first-message');
  if (!nonce.startsWith(clientNonce) || nonce.length === clientNonce.length)
    throw new ChallengeError("whose nonce is not the client's and more");
  const iterations = Number(count);
  if (iterations < MIN_ITERATIONS || iterations > MAX_ITERATIONS)
    throw new ChallengeError(`with ${iterations} iterations, ${MIN_ITERATIONS} to ${MAX_ITERATIONS} are wanted`);
  return { nonce, salt, iterations };
}
