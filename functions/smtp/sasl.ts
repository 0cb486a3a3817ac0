/**
 * SASL mechanisms (RFC 4422) as values that answer challenges. A mechanism knows nothing of SMTP: `login.ts` carries
 * its octets. Those that a server proves itself to (SCRAM) refuse in `respond`, and are `complete` only after the proof.
 */
import { CommandError } from './errors.ts';
import type { Credentials } from './secrets.ts';

export interface Mechanism {
  /** As in the server's EHLO reply. */
  readonly name: string;
  /** Sent along with AUTH; `null` where the server challenges first. */
  readonly initialResponse: Uint8Array | null;
  /** Whether a 235 may end the exchange now. */
  readonly complete: boolean;
  /** @returns the answer to a challenge; `null` where none is foreseen, and the exchange is to be given up */
  respond(challenge: string): Uint8Array | null | Promise<Uint8Array | null>;
}

export type MechanismName = 'PLAIN' | 'LOGIN';

/** Best first. */
const MECHANISMS: ReadonlyMap<string, (credentials: Credentials) => Mechanism> = new Map([
  ['PLAIN', plain],
  ['LOGIN', login],
]);

/**
 * @param offered mechanisms in the server's EHLO reply, in capital letters
 * @param named the one that the settings ask for; default: the best that is offered
 * @returns `null` where there is none that both know
 */
export function chooseMechanism(
  offered: readonly string[],
  credentials: Credentials,
  named?: MechanismName,
): Mechanism | null {
  const name = [...MECHANISMS.keys()].find((known) => offered.includes(known) && (named ?? known) === known);
  return (name === undefined ? undefined : MECHANISMS.get(name))?.(credentials) ?? null;
}

/** @throws CommandError where PLAIN and LOGIN could not carry them */
export function checkCredentials(credentials: Credentials): void {
  for (const field of ['user', 'password'] as const) {
    const value: unknown = credentials[field];
    if (typeof value !== 'string' || value === '') throw new CommandError(field, 'is empty');
    // RFC 4616 §2: NUL separates the two.
    if (value.includes('\0')) throw new CommandError(field, 'holds a NUL');
    if (!value.isWellFormed()) throw new CommandError(field, 'is no well-formed Unicode text');
  }
}

/** RFC 4616 §2: `[authzid] NUL authcid NUL passwd`, in UTF-8. */
function plain({ user, password }: Credentials): Mechanism {
  const initialResponse = Buffer.from(`\0${user}\0${password}`, 'utf8');
  return { name: 'PLAIN', initialResponse, complete: true, respond: () => null };
}

/**
 * draft-murchison-sasl-login: two challenges, whose text servers word as they like; the first asks for the user name,
 * the second for the password.
 */
function login({ user, password }: Credentials): Mechanism {
  const answers = [user, password];
  return {
    name: 'LOGIN',
    initialResponse: null,
    get complete() {
      return answers.length === 0;
    },
    respond: () => {
      const answer = answers.shift();
      return answer === undefined ? null : Buffer.from(answer, 'utf8');
    },
  };
}
