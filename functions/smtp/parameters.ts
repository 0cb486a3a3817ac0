/**
 * What MAIL and RCPT may say beside their path: the ESMTP parameters of the extensions. Each is looked at here, whatever its
 * type claims, and each has a form of its own, in which nothing else can be said. Whether the server offers them is the
 * caller's to know (RFC 5321 §2.2.2): see `envelope`.
 *
 * None lets a MAIL command grow beyond the 512 octets of RFC 5321 §4.5.3.1.4: with the longest path it has 268, and all
 * parameters together add 215. ORCPT alone is allowed to be longer (RFC 3461 §4.2).
 */
import { CommandError } from './errors.ts';
import { check, isBeyondAscii } from './path.ts';

/** Parameters of MAIL. All are absent by default. */
export interface MailParameters {
  /** RFC 6152 §2, RFC 3030 §3. */
  readonly body?: '7BIT' | '8BITMIME' | 'BINARYMIME' | undefined;
  /** Octets of the mail data (RFC 1870 §6). */
  readonly size?: number | undefined;
  /** Paths, or the header, go beyond ASCII (RFC 6531 §3.4). */
  readonly smtpUtf8?: boolean | undefined;
  /** How much of the mail a notification of failure brings back (RFC 3461 §4.3): all of it, or its header. */
  readonly ret?: 'FULL' | 'HDRS' | undefined;
  /** Comes back in notifications: printable ASCII, 100 characters at the most once it is encoded (RFC 3461 §4.4). */
  readonly envid?: string | undefined;
  /** RFC 8689 §2. */
  readonly requireTls?: boolean | undefined;
  readonly deliverBy?: DeliverBy | undefined;
  /** From -9 to 9 (RFC 6710). */
  readonly priority?: number | undefined;
  /** Nobody is named as who submitted the mail (RFC 4954 §5). */
  readonly auth?: '<>' | undefined;
}

/** RFC 2852 §4. */
export interface DeliverBy {
  /** From now on; whole. In the mode `notify` it may be 0 or past. */
  readonly seconds: number;
  /** What happens when it is late: the mail comes back undelivered, or a notice comes and it goes on. */
  readonly mode: 'return' | 'notify';
  /** Relays that do not know DELIVERBY are told of. Default false. */
  readonly trace?: boolean;
}

/** When a notification is wanted; `NEVER` stands alone (RFC 3461 §4.1). */
export type Notify = 'NEVER' | readonly ('SUCCESS' | 'FAILURE' | 'DELAY')[];

/** Parameters of RCPT. All are absent by default. */
export interface RcptParameters {
  /** The path may go beyond ASCII: MAIL said SMTPUTF8. */
  readonly smtpUtf8?: boolean | undefined;
  readonly notify?: Notify | undefined;
  /** Names the recipient as the sender knows it: where mail is submitted, the path itself (RFC 3461 §4.2). */
  readonly orcpt?: boolean | undefined;
}

/** Each with a space before it. @throws CommandError that names the parameter */
export function mailParameters(parameters: MailParameters): string {
  const { body, size, smtpUtf8, ret, envid, requireTls, deliverBy, priority, auth } = parameters;
  let text = '';
  if (body !== undefined) text += ` BODY=${oneOf('BODY', body, BODIES)}`;
  if (size !== undefined) text += ` SIZE=${octetCount('SIZE', size)}`;
  if (flag('SMTPUTF8', smtpUtf8)) text += ' SMTPUTF8';
  if (ret !== undefined) text += ` RET=${oneOf('RET', ret, RETURNS)}`;
  if (envid !== undefined) text += ` ENVID=${envidValue(envid)}`;
  if (flag('REQUIRETLS', requireTls)) text += ' REQUIRETLS';
  if (deliverBy !== undefined) text += ` BY=${deliverByValue(deliverBy)}`;
  if (priority !== undefined) text += ` MT-PRIORITY=${priorityValue(priority)}`;
  if (auth !== undefined) text += ` AUTH=${oneOf('AUTH', auth, SUBMITTERS)}`;
  return text;
}

/** Each with a space before it. @param path in order already @throws CommandError that names the parameter */
export function rcptParameters(path: string, { notify, orcpt }: RcptParameters): string {
  const notified = notify === undefined ? '' : ` NOTIFY=${notifyValue(notify)}`;
  return flag('ORCPT', orcpt) ? `${notified} ${orcptParameter(path)}` : notified;
}

