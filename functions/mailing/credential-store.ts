/**
 * The port through which secrets come in: relays' logins, keys. A secret is a text of JSON under a name; who lays it down is
 * the operator. It goes from hand to hand as a `Secret`, which shows its content to nobody who does not ask for it.
 */

export interface CredentialStore {
  /**
   * What the secret holds now; nothing is remembered between two calls.
   * @param signal aborted: nobody waits for the answer any more
   * @throws CredentialsError that quotes nothing of it
   */
  read(name: string, signal: AbortSignal): Promise<Secret>;
}

/** Neither inspecting it, nor JSON, nor an error that carries it, has more of it than its name. */
export class Secret {
  readonly name: string;
  readonly #text: string;

  constructor(name: string, text: string) {
    this.name = name;
    this.#text = text;
  }

  /** For the eyes of whoever logs in by it. */
  reveal(): string {
    return this.#text;
  }

  /** Whether both hold the same, whatever they are called. */
  equals(other: Secret): boolean {
    return this.#text === other.#text;
  }
}

/** The secret cannot be had, or is not as it is wanted. Nothing of its content is in here. */
export class CredentialsError extends Error {
  readonly code = 'ERR_CREDENTIALS';
  /** Its name. */
  readonly secret: string;
  /** It may be had later, with nobody changing anything. */
  readonly temporary: boolean;

  /** @param problem a sentence about it: `the key "password" is missing` */
  constructor(secret: string, problem: string, options: ErrorOptions & { readonly temporary?: boolean } = {}) {
    super(`Cannot use the secret ${JSON.stringify(secret)}: ${problem}`, options);
    this.name = 'CredentialsError';
    this.secret = secret;
    this.temporary = options.temporary ?? false;
  }
}
