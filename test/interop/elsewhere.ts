/** What the engine does and none of the servers here has, and where it is proved instead. Paths are from the project's root. */
export interface Elsewhere {
  readonly what: string;
  /** How it is proved. */
  readonly by: string;
  readonly file: string;
  /** A word of the file by which its test is found. */
  readonly word: string;
}

export const ELSEWHERE: readonly Elsewhere[] = [
  {
    what: 'AUTH SCRAM-SHA-256-PLUS, SCRAM-SHA-1-PLUS',
    by: 'both bindings on real TLS connections, against a SCRAM server of the tests',
    file: 'test/smtp/sasl/channel-binding.test.ts',
    word: 'SCRAM-SHA-256-PLUS',
  },
  {
    what: 'AUTH OAUTHBEARER',
    by: 'the example of RFC 7628, octet for octet',
    file: 'test/smtp/sasl/vectors.test.ts',
    word: 'OAUTHBEARER',
  },
  {
    what: 'AUTH OAUTHBEARER and XOAUTH2, the token refreshed',
    by: 'conversations',
    file: 'test/smtp/sasl/token.test.ts',
    word: 'asks for a newer token once',
  },
  { what: 'AUTH EXTERNAL', by: 'conversations', file: 'test/smtp/sasl/exchange.test.ts', word: 'EXTERNAL' },
  {
    what: 'a client certificate in the handshake',
    by: 'a TLS server of the tests that asks for it',
    file: 'test/smtp/client-certificate.test.ts',
    word: 'is shown to a server that asks for it',
  },
  {
    what: 'REQUIRETLS (RFC 8689)',
    by: 'what is sent, and what is refused before sending',
    file: 'test/smtp/envelope.test.ts',
    word: 'REQUIRETLS',
  },
  {
    what: 'LIMITS (RFC 9422): RCPTMAX, RCPTDOMAINMAX',
    by: 'what is refused before sending',
    file: 'test/smtp/envelope.test.ts',
    word: 'RCPTMAX',
  },
  { what: 'LIMITS: MAILMAX', by: 'sessions that are closed in time', file: 'test/smtp/pool.test.ts', word: 'MAILMAX' },
  {
    what: 'BINARYMIME (RFC 3030)',
    by: 'content with NUL, bare CR and LF by BDAT',
    file: 'test/smtp/envelope.test.ts',
    word: 'BINARYMIME',
  },
  {
    what: 'MT-PRIORITY (RFC 6710)',
    by: 'what is sent',
    file: 'test/smtp/parameters.test.ts',
    word: 'MT-PRIORITY',
  },
  {
    what: 'a proxy on the way',
    by: 'SOCKS and HTTP proxies of the tests',
    file: 'test/smtp/proxy.test.ts',
    word: 'a %s proxy',
  },
];