const BODIES: readonly string[] = ['7BIT', '8BITMIME', 'BINARYMIME'];
const RETURNS: readonly string[] = ['FULL', 'HDRS'];
const SUBMITTERS: readonly string[] = ['<>'];
const OCCASIONS: readonly string[] = ['SUCCESS', 'FAILURE', 'DELAY'];

/** By identity: what would only become one of them when it is turned into text is none. */
function oneOf(field: string, value: string, values: readonly string[]): string {
  if (!values.includes(value)) throw new CommandError(field, `is none of ${values.join(', ')}`);
  return value;
}

function flag(field: string, value: boolean | undefined): boolean {
  if (value !== undefined && typeof value !== 'boolean') throw new CommandError(field, 'is neither true nor false');
  return value === true;
}

export function octetCount(field: string, octets: number): string {
  if (!Number.isSafeInteger(octets) || octets < 0) throw new CommandError(field, 'is no count of octets');
  return String(octets);
}

/** RFC 3461 §4.4: 100 characters; that is what the value may have. */
const MAX_ENVID = 100;

function envidValue(envid: string): string {
  check('ENVID', envid, (text) => text !== '', 'is empty');
  const value = xtext(envid);
  if (value.length > MAX_ENVID) throw new CommandError('ENVID', `is longer than ${MAX_ENVID} octets`);
  return value;
}

const MAX_SECONDS = 999_999_999;

function deliverByValue(deliverBy: DeliverBy): string {
  if (typeof deliverBy !== 'object' || deliverBy === null) throw new CommandError('BY', 'is no time and mode');
  const { seconds, mode, trace } = deliverBy;
  if (!Number.isSafeInteger(seconds) || Math.abs(seconds) > MAX_SECONDS) {
    throw new CommandError('BY', `is no count of seconds up to ${MAX_SECONDS}`);
  }
  if (mode !== 'return' && mode !== 'notify') throw new CommandError('BY', 'has neither return nor notify as its mode');
  // RFC 2852 §4: a mail that is late already cannot be asked for back.
  if (mode === 'return' && seconds <= 0) throw new CommandError('BY', 'is no time to come');
  return `${seconds};${mode === 'return' ? 'R' : 'N'}${flag('BY', trace) ? 'T' : ''}`;
}

function priorityValue(priority: number): string {
  if (!Number.isInteger(priority) || Math.abs(priority) > 9) throw new CommandError('MT-PRIORITY', 'is not -9 to 9');
  return String(priority);
}

function notifyValue(notify: Notify): string {
  if (notify === 'NEVER') return notify;
  if (!Array.isArray(notify) || notify.length === 0) throw new CommandError('NOTIFY', 'names no occasion');
  const occasions = [...notify];
  if (new Set(occasions).size < occasions.length) throw new CommandError('NOTIFY', 'names an occasion twice');
  return occasions.map((occasion) => oneOf('NOTIFY', occasion, OCCASIONS)).join(',');
}

/** RFC 3461 §4.2, name and value together. */
const MAX_ORCPT = 500;
/** How much longer a RCPT command may be for it. */
export const ORCPT_INCREMENT = ` ${'x'.repeat(MAX_ORCPT)}`.length;

/** RFC 6533 §3: beyond ASCII the type is `utf-8`, in the form that needs no SMTPUTF8 on the way. */
function orcptParameter(path: string): string {
  const value = isBeyondAscii(path) ? `utf-8;${unicodeXtext(path)}` : `rfc822;${xtext(path)}`;
  const parameter = `ORCPT=${value}`;
  if (parameter.length > MAX_ORCPT) throw new CommandError('ORCPT', `is longer than ${MAX_ORCPT} octets`);
  return parameter;
}

/** RFC 3461 §4: what is no xchar goes as `+` and its two hexadecimal digits. @param text ASCII */
function xtext(text: string): string {
  return text.replace(/[^!-*,-<>-~]/g, (character) => `+${hex(character).padStart(2, '0')}`);
}

/** RFC 6533 §3, `utf-8-addr-xtext`: what is no QCHAR goes as `\x{…}`. */
function unicodeXtext(text: string): string {
  return text.replace(/[^!-*,-<>-[\]-~]/gu, (character) => `\\x{${hex(character)}}`);
}

function hex(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).toUpperCase();
}
