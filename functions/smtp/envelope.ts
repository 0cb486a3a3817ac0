/**
 * A mail transaction, looked at in full before its first octet is sent, and put into the words of this session's server.
 *
 * What the caller asks for and the server does not offer (RFC 5321 §2.2.2: then it is not said):
 *
 * | asked for | not offered |
 * |---|---|
 * | addresses or a header beyond ASCII (SMTPUTF8) | refused: RFC 6531 §3.2 |
 * | octets above 127 (8BITMIME) | refused: RFC 6152 §3 |
 * | `binary` content that is none in lines (BINARYMIME with CHUNKING) | refused: RFC 3030 §3 |
 * | `requireTls`, also where there is no TLS | refused: RFC 8689 §4.2.1 |
 * | `deliverBy`, also where the server wants more time for a return | refused: nobody would keep the time (RFC 2852 §4) |
 * | `dsn` | not said: RFC 3461 §5.2.2 (a). Mail goes on, notifications come as they do without it |
 * | `priority` | not said: it changes when the mail arrives, not whether (RFC 6710) |
 * | `submitter` | not said: it is for servers that know it (RFC 4954 §5) |
 *
 * More recipients than the server's LIMITS name (RFC 9422) are refused, and so is a mail above its SIZE (RFC 1870).
 */
import { Command } from './command.ts';
import { CommandError, MailDataError } from './errors.ts';
import type { Extensions } from './extensions.ts';
import type { DeliverBy, MailParameters, Notify } from './parameters.ts';
import { isBeyondAscii } from './path.ts';
import { asBinary, type MailData, type TransparentData, transparent } from './transparency.ts';
import { hasUtf8Header } from './utf8-header.ts';

/** Who the mail is from and for, by RFC 5321 §3.3. Mailboxes as `local-part@domain`, without angle brackets. */
export interface Envelope {
  /** Where bounces go; the empty string for `<>`. */
  readonly reversePath: string;
  /** One at least; each gets a result of its own. */
  readonly forwardPaths: readonly string[];
  /** Delivery status notifications; default: as the server does without being asked. */
  readonly dsn?: DsnRequest;
  /** Each server on the way must have TLS, or give the mail back (RFC 8689). Default false. */
  readonly requireTls?: boolean;
  /** Until when it must have arrived (RFC 2852). Default: whenever. */
  readonly deliverBy?: DeliverBy;
  /** -9, the least, to 9 (RFC 6710). Default: none is named. */
  readonly priority?: number;
  /** `<>`: nobody vouches for who submitted the mail (RFC 4954 §5). Default: nothing is said. */
  readonly submitter?: '<>';
}

/** RFC 3461. All are absent by default. */
export interface DsnRequest {
  readonly ret?: 'FULL' | 'HDRS';
  /** By which the sender knows the transaction again: printable ASCII, up to 100 characters once it is encoded. */
  readonly envid?: string;
  readonly notify?: Notify;
  /** Whether notifications name each recipient as in the forward-path. */
  readonly orcpt?: boolean;
}

/** A mail transaction that is in order in every part: what is left to do is to say it. */
export interface PreparedTransaction {
  readonly mail: Command;
  /** In the order of the envelope's forward-paths. */
  readonly recipients: readonly Command[];
  readonly data: TransparentData;
}

/** The session's server, as far as it decides about a mail. */
export interface Server {
  readonly extensions: Extensions;
  /** How errors call it. */
  readonly name: string;
  /** TLS stands, and the certificate was verified. */
  readonly secured: boolean;
  /** Mail data goes by BDAT. */
  readonly chunking: boolean;
}

/**
 * Looks at all of a transaction before its first octet is sent.
 * @param session default: a server without TLS, to which mail data goes by DATA
 * @throws CommandError where the envelope is not in order, or asks for what this server cannot do
 * @throws MailDataError where the mail data is not, or this server cannot take it
 */
export function prepare(
  envelope: Envelope,
  data: MailData,
  extensions: Extensions,
  session: Partial<Omit<Server, 'extensions'>> = {},
): PreparedTransaction {
  const server: Server = { name: 'the server', secured: false, chunking: false, ...session, extensions };
  checkPromises(envelope, server);
  const hasUtf8Path = checkUtf8Paths(envelope, server);
  const { ready, body } = contentFor(server, data);
  const smtpUtf8 = hasUtf8Path || needsUtf8Header(ready, server);
  const dsn = extensions.has('DSN') ? envelope.dsn : undefined;
  const parameters = { smtpUtf8, notify: dsn?.notify, orcpt: dsn?.orcpt };
  const recipients = envelope.forwardPaths.map((path) => Command.rcpt(path, parameters));
  checkLimits(envelope.forwardPaths, server);
  const mail = Command.mail(envelope.reversePath, {
    body,
    size: extensions.has('SIZE') ? ready.size : undefined,
    smtpUtf8,
    ret: dsn?.ret,
    envid: dsn?.envid,
    requireTls: envelope.requireTls,
    deliverBy: envelope.deliverBy,
    priority: extensions.has('MT-PRIORITY') ? envelope.priority : undefined,
    auth: extensions.has('AUTH') ? envelope.submitter : undefined,
  });
  return { mail, recipients, data: ready };
}

