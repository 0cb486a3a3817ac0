import { createHmac } from 'node:crypto';
import type { PasswordCredentials } from '../credentials.ts';
import { ChallengeError, decodedChallenge, type Mechanism, refuseChallenge } from './mechanism.ts';

/** RFC 2195 §2: the user name, and in hex the HMAC-MD5 of the challenge keyed by the password. */
export function cramMd5({ user, password }: PasswordCredentials): Mechanism {
  const secrets: string[] = [];
  return {
    name: 'CRAM-MD5',
    initialResponse: null,
    get complete() {
      return secrets.length > 0;
    },
    secrets,
    complaint: null,
    respond: (challenge) => {
      if (secrets.length > 0) refuseChallenge();
      const octets = decodedChallenge(challenge);
      if (octets.length === 0) throw new ChallengeError('with nothing in it');
      const digest = createHmac('md5', Buffer.from(password, 'utf8')).update(octets).digest('hex');
      secrets.push(digest);
      return Buffer.from(`${user} ${digest}`, 'utf8');
    },
  };
}
