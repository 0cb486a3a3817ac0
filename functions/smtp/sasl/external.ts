import type { ExternalCredentials } from '../credentials.ts';
import { saslprep } from '../saslprep.ts';
import { type Mechanism, refuseChallenge } from './mechanism.ts';

/** RFC 4422 Appendix A: who the client is has been proved elsewhere; the response names whom it acts for, or nobody. */
export function external({ user = '' }: ExternalCredentials): Mechanism {
  return {
    name: 'EXTERNAL',
    // RFC 4954 §4: prepared before it is sent.
    initialResponse: Buffer.from(user === '' ? '' : saslprep('user', user), 'utf8'),
    complete: true,
    secrets: [],
    complaint: null,
    respond: refuseChallenge,
  };
}
