/** One mailbox, `local-part@domain`, and nothing else: RFC 5321 §4.1.2. */
import { readDomain } from './domain.ts';
import { AddressError } from './errors.ts';
import { MAX_LOCAL_PART_OCTETS, readLocalPart, writeLocalPart } from './local-part.ts';

export interface Mailbox {
  /** Wire form: a dot-string, or a quoted-string where it needs quotes. Case as written (RFC 5321 §2.4). */
  readonly localPart: string;
  /** Lower-case A-labels, or an address literal. */
  readonly domain: string;
  /** `localPart@domain`: exactly what goes between `<` and `>`. */
  readonly address: string;
  /** `false`: the local part needs SMTPUTF8 (RFC 6531). */
  readonly isAscii: boolean;
}

/** Octets of `local-part@domain`: a path has 256 with its brackets (RFC 5321 §4.5.3.1.3). */
const MAX_ADDRESS_OCTETS = 254;
/** No text longer than this can be a mailbox, however it is written; so no work is done on it. */
const MAX_TEXT_LENGTH = 1024;

const WANTED = 'one mailbox (local-part@domain)';

/**
 * Reads an addr-spec and nothing else: no display name, comment, source route, surrounding space or encoded-word.
 * What is not one is refused, never repaired. Takes time in proportion to the length of `text`.
 * @throws AddressError
 *
 * @example
 * parseMailbox('"ana maria"@Müller.example').address; // '"ana maria"@xn--mller-kva.example'
 */
export function parseMailbox(text: string): Mailbox {
  const refuse = (problem: string): never => {
    throw new AddressError(text, problem, WANTED);
  };
  if (text.length > MAX_TEXT_LENGTH) refuse(`${text.length} characters`);
  const { content, isAscii, end } = readLocalPart(text, refuse);
  if (text.charAt(end) !== '@') refuse(end === text.length ? 'no "@"' : 'text behind a quoted local part');
  // Whoever decodes this may find another address inside (RFC 2047 §5: never in an addr-spec).
  if (content.includes('=?') && content.includes('?=')) refuse('an encoded-word');
  const localPart = writeLocalPart(content);
  const localPartOctets = isAscii ? localPart.length : Buffer.byteLength(localPart);
  if (localPartOctets > MAX_LOCAL_PART_OCTETS) refuse(`a local part of ${localPartOctets} octets`);
  const domain = readDomain(text.slice(end + 1), refuse);
  const octets = localPartOctets + 1 + domain.length;
  if (octets > MAX_ADDRESS_OCTETS) refuse(`an address of ${octets} octets`);
  return { localPart, domain, address: `${localPart}@${domain}`, isAscii };
}

/**
 * Letters, digits, "_", "+" and "-" in a dot-string; a domain of LDH labels in lower case without "--", so that there is no
 * A-label among them, the last of letters alone.
 */
const PLAIN = /^[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+[a-z]+$/;
/** Within it every limit of local part, label and domain is kept. */
const MAX_PLAIN_OCTETS = 64;

/**
 * Whether a text is plainly one mailbox and written just as it goes on the wire: what `parseMailbox` and `recipientKey` give
 * for it is the text itself. Most addresses are, and a million of them are looked at in a tenth of the time.
 */
export function isPlainAddress(text: string): boolean {
  return text.length <= MAX_PLAIN_OCTETS && PLAIN.test(text);
}

/**
 * The key by which two spellings of one mailbox are found to be one: the domain in A-labels, the local part
 * normalised by NFKC. The local part keeps its case, for only its own host knows what it means (RFC 5321 §2.4).
 */
export function recipientKey(mailbox: Mailbox): string {
  // Quotes that are not needed went when the mailbox was read, and NFKC leaves ASCII alone.
  return mailbox.isAscii ? mailbox.address : mailbox.address.normalize('NFKC');
}
