import type { PasswordCredentials } from '../credentials.ts';
import { ChallengeError, decodedChallenge, type Mechanism, refuseChallenge } from './mechanism.ts';

/**
 * draft-murchison-sasl-login: two challenges, whose text servers word as they like; the first asks for the user name,
 * the second for the password. Where it plainly asks for the other one, neither is said.
 */
export function login({ user, password }: PasswordCredentials): Mechanism {
  const answers = [
    { text: user, other: /^pass/i },
    { text: password, other: /^user/i },
  ];
  return {
    name: 'LOGIN',
    initialResponse: null,
    get complete() {
      return answers.length === 0;
    },
    secrets: [password],
    complaint: null,
    respond: (challenge) => {
      const asked = decodedChallenge(challenge).toString('latin1');
      const answer = answers.shift() ?? refuseChallenge();
      if (answer.other.test(asked)) throw new ChallengeError('that asks for user and password in the wrong order');
      return Buffer.from(answer.text, 'utf8');
    },
  };
}
