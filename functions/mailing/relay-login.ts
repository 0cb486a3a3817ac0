/** The login that a relay's URL says: what stands before the host, read by the mechanism that `auth` names. */
import { MECHANISM_NAMES, type MechanismName, type SessionSettings, type TokenSource } from '#smtp';
import { RelayError } from './relay-error.ts';

/** For the URL's parameter `auth`, in any case of its letters. */
export const AUTH: readonly [RegExp, string] = [
  new RegExp(`^(?:${MECHANISM_NAMES.join('|')})$`, 'i'),
  MECHANISM_NAMES.join(', ').replace(/, (?=[^,]+$)/, ' or '),
];

/**
 * With `auth=OAUTHBEARER` or `XOAUTH2` the password is an access token, and lasts as long as it lasts; with `auth=EXTERNAL`
 * there is no password, and the user, where there is one, is whom the client acts for. Any other mechanism takes user and
 * password, and so does the best one, where none is named.
 * @param url parts of the URL, decoded; empty where it has none
 * @throws RelayError that never quotes the password
 */
export function loginOf(url: {
  readonly user: string;
  readonly password: string;
  readonly auth: string | undefined;
}): Pick<SessionSettings, 'credentials' | 'mechanism'> {
  const { user, password, auth } = url;
  const mechanism = MECHANISM_NAMES.find((name) => name === auth?.toUpperCase());
  if (mechanism === 'EXTERNAL') {
    if (password !== '') throw new RelayError('the URL has a password, and auth=EXTERNAL takes none');
    return { mechanism, credentials: { external: true, ...(user === '' ? {} : { user }) } };
  }
  if ((user === '') !== (password === ''))
    throw new RelayError('the URL has only one of user and password, wanted both or none');
  if (mechanism === undefined) return user === '' ? {} : { credentials: { user, password } };
  if (user === '') throw new RelayError(`the URL names ${mechanism}, and no ${wantedBy(mechanism)}`);
  return { mechanism, credentials: isForTokens(mechanism) ? { user, token: only(password) } : { user, password } };
}

function isForTokens(mechanism: MechanismName): boolean {
  return mechanism === 'OAUTHBEARER' || mechanism === 'XOAUTH2';
}

function wantedBy(mechanism: MechanismName): string {
  return isForTokens(mechanism) ? 'user and access token' : 'user and password';
}

/** A URL has one token: there is no newer one to be had from it. */
function only(token: string): TokenSource {
  return async ({ refresh }) => {
    if (refresh) throw new RelayError('its URL has one access token, and the relay has refused it');
    return token;
  };
}
