/**
 * People in logs: by a name that a key of the state makes of their address. Who has the key finds a person's lines, by
 * computing the name; who has the log alone finds no address in it, and cannot try addresses out.
 */
import { createHmac, type KeyObject } from 'node:crypto';
import { domainToUnicode } from 'node:url';
import { AddressError, isPlainAddress, parseMailbox, recipientKey } from '#address';

/** RFC 2104 §5: half of the hash. */
const NAME_OCTETS = 16;

export type NameOf = (address: string) => string;

/** Names are the same for each spelling of one mailbox: `hash:` and 22 letters, digits, `-` and `_`. */
export function namesBy(secret: KeyObject): NameOf {
  return (address) => {
    const octets = createHmac('sha256', secret).update(canonical(address)).digest().subarray(0, NAME_OCTETS);
    return `hash:${octets.toString('base64url')}`;
  };
}

/** The recipient's key. What is no address stands for itself. */
function canonical(address: string): string {
  if (isPlainAddress(address)) return address;
  try {
    return recipientKey(parseMailbox(address));
  } catch (error) {
    if (error instanceof AddressError) return address;
    throw error;
  }
}

/** As it is, in a URL, in xtext (RFC 3461 §4), and in quoted-printable. */
const AT = String.raw`(?:@|%40|\+40|=40)`;
/** Bounded, so that a text without any address takes time in proportion to its length. */
const LOCAL_PART = String.raw`(?:"(?:[^"\\]|\\.){0,256}"|(?:[^\s<>()"',;:@]|(?<=[\p{L}\p{N}])'(?=[\p{L}\p{N}])){1,256})`;
const DOMAIN = String.raw`(?:\[[^\]\s]{0,256}\]|[^\s<>()"',;:]{0,254}[^\s<>()"',;:.])`;
const ADDRESSES = new RegExp(`${LOCAL_PART}${AT}${DOMAIN}`, 'gu');
const HAS_AT = new RegExp(AT);

/** Text of a relay, with a name in the place of each address. */
export function withoutAddresses(text: string, nameOf: NameOf): string {
  return HAS_AT.test(text) ? text.replace(ADDRESSES, (address) => nameOf(address)) : text;
}

/** The reply's code and enhanced status code (RFC 3463 §2) stay, whatever a local part is like. */
const CODES = /^\d{3}(?: \d\.\d{1,3}\.\d{1,3})?(?![\w.])/;

/** In the place of the recipient, and of each other, until all are found: no name is taken for a part of an address. */
const OWN = '\u2028';
const OTHER = '\u2029';
const MARKS = /[\u2028\u2029]/g;

/**
 * The same of a text about one recipient, who is found in any case, quoted or not, with the domain as A-label or U-label, and
 * by the local part alone: `550 ana is not here`.
 */
export function withoutRecipient(text: string, recipient: string, nameOf: NameOf): string {
  const { localParts, domains } = spellingsOf(recipient);
  const lower = text.toLowerCase();
  // A letter alone may be any word's.
  const found = localParts.filter((each) => each.length > 1 && lower.includes(each.toLowerCase()));
  if (found.length === 0) return withoutAddresses(text, nameOf);
  const codes = CODES.exec(text)?.[0] ?? '';
  const local = `"?(?:${found.map(literal).join('|')})"?`;
  // `ana=example.com` is how return paths have it (VERP).
  const whole = marked(
    text.slice(codes.length).replace(MARKS, ' '),
    `${local}(?:${AT}|=)(?:${domains.map(literal).join('|')})`,
  );
  const others: string[] = [];
  const known = withoutAddresses(whole, (address) => {
    others.push(nameOf(address));
    return OTHER;
  });
  const own = nameOf(recipient);
  const named = marked(known, local).replace(MARKS, (mark) => (mark === OWN ? own : (others.shift() ?? own)));
  return codes + named;
}

const OF_WORD = /[\p{L}\p{N}]/u;

/** What the pattern finds is marked, unless it is a part of a word. Without `u`: with it a pattern takes a hundred times as long to make. */
function marked(text: string, pattern: string): string {
  return text.replace(new RegExp(pattern, 'gi'), (found: string, at: number) =>
    OF_WORD.test(text.charAt(at - 1)) || OF_WORD.test(text.charAt(at + found.length)) ? found : OWN,
  );
}

/** As a relay may write the parts of an address: a quoted-string without its quotes, a mailbox without its detail. */
function spellingsOf(recipient: string): { localParts: readonly string[]; domains: readonly string[] } {
  const at = recipient.lastIndexOf('@');
  const localPart = at === -1 ? recipient : recipient.slice(0, at);
  const domain = at === -1 ? '' : recipient.slice(at + 1);
  const content = /^".*"$/s.test(localPart) ? localPart.slice(1, -1) : localPart;
  const [mailbox = ''] = content.split('+');
  return {
    localParts: [...new Set([localPart, content, content.replace(/\\(.)/gs, '$1'), mailbox])].filter(Boolean),
    domains: [...new Set([domain, domainToUnicode(domain)])].filter(Boolean),
  };
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
