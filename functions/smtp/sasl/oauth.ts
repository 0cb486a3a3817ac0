/**
 * An OAuth 2.0 bearer token as login (RFC 7628, and what was there before it). A server that refuses the token says why in
 * a challenge; it is answered so that the exchange can end, and ends in a refusal, whatever the server says then.
 */
import { saslprep } from '../saslprep.ts';
import { ChallengeError, decodedChallenge, type Mechanism, type MechanismName, refuseChallenge } from './mechanism.ts';
import { saslName } from './sasl-name.ts';

export interface Bearer {
  readonly user: string;
  readonly token: string;
}

/** RFC 7628 §3.1: a GS2 header with the authorization identity, then key/value pairs, each ended by U+0001. */
export function oauthBearer({ user, token }: Bearer, server: { host: string; port: number }): Mechanism {
  const pairs = [`host=${server.host}`, `port=${server.port}`, `auth=Bearer ${token}`];
  const message = `n,a=${saslName(saslprep('user', user))},\u0001${pairs.join('\u0001')}\u0001\u0001`;
  // RFC 7628 §3.2.3: one U+0001 lets the server finish.
  return bearerMechanism('OAUTHBEARER', token, message, '\u0001');
}

/** As Google and Microsoft describe it; the challenge with the error is answered by an empty line. */
export function xoauth2({ user, token }: Bearer): Mechanism {
  return bearerMechanism('XOAUTH2', token, `user=${user}\u0001auth=Bearer ${token}\u0001\u0001`, '');
}

function bearerMechanism(name: MechanismName, token: string, message: string, finish: string): Mechanism {
  let complaint: string | null = null;
  return {
    name,
    initialResponse: Buffer.from(message, 'utf8'),
    get complete() {
      return complaint === null;
    },
    secrets: [token],
    get complaint() {
      return complaint;
    },
    respond: (challenge) => {
      if (complaint !== null) refuseChallenge();
      complaint = statusIn(decodedChallenge(challenge).toString('utf8'));
      return Buffer.from(finish, 'latin1');
    },
  };
}

/**
 * RFC 7628 §3.2.2: `{"status":"invalid_token", …}`; others have the HTTP status there. What is no such word is not repeated.
 * @throws ChallengeError
 */
function statusIn(text: string): string {
  const error = parsed(text);
  if (typeof error !== 'object' || error === null) throw new ChallengeError('that is no OAuth error');
  const status = 'status' in error ? error.status : undefined;
  const isWord = typeof status === 'number' || (typeof status === 'string' && /^[a-z0-9_]{1,32}$/.test(status));
  return isWord ? String(status) : 'for no known reason';
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
