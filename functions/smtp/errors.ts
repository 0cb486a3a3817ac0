/**
 * One class for each thing that a caller does differently. `SmtpError` and its kin are about the connection and carry
 * the step at which it failed; `CommandError` and `MailDataError` are about what the caller asked for, and are thrown
 * before any octet of it leaves.
 */
import { escapeControls } from './printable.ts';
import { quotedReply, type Reply } from './reply.ts';

/** The steps of a session, in order; `idle` is between two mail transactions. */
export type Step =
  | 'connect'
  | 'TLS'
  | 'greeting'
  | 'EHLO'
  | 'HELO'
  | 'STARTTLS'
  | 'AUTH'
  | 'MAIL'
  | 'RCPT'
  | 'DATA'
  | 'mail data'
  | 'end of data'
  | 'RSET'
  | 'QUIT'
  | 'idle';

const ACTIONS: Record<Step, string> = {
  connect: 'connect',
  TLS: 'start TLS',
  greeting: 'open session',
  EHLO: 'introduce the client',
  HELO: 'introduce the client',
  STARTTLS: 'start TLS',
  AUTH: 'log in',
  MAIL: 'start mail transaction',
  RCPT: 'name recipient',
  DATA: 'start mail data',
  'mail data': 'send mail data',
  'end of data': 'end mail data',
  RSET: 'reset mail transaction',
  QUIT: 'close session',
  idle: 'keep the session open',
};

/** What the client was about at a step, as error messages begin: `Cannot start mail transaction: …`. */
export function cannot(step: Step, problem: string): string {
  return `Cannot ${ACTIONS[step]}: ${problem}`;
}

export interface Evidence {
  readonly step: Step;
  readonly reply?: Reply;
  readonly cause?: unknown;
}

/** What is wrong with a connection. After one of these is thrown, or returned, the connection is closed. */
export abstract class SmtpError extends Error {
  abstract readonly code: string;
  /** Where in the session it happened. */
  readonly step: Step;
  /** The server's own words, where it said any. */
  readonly reply?: Reply;

  constructor(problem: string, evidence: Evidence) {
    // Whatever of the server's words a problem quotes: in an error nothing acts on a terminal or ends a line.
    const message = escapeControls(cannot(evidence.step, problem));
    super(message, evidence.cause === undefined ? undefined : { cause: evidence.cause });
    this.step = evidence.step;
    if (evidence.reply !== undefined) this.reply = evidence.reply;
  }
}

/** No connection to the server came to be. */
export class ConnectError extends SmtpError {
  override readonly name = 'ConnectError';
  readonly code = 'ERR_SMTP_CONNECT';
}

/** The TLS handshake failed, or the certificate is not the server's own. */
export class TlsError extends SmtpError {
  override readonly name = 'TlsError';
  readonly code = 'ERR_SMTP_TLS';
}

/**
 * The settings ask for TLS, and there is none to be had; nothing was sent in clear. `reply` tells the two apart: it is the
 * server's refusal of STARTTLS (or of EHLO), of which a 4yz such as 454 may be otherwise later; absent where the server
 * offers no STARTTLS, or the settings would have sent credentials without TLS.
 */
export class TlsRequiredError extends SmtpError {
  override readonly name = 'TlsRequiredError';
  readonly code = 'ERR_SMTP_TLS_REQUIRED';
}

/** The login failed. `temporary`: the same credentials may be good later (RFC 4954 §6). */
export class AuthError extends SmtpError {
  override readonly name = 'AuthError';
  readonly code = 'ERR_SMTP_AUTH';
  readonly temporary: boolean;

  constructor(problem: string, evidence: Omit<Evidence, 'step'> & { temporary: boolean }) {
    super(problem, { step: 'AUTH', ...evidence });
    this.temporary = evidence.temporary;
  }
}

/** A valid reply, but not one that lets the session go on. */
export class UnexpectedReplyError extends SmtpError {
  override readonly name = 'UnexpectedReplyError';
  readonly code = 'ERR_SMTP_REPLY';
}

/** Octets that are no reply, or a reply that nobody asked for: client and server are no longer in step. */
export class ProtocolError extends SmtpError {
  override readonly name = 'ProtocolError';
  readonly code = 'ERR_SMTP_PROTOCOL';
}

/** The step's deadline passed. */
export class TimeoutError extends SmtpError {
  override readonly name = 'TimeoutError';
  readonly code = 'ERR_SMTP_TIMEOUT';
}

/** The connection ended, or the server announced that it ends it. */
export class ConnectionLostError extends SmtpError {
  override readonly name = 'ConnectionLostError';
  readonly code = 'ERR_SMTP_CONNECTION_LOST';
}

/** The caller's `release` did not let the end-of-mail-data indicator go. */
export class WithheldError extends SmtpError {
  override readonly name = 'WithheldError';
  readonly code = 'ERR_SMTP_WITHHELD';
}

/** A session's settings are not in order; nothing was connected. `field` names the one. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  readonly code = 'ERR_SMTP_SETTINGS';
  readonly field: string;
  /** What is wrong, as a sentence of which the field is the subject: `is empty`. */
  readonly problem: string;

  constructor(field: string, problem: string, options?: ErrorOptions) {
    super(`Cannot use settings: ${field} ${problem}`, options);
    this.field = field;
    this.problem = problem;
  }
}

/** The session has carried as much as the server allows one (RFC 9422); another session may take what this one does not. */
export class LimitError extends SmtpError {
  override readonly name = 'LimitError';
  readonly code = 'ERR_SMTP_LIMIT';
}

/** A command cannot be put into octets. `field` names the part of it that is not in order. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly code = 'ERR_SMTP_COMMAND';
  readonly field: string;

  constructor(field: string, problem: string) {
    super(`Cannot form command: ${field} ${problem}`);
    this.field = field;
  }
}

/** What in the mail data is not in order. */
export type MailDataField = 'line end' | 'NUL' | 'last line' | 'line length' | '8-bit' | 'size';

/** The mail data cannot be sent on this session. `offset`: the octet at fault, `null` where it is the whole. */
export class MailDataError extends Error {
  override readonly name = 'MailDataError';
  readonly code = 'ERR_SMTP_MAIL_DATA';
  readonly field: MailDataField;
  readonly offset: number | null;

  constructor(field: MailDataField, problem: string, offset: number | null = null) {
    super(`Cannot send mail data: ${problem}`);
    this.field = field;
    this.offset = offset;
  }
}

/** @param said what the client had sent, by the words of the conversation: `MAIL`, `AUTH PLAIN` */
export function unexpectedReply(step: Step, reply: Reply, wanted: string, said: string = step): UnexpectedReplyError {
  return new UnexpectedReplyError(`server replied ${quotedReply(reply)} to ${said}, ${wanted} is wanted`, {
    step,
    reply,
  });
}

/** The caller's no, or why it could not say yes. */
export function withheld(cause?: unknown): WithheldError {
  return new WithheldError('the caller withheld the end-of-mail-data indicator', { step: 'mail data', cause });
}
