/**
 * The servers, and what each of them offers: said here, so that an offer that goes missing is a failure and no smaller test.
 * How each is started stands in `servers/…/start.sh`.
 */
export const SECURITIES = ['none', 'starttls', 'implicit-tls'] as const;
export type Security = (typeof SECURITIES)[number];

/** EHLO keywords that this suite looks for; the others are no matter of a client that sends. */
export const KEYWORDS = [
  'PIPELINING',
  'CHUNKING',
  'BINARYMIME',
  '8BITMIME',
  'SMTPUTF8',
  'DSN',
  'SIZE',
  'DELIVERBY',
  'REQUIRETLS',
  'LIMITS',
  'MT-PRIORITY',
] as const;
export type Keyword = (typeof KEYWORDS)[number];

export interface ServerKind {
  readonly name: string;
  /** Of its start script, below `servers/`. */
  readonly folder: string;
  /** As which alice logs in. */
  readonly user: string;
  readonly keywords: readonly Keyword[];
  /** SASL mechanisms by the security of the session; where there is no entry, the server does not serve it. */
  readonly mechanisms: Readonly<Partial<Record<Security, readonly string[]>>>;
  /** Where messages are laid, below the server's folder. */
  readonly mail: string;
  /** The line ends in which they are stored. */
  readonly lineEnds: 'LF' | 'CRLF';
  /** What it says of `later@…`. */
  readonly later: 'deferred' | 'accepted';
  /** Whether its notifications name ENVID and ORCPT, as RFC 3464 wants it. */
  readonly reportsEnvelope: boolean;
  /** What the table says besides. */
  readonly remark?: string;
}

const SCRAM = ['SCRAM-SHA-1', 'SCRAM-SHA-256'];
const PASSWORD = ['PLAIN', 'LOGIN', 'CRAM-MD5'];

/** The same after STARTTLS and behind implicit TLS. */
const withTls = (mechanisms: readonly string[], inClear: readonly string[] = []) => ({
  none: inClear,
  starttls: mechanisms,
  'implicit-tls': mechanisms,
});

export const POSTFIX: ServerKind = {
  name: 'Postfix with Dovecot',
  folder: 'postfix',
  user: 'alice',
  keywords: ['PIPELINING', 'CHUNKING', '8BITMIME', 'SMTPUTF8', 'DSN', 'SIZE'],
  mechanisms: withTls([...PASSWORD, ...SCRAM]),
  mail: 'mail/all/new',
  lineEnds: 'LF',
  later: 'deferred',
  reportsEnvelope: true,
};

export const EXIM: ServerKind = {
  name: 'Exim',
  folder: 'exim',
  user: 'alice',
  keywords: ['PIPELINING', 'CHUNKING', '8BITMIME', 'SMTPUTF8', 'DSN', 'SIZE'],
  mechanisms: withTls(PASSWORD),
  mail: 'mail/new',
  lineEnds: 'LF',
  later: 'deferred',
  reportsEnvelope: true,
};

export const SENDMAIL: ServerKind = {
  name: 'sendmail',
  folder: 'sendmail',
  user: 'alice@mail.test',
  keywords: ['PIPELINING', '8BITMIME', 'DSN', 'SIZE', 'DELIVERBY'],
  mechanisms: withTls([...PASSWORD, ...SCRAM], ['CRAM-MD5', ...SCRAM]),
  mail: 'mail',
  lineEnds: 'LF',
  later: 'deferred',
  reportsEnvelope: true,
};

export const OPENSMTPD: ServerKind = {
  name: 'OpenSMTPD',
  folder: 'opensmtpd',
  user: 'alice',
  keywords: ['8BITMIME', 'DSN', 'SIZE'],
  mechanisms: { none: [] },
  mail: 'mail/new',
  lineEnds: 'LF',
  later: 'accepted',
  reportsEnvelope: false,
  remark: "In clear only: Debian's build fails every TLS handshake (OpenSSL 3), and offers AUTH under TLS alone.",
};

export const HARAKA: ServerKind = {
  name: 'Haraka',
  folder: 'haraka',
  user: 'alice',
  keywords: ['PIPELINING', '8BITMIME', 'SMTPUTF8', 'SIZE'],
  mechanisms: withTls(PASSWORD, PASSWORD),
  mail: 'mail',
  lineEnds: 'CRLF',
  later: 'deferred',
  reportsEnvelope: true,
  remark:
    'It refuses what comes behind an end of data before its reply, against RFC 2920 §3.1: envelopes wait for it here. ' +
    'Its limit of 992 octets a line, above which it folds, is raised to what RFC 5321 allows.',
};

export const SMTP_SERVER: ServerKind = {
  name: 'smtp-server',
  folder: 'smtp-server',
  user: 'alice',
  keywords: ['PIPELINING', '8BITMIME', 'SMTPUTF8', 'SIZE'],
  mechanisms: withTls([...PASSWORD, 'XOAUTH2'], [...PASSWORD, 'XOAUTH2']),
  mail: 'mail',
  lineEnds: 'CRLF',
  later: 'deferred',
  reportsEnvelope: true,
};

export const AIOSMTPD: ServerKind = {
  name: 'aiosmtpd',
  folder: 'aiosmtpd',
  user: 'alice',
  keywords: ['8BITMIME', 'SMTPUTF8', 'SIZE'],
  mechanisms: withTls(['PLAIN', 'LOGIN']),
  mail: 'mail',
  lineEnds: 'CRLF',
  later: 'deferred',
  reportsEnvelope: true,
};
