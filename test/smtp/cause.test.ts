import { describe, expect, it } from 'vitest';
import { whyOf } from '../../functions/smtp/cause.ts';

function failure(message: string, properties: object = {}): Error {
  return Object.assign(new Error(message), properties);
}

const OPENSSL =
  '40ADE1E8A27F0000:error:0A00010B:SSL routines:tls_validate_record_header:wrong version number:a.c:77:\n';

describe('whyOf', () => {
  it.each([
    [failure(OPENSSL, { library: 'SSL routines', reason: 'wrong version number' }), 'wrong version number'],
    [failure(OPENSSL), 'wrong version number'],
    [failure(`write EPROTO ${OPENSSL}`, { code: 'EPROTO' }), 'wrong version number'],
    [failure('read ECONNRESET', { code: 'ECONNRESET' }), 'read ECONNRESET'],
    [
      failure('self-signed certificate; if the root CA is installed locally, try running Node.js with --use-system-ca'),
      'self-signed certificate',
    ],
    [
      failure("Hostname/IP does not match certificate's altnames: Host: a. is not in b", { reason: 'Host: a.' }),
      "Hostname/IP does not match certificate's altnames: Host: a. is not in b",
    ],
    [new AggregateError([failure('connect ECONNREFUSED ::1:25'), failure('other')]), 'connect ECONNREFUSED ::1:25'],
    [new AggregateError([], 'nothing tried'), 'nothing tried'],
  ])('%# gives the reason alone', (cause, why) => {
    expect(whyOf(cause)).toBe(why);
  });
});
