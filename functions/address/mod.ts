/**
 * Addresses: which text is one mailbox, and which mailboxes are the same. RFC 5321 §4.1.2, RFC 5322 §3.4, RFC 6531 §3.3.
 *
 * `mailbox` reads `local-part@domain` and gives its one wire form, the same in envelope and header; `named-mailbox`
 * reads it with its owner's name. Below them `local-part` knows quotes, `domain` knows A-labels and address literals, and
 * `characters` knows the code points that show one thing and mean another. Each reads its text once, from left to right,
 * and refuses what is not plainly an address: a repaired address is somebody else's.
 */
export { printable } from './characters.ts';
export { AddressError } from './errors.ts';
export { isPlainAddress, type Mailbox, parseMailbox, recipientKey } from './mailbox.ts';
export { type NamedMailbox, parseNamedMailbox, parsePhrase } from './named-mailbox.ts';
