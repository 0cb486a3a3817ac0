/**
 * Sessions of a relay whose login is in a store, where it is changed now and then.
 *
 *     open ──535──► the store is asked once ──► another secret: open once more ──535──► refused
 *                                         └──► the same, or none to be had: refused
 *     refused ──► the relay is not logged in to until the secret has changed, or a quarter of an hour has passed
 *
 * An account with a wrong password is locked by who tries again and again, and so what was refused once is tried by no other
 * connection of the process; those that were logging in at that moment have. The AuthError stops the run, and burns nobody.
 */
import { AuthError, type Session, type SessionSettings, type TranscriptRecord } from '#smtp';
import { CredentialsError, type Secret } from './credential-store.ts';
import type { Credentials } from './credentials.ts';
import type { Clock } from './ports.ts';
import { accessTokenOf, relayLoginOf } from './relay-secret.ts';

export interface StoredLoginOptions {
  readonly credentials: Credentials;
  /** The secret's name. */
  readonly secret: string;
  readonly clock: Clock;
  /** All but the login; where the secret has a client certificate, it is that one. */
  readonly settings: Omit<SessionSettings, 'credentials' | 'mechanism'>;
  readonly open: (settings: SessionSettings, record: Record, signal: AbortSignal) => Promise<Session>;
}

type Record = (entry: TranscriptRecord) => void;

/** A secret that was refused is tried again after so long: the refusal may have been the relay's own fault. */
const REFUSED_FOR_MS = 15 * 60_000;

/** What sessions are opened by. */
interface Login {
  readonly secret: Secret;
  /** Who logs in by tokens asks for a newer one by itself, in the midst of the login. */
  readonly isByToken: boolean;
  /** What the relay was told last: a newer token than the secret's, where there was one. */
  readonly tried: () => Secret;
  readonly settings: SessionSettings;
}

interface Refused {
  readonly secret: Secret;
  readonly error: AuthError;
  readonly at: number;
  readonly monotonic: number;
}

export class StoredLogin {
  readonly #options: StoredLoginOptions;
  /** One settings object for all sessions of a secret: TLS sessions are resumed under the same one. */
  #latest: Login | null = null;
  #refused: Refused | null = null;

  constructor(options: StoredLoginOptions) {
    this.#options = options;
  }

  /** @throws AuthError, what `open` throws otherwise, or CredentialsError where there is no login to be had */
  async open(record: Record, signal: AbortSignal): Promise<Session> {
    const login = this.#loginBy(await this.#secret());
    try {
      return await this.#options.open(login.settings, record, signal);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      const newer = await this.#newerThan(login);
      if (newer === null) throw this.#refuse(login, error);
      return await this.#openAgain(this.#loginBy(newer), record, signal);
    }
  }

  async #openAgain(login: Login, record: Record, signal: AbortSignal): Promise<Session> {
    try {
      return await this.#options.open(login.settings, record, signal);
    } catch (error) {
      throw isRefusal(error) ? this.#refuse(login, error) : error;
    }
  }

  async #secret(): Promise<Secret> {
    const { credentials, secret: name } = this.#options;
    const refused = this.#refused;
    if (refused === null) return credentials.relay(name);
    const changed = await this.#changed(refused.secret);
    if (changed === null && this.#isRecent(refused)) throw refused.error;
    this.#refused = null;
    return changed ?? refused.secret;
  }

  /** By both clocks: one stands still where the machine does, and the other can be set. */
  #isRecent({ at, monotonic }: Refused): boolean {
    const { clock } = this.#options;
    return clock.monotonic() - monotonic < REFUSED_FOR_MS && clock.now() - at < REFUSED_FOR_MS;
  }

  async #newerThan({ secret, isByToken }: Login): Promise<Secret | null> {
    if (!isByToken) return this.#changed(secret);
    const now = await this.#options.credentials.relay(this.#options.secret).catch(unlessUnavailable);
    return now === null || accessTokenOf(now) !== null ? null : now;
  }

  /** @returns `null` where it has not, or nobody knows: what there is to tell is the relay's refusal */
  async #changed(refused: Secret): Promise<Secret | null> {
    const { credentials, secret: name } = this.#options;
    const secret = await credentials.relay(name, refused).catch(unlessUnavailable);
    return secret?.equals(refused) === false ? secret : null;
  }

  #loginBy(secret: Secret): Login {
    if (this.#latest?.secret.equals(secret) === true) return this.#latest;
    const { credentials, secret: name, settings } = this.#options;
    let tried = secret;
    const token = async ({ refresh }: { readonly refresh: boolean }): Promise<string> => {
      const now = await credentials.relay(name, refresh ? tried : undefined);
      const found = accessTokenOf(now);
      if (found === null) throw new CredentialsError(name, 'it holds an access token no more');
      tried = now;
      return found;
    };
    this.#latest = {
      secret,
      isByToken: accessTokenOf(secret) !== null,
      tried: () => tried,
      settings: { ...settings, ...relayLoginOf(secret, token) },
    };
    return this.#latest;
  }

  #refuse({ tried }: Login, error: AuthError): AuthError {
    const { clock } = this.#options;
    this.#refused = { secret: tried(), error, at: clock.now(), monotonic: clock.monotonic() };
    return error;
  }
}

function unlessUnavailable(error: unknown): null {
  if (error instanceof CredentialsError) return null;
  throw error;
}

/** RFC 4954 §6: 535 is about the credentials, and no other reply is. */
function isRefusal(error: unknown): error is AuthError {
  return error instanceof AuthError && error.reply?.code === 535;
}
