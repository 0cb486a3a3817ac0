import type { PasswordCredentials } from '../credentials.ts';
import { type Mechanism, refuseChallenge } from './mechanism.ts';

/** RFC 4616 §2: `[authzid] NUL authcid NUL passwd`, in UTF-8, and prepared by the server. */
export function plain({ user, password }: PasswordCredentials): Mechanism {
  return {
    name: 'PLAIN',
    initialResponse: Buffer.from(`\0${user}\0${password}`, 'utf8'),
    complete: true,
    secrets: [password],
    complaint: null,
    respond: refuseChallenge,
  };
}
