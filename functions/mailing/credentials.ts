/**
 * Secrets as a process uses them: remembered for five minutes, asked for once by all who wait, and asked for anew by who was
 * refused with one. While the store cannot be asked, what is remembered goes on; where it says no, it does not.
 */
import { type CredentialStore, CredentialsError, type Secret } from './credential-store.ts';
import { within } from './deadline.ts';
import type { Clock } from './ports.ts';
import { relayLoginOf } from './relay-secret.ts';
import { type StoredKey, storedKeysIn } from './stored-keys.ts';

/** A secret that was changed is used so late at the latest, where nobody is refused with the old one before. */
export const REMEMBERED_MS = 5 * 60_000;

/** While the store cannot be asked, it is asked so often. */
const AGAIN_AFTER_MS = 30_000;

/** A store that says nothing for so long does not answer: a session waits for it. */
const DEADLINE_MS = 10_000;

interface Remembered {
  readonly secret: Secret;
  /** By both clocks: one stands still where the machine does, and the other can be set. */
  readonly at: number;
  readonly monotonic: number;
  readonly lastsMs: number;
}

export class Credentials {
  readonly #store: CredentialStore;
  readonly #clock: Clock;
  readonly #remembered = new Map<string, Remembered>();
  readonly #asked = new Map<string, Promise<Secret>>();

  constructor(store: CredentialStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /**
   * A relay's secret, looked at: `relayLoginOf` takes it.
   * @param insteadOf the one that the relay has refused: the store is asked, unless another is known by now
   * @throws CredentialsError
   */
  async relay(name: string, insteadOf?: Secret): Promise<Secret> {
    const secret = await this.#secret(name, insteadOf);
    this.#looked(secret, () => relayLoginOf(secret));
    return secret;
  }

  /** Keys, the newest last. @throws CredentialsError */
  async keys(name: string): Promise<readonly StoredKey[]> {
    const secret = await this.#secret(name);
    const refuse = (problem: string) => new CredentialsError(name, problem);
    return this.#looked(secret, () => storedKeysIn(secret.reveal(), refuse));
  }

  /** What is not in order is not remembered: it is likely to be put in order at this moment. */
  #looked<T>(secret: Secret, look: () => T): T {
    try {
      return look();
    } catch (error) {
      if (this.#remembered.get(secret.name)?.secret === secret) this.#remembered.delete(secret.name);
      throw error;
    }
  }

  async #secret(name: string, insteadOf?: Secret): Promise<Secret> {
    const known = this.#remembered.get(name);
    if (known !== undefined) {
      if (insteadOf === undefined ? this.#isFresh(known) : !known.secret.equals(insteadOf)) return known.secret;
    }
    try {
      return await this.#ask(name);
    } catch (error) {
      const mayGoOn = error instanceof CredentialsError && error.temporary && insteadOf === undefined;
      if (!mayGoOn || known === undefined) throw error;
      this.#remember(known.secret, AGAIN_AFTER_MS);
      return known.secret;
    }
  }

  #isFresh({ at, monotonic, lastsMs }: Remembered): boolean {
    const age = this.#clock.now() - at;
    return age >= 0 && age < lastsMs && this.#clock.monotonic() - monotonic < lastsMs;
  }

  #remember(secret: Secret, lastsMs: number): void {
    const at = this.#clock.now();
    this.#remembered.set(secret.name, { secret, at, monotonic: this.#clock.monotonic(), lastsMs });
  }

  #ask(name: string): Promise<Secret> {
    const under = this.#asked.get(name);
    if (under !== undefined) return under;
    const asking = this.#read(name).finally(() => this.#asked.delete(name));
    this.#asked.set(name, asking);
    return asking;
  }

  async #read(name: string): Promise<Secret> {
    const seconds = DEADLINE_MS / 1000;
    const tooLate = () =>
      new CredentialsError(name, `its store has not answered within ${seconds} seconds`, { temporary: true });
    const secret = await within(this.#clock, DEADLINE_MS, (signal) => this.#store.read(name, signal), tooLate);
    this.#remember(secret, REMEMBERED_MS);
    return secret;
  }
}
