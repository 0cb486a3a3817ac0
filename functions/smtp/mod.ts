/**
 * SMTP as a client speaks it (RFC 5321), in the order of a mail's way:
 *
 * 1. `openSession` connects, takes TLS on, introduces the client and logs in (`session`, `opening`, `login`, `sasl`).
 * 2. `Session.transact` looks at envelope and mail data in full (`envelope`, `transparency`), then runs one mail
 *    transaction, and says of each recipient what became of it (`transaction`).
 * 3. Both speak through one `dialogue`, which keeps client and server in step: commands pass the gate in `command`,
 *    replies come from `reply-parser`, each step has its deadline from `timeouts`.
 * 4. Octets travel over a `wire`, the only owner of a socket. What was said is shown by `transcript`, without secrets.
 *
 * Failed connections are `SmtpError`s, what happens to recipients are values.
 */
export type { Release } from './advance.ts';
export type { PeerCertificate } from './certificate.ts';
export type { ChannelBinding } from './channel-binding.ts';
export type { ClientCertificate } from './client-certificate.ts';
export { Command } from './command.ts';
export type {
  Credentials,
  ExternalCredentials,
  PasswordCredentials,
  TokenCredentials,
  TokenSource,
} from './credentials.ts';
export type { DsnRequest, Envelope } from './envelope.ts';
export {
  AuthError,
  CommandError,
  ConnectError,
  ConnectionLostError,
  LimitError,
  MailDataError,
  type MailDataField,
  ProtocolError,
  SettingsError,
  SmtpError,
  type Step,
  TimeoutError,
  TlsError,
  TlsRequiredError,
  UnexpectedReplyError,
  unexpectedReply,
  WithheldError,
} from './errors.ts';
export { type Extensions, type Limits, parseExtensions } from './extensions.ts';
export type { DeliverBy, MailParameters, Notify, RcptParameters } from './parameters.ts';
export { type Place, Pool, type PoolOptions } from './pool.ts';
export { parseProxy } from './proxy.ts';
export type { RecipientResult } from './reckoning.ts';
export { type Reply, replyText, type Severity, severityOf } from './reply.ts';
export { type ReceivedReply, ReplyParser } from './reply-parser.ts';
export { MECHANISM_NAMES, type MechanismName } from './sasl/mechanism.ts';
export type { Random } from './sasl.ts';
export {
  DEFAULT_DEPTH,
  openSession,
  type Session,
  type SessionMode,
  type SessionOptions,
  type TransactionOptions,
  type TransactionResult,
} from './session.ts';
export { checkSettings, type OptionalExtension, type SessionSettings } from './settings.ts';
export { DEFAULT_TIMEOUTS, pause, type SessionTime, type Timeouts } from './timeouts.ts';
export type { Recorder, TranscriptRecord } from './transcript.ts';
export { END_OF_MAIL_DATA, type MailData, type TransparentData, transparent } from './transparency.ts';
export { type Connect, connectTcp, type Wire, type WireEvents, type WireTarget } from './wire.ts';
