import { Command } from './command.ts';
import { CommandError, MailDataError } from './errors.ts';
import type { Extensions } from './extensions.ts';
import { type MailData, type TransparentData, transparent } from './transparency.ts';

/** Who the mail is from and for, by RFC 5321 §3.3. Mailboxes as `local-part@domain`, without angle brackets. */
export interface Envelope {
  /** Where bounces go; the empty string for `<>`. */
  readonly reversePath: string;
  /** One at least; each gets a result of its own. */
  readonly forwardPaths: readonly string[];
}

/** A mail transaction that is in order in every part: what is left to do is to say it. */
export interface PreparedTransaction {
  readonly mail: Command;
  /** In the order of the envelope's forward-paths. */
  readonly recipients: readonly Command[];
  readonly data: TransparentData;
  /** The mail data as it is, for BDAT (RFC 3030 §2: no transparency there); empty pieces left out. */
  readonly content: readonly Uint8Array[];
}

/**
 * Looks at all of a transaction before its first octet is sent.
 * @throws CommandError where the envelope is not in order
 * @throws MailDataError where the mail data is not, or this server cannot take it
 */
export function prepare(envelope: Envelope, data: MailData, extensions: Extensions): PreparedTransaction {
  if (envelope.forwardPaths.length === 0) throw new CommandError('forward-path', 'is missing, one at least is wanted');
  const recipients = envelope.forwardPaths.map((path) => Command.rcpt(path));
  const ready = transparent(data);
  const eightBit = !ready.sevenBit;
  // RFC 6152 §3: not without the server's word that it takes it.
  if (eightBit && !extensions.has('8BITMIME')) {
    throw new MailDataError('8-bit', 'an octet is above 127, and the server does not offer 8BITMIME');
  }
  // RFC 1870 §4: what is larger than the limit would only be refused, after all of it was sent.
  if (extensions.sizeLimit !== null && ready.size > extensions.sizeLimit) {
    throw new MailDataError('size', `it has ${ready.size} octets, the server takes ${extensions.sizeLimit} at most`);
  }
  const mail = Command.mail(envelope.reversePath, {
    eightBit,
    ...(extensions.has('SIZE') ? { size: ready.size } : {}),
  });
  return { mail, recipients, data: ready, content: data.pieces.filter((piece) => piece.length > 0) };
}
