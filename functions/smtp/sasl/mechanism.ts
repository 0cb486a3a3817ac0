/**
 * A SASL mechanism (RFC 4422) as a value that answers challenges. It knows nothing of SMTP: `login.ts` carries its octets.
 * One to which a server proves itself (SCRAM) is `complete` only after the proof.
 */

/** Best first; those that tell a server no secret come before those that do. `sasl.ts` says which credentials each takes. */
export const MECHANISM_NAMES = [
  'SCRAM-SHA-256-PLUS',
  'SCRAM-SHA-256',
  'SCRAM-SHA-1-PLUS',
  'SCRAM-SHA-1',
  'OAUTHBEARER',
  'XOAUTH2',
  'EXTERNAL',
  'PLAIN',
  'LOGIN',
  // Last, although the password is not said: it has the server keep the password itself, and over TLS gains nothing.
  'CRAM-MD5',
] as const;

export type MechanismName = (typeof MECHANISM_NAMES)[number];

export interface Mechanism {
  /** As in the server's EHLO reply. */
  readonly name: MechanismName;
  /** Sent along with AUTH, or in answer to an empty challenge; `null` where the server challenges first. */
  readonly initialResponse: Uint8Array | null;
  /** Whether a 235 may end the exchange now. */
  readonly complete: boolean;
  /** What it has said by now that no record may show, as it stands in the response: a token, a proof, a digest. */
  readonly secrets: readonly string[];
  /** Why the server refuses, where it has said so within the exchange, by a word that the mechanism's RFC knows. */
  readonly complaint: string | null;
  /**
   * @param challenge the text of a 334 reply: base64
   * @returns the answer
   * @throws ChallengeError where none is foreseen, and the exchange is to be given up
   */
  respond(challenge: string): Uint8Array | Promise<Uint8Array>;
}

/** A challenge that is none, or that is wrong at this place. `problem` says what is, after "a challenge"; it quotes nothing. */
export class ChallengeError extends Error {
  override readonly name = 'ChallengeError';
  readonly problem: string;

  constructor(problem: string) {
    super(`Cannot answer challenge: ${problem}`);
    this.problem = problem;
  }
}

/** RFC 4954 §4: what is no base64, in every character, is answered by giving up. @throws ChallengeError */
export function decodedChallenge(challenge: string): Buffer {
  const octets = decodedBase64(challenge);
  if (octets === null) throw new ChallengeError('that is no base64');
  return octets;
}

/** @returns `null` for what is not exactly the base64 of some octets (RFC 4648 §3.2, §3.3, §3.5) */
export function decodedBase64(text: string): Buffer | null {
  const octets = Buffer.from(text, 'base64');
  return octets.toString('base64') === text ? octets : null;
}

/** For mechanisms that have said everything: whatever is asked now is not theirs to answer. */
export function refuseChallenge(): never {
  throw new ChallengeError('where none is foreseen');
}