/** RFC 9422 §4: what the server names in advance it need not refuse one by one. */
function checkLimits(forwardPaths: readonly string[], { extensions, name }: Server): void {
  const count = forwardPaths.length;
  if (count === 0) throw new CommandError('forward-path', 'is missing, one at least is wanted');
  const { rcptMax, rcptDomainMax } = extensions.limits;
  if (rcptMax !== null && count > rcptMax) {
    throw new CommandError('forward-path', `is one of ${count}, and ${name} takes ${rcptMax} at most (RCPTMAX)`);
  }
  if (rcptDomainMax === null || count <= rcptDomainMax) return;
  const domains = new Set(domainsOf(forwardPaths));
  if (domains.size <= rcptDomainMax) return;
  throw new CommandError(
    'forward-path',
    `is in one of ${domains.size} domains, and ${name} takes ${rcptDomainMax} at most (RCPTDOMAINMAX)`,
  );
}

/** One for each path; the last "@", for a quoted local part may hold others. */
export function domainsOf(forwardPaths: readonly string[]): string[] {
  return forwardPaths.map((path) => path.slice(path.lastIndexOf('@') + 1).toLowerCase());
}

/** What the caller relies on: a mail that would travel without it is not sent. */
function checkPromises({ requireTls, deliverBy }: Envelope, { extensions, name, secured }: Server): void {
  if (requireTls !== undefined && requireTls !== false) {
    if (!secured) throw new CommandError('REQUIRETLS', 'needs a connection with TLS');
    if (!extensions.has('REQUIRETLS')) throw new CommandError('REQUIRETLS', `is not offered by ${name}`);
  }
  if (deliverBy === undefined) return;
  if (!extensions.has('DELIVERBY')) throw new CommandError('BY', `needs DELIVERBY, which ${name} does not offer`);
  const least = extensions.minDeliverBySeconds;
  if (least !== null && deliverBy?.mode === 'return' && deliverBy.seconds < least) {
    throw new CommandError('BY', `is sooner than the ${least} seconds that ${name} wants at least`);
  }
}

function contentFor(server: Server, data: MailData): { ready: TransparentData; body: MailParameters['body'] } {
  const { extensions, name } = server;
  const ready = data.binary === true ? linesOrBinary(server, data) : transparent(data);
  // RFC 1870 §4: what is larger than the limit would only be refused, after all of it was sent.
  if (extensions.sizeLimit !== null && ready.size > extensions.sizeLimit) {
    throw new MailDataError('size', `it has ${ready.size} octets, ${name} takes ${extensions.sizeLimit} at most`);
  }
  if (ready.isBinary) return { ready, body: 'BINARYMIME' };
  if (ready.sevenBit) return { ready, body: undefined };
  // RFC 6152 §3: not without the server's word that it takes it.
  if (!extensions.has('8BITMIME')) {
    throw new MailDataError('8-bit', `an octet is above 127, and ${name} does not offer 8BITMIME`);
  }
  return { ready, body: '8BITMIME' };
}

/** RFC 3030 §3: what is in lines after all goes like any other mail. */
function linesOrBinary({ extensions, name, chunking }: Server, data: MailData): TransparentData {
  try {
    return transparent(data);
  } catch (error) {
    if (!(error instanceof MailDataError)) throw error;
    if (chunking && extensions.has('BINARYMIME')) return asBinary(data);
    throw new MailDataError(
      error.field,
      `it is binary, which ${name} does not take (BINARYMIME, by BDAT)`,
      error.offset,
    );
  }
}

/** RFC 6531 §3.4: SMTPUTF8 is said where paths or header need it, and nowhere else. @returns whether paths do */
function checkUtf8Paths({ reversePath, forwardPaths }: Envelope, { extensions, name }: Server): boolean {
  const field = forwardPaths.some(isBeyondAscii) ? 'forward-path' : 'reverse-path';
  if (field === 'reverse-path' && !isBeyondAscii(reversePath)) return false;
  if (!extensions.has('SMTPUTF8')) throw new CommandError(field, `needs SMTPUTF8, which ${name} does not offer`);
  return true;
}

function needsUtf8Header({ sevenBit, content }: TransparentData, { extensions, name }: Server): boolean {
  if (sevenBit || !hasUtf8Header(content)) return false;
  if (extensions.has('SMTPUTF8')) return true;
  throw new MailDataError('8-bit', `the header needs SMTPUTF8, which ${name} does not offer`);
}
