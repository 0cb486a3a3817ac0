/**
 * The part behind the `@`: a domain name in A-labels, or an address literal (RFC 5321 §4.1.2, §4.1.3).
 *
 * A name in another script becomes A-labels by UTS #46. UTS #46 also repairs: it turns the Kelvin sign into a k, a
 * full-width letter into its ASCII cousin, an ideographic full stop into a dot. A mailer that repairs sends to a domain
 * that nobody wrote, so here the U-label must come back from the A-label just as it was written, letter case and
 * canonical composition apart.
 */
import { domainToASCII, domainToUnicode } from 'node:url';
import { nameCodePoint, problemOf } from './characters.ts';

/** Octets of a domain: RFC 5321 §4.5.3.1.2. */
export const MAX_DOMAIN_OCTETS = 255;
/** Octets of a label: RFC 1035 §2.3.4. */
const MAX_LABEL_OCTETS = 63;

const DOT = 0x2e;
const HYPHEN = 0x2d;

/**
 * The wire form of a domain: lower-case A-labels, or an address literal.
 * @param refuse called with what was found; throws
 */
export function readDomain(text: string, refuse: (problem: string) => never): string {
  if (text === '') refuse('no domain behind "@"');
  if (text.startsWith('[')) return readLiteral(text, refuse);
  const isAscii = checkCharacters(text, refuse);
  const ascii = isAscii ? text.toLowerCase() : toAscii(text, refuse);
  checkLabels(ascii, refuse);
  if (ascii.includes('xn--')) checkALabels(ascii, refuse);
  return ascii;
}

/** Nothing but letters, digits, hyphens, dots and what lies beyond ASCII. Says whether the last is absent. */
function checkCharacters(text: string, refuse: (problem: string) => never): boolean {
  let isAscii = true;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (isLetterOrDigit(code) || code === HYPHEN || code === DOT) continue;
    const codePoint = text.codePointAt(at) ?? 0;
    const problem = problemOf(codePoint);
    if (problem !== null) refuse(problem);
    if (code < 128) refuse(code === 0x28 ? 'a comment' : `"${String.fromCharCode(code)}" in the domain`);
    isAscii = false;
    if (codePoint > 0xffff) at++;
  }
  return isAscii;
}

function isLetterOrDigit(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5a);
}

function toAscii(text: string, refuse: (problem: string) => never): string {
  let lower = '';
  for (const character of text) {
    if (standsForAnother(character)) {
      refuse(`a look-alike of another character (${nameCodePoint(character.codePointAt(0) ?? 0)})`);
    }
    // One by one: lower case here must not depend on neighbours, as that of the Greek sigma does.
    lower += character.toLowerCase();
  }
  const ascii = domainToASCII(text);
  if (ascii === '') refuse('a domain that is not valid in UTS #46');
  if (domainToUnicode(ascii) !== lower.normalize('NFC')) refuse('a domain that UTS #46 maps to another one');
  return ascii;
}

/** Compatibility characters (full-width, ligatures, circled) and the ones whose canonical form is plain ASCII (Kelvin). */
function standsForAnother(character: string): boolean {
  if (character.charCodeAt(0) < 128) return false;
  const canonical = character.normalize('NFD');
  const isPlainAscii = canonical.length === 1 && canonical.charCodeAt(0) < 128;
  return isPlainAscii || canonical !== character.normalize('NFKD');
}

/** LDH labels of 1 to 63 octets (RFC 1123 §2.1), the last not a number, for that would be an IPv4 address. */
function checkLabels(domain: string, refuse: (problem: string) => never): void {
  if (domain.length > MAX_DOMAIN_OCTETS) refuse(`a domain of ${domain.length} octets`);
  let start = 0;
  let hasLetter = false;
  for (let at = 0; at <= domain.length; at++) {
    const code = at < domain.length ? domain.charCodeAt(at) : DOT;
    if (code !== DOT) {
      if (code > 0x39) hasLetter = true;
      continue;
    }
    if (at === start) refuse(emptyLabelProblem(at, domain.length));
    if (at - start > MAX_LABEL_OCTETS) refuse(`a label of ${at - start} octets`);
    if (domain.charCodeAt(start) === HYPHEN || domain.charCodeAt(at - 1) === HYPHEN) {
      refuse('a label that begins or ends with a hyphen');
    }
    if (at === domain.length && !hasLetter) refuse('a number as top-level domain');
    start = at + 1;
    hasLetter = false;
  }
}

function emptyLabelProblem(at: number, length: number): string {
  if (at === 0) return 'a dot at the start of the domain';
  return at === length ? 'a dot at the end of the domain' : 'two dots in a row';
}

/** What calls itself an A-label must be one: ToASCII(ToUnicode(x)) = x (RFC 5890 §2.3.2.1). */
function checkALabels(domain: string, refuse: (problem: string) => never): void {
  const unicode = domainToUnicode(domain);
  const left = unicode.split('.').find((label) => label.startsWith('xn--'));
  if (left !== undefined || domainToASCII(unicode) !== domain) refuse('a label that is not valid Punycode');
}

const IPV6_TAG = 'ipv6:';
/** `[IPv6:` + 45 characters + `]` at the most: eight groups, the last two as an IPv4 address. */
const MAX_LITERAL_LENGTH = 52;

function readLiteral(text: string, refuse: (problem: string) => never): string {
  const isClosed = text.endsWith(']') && text.length <= MAX_LITERAL_LENGTH;
  const content = isClosed ? text.slice(1, -1).toLowerCase() : '';
  if (isIpv4(content)) return `[${content}]`;
  if (content.startsWith(IPV6_TAG)) {
    const address = canonicalIpv6(content.slice(IPV6_TAG.length));
    if (address !== null) return `[IPv6:${address}]`;
  }
  return refuse('an address literal that is neither [IPv4] nor [IPv6:…]');
}

function isIpv4(text: string): boolean {
  const numbers = text.split('.');
  return (
    numbers.length === 4 && numbers.every((number) => /^(0|[1-9][0-9]{0,2})$/.test(number) && Number(number) < 256)
  );
}

/** The one text form of RFC 5952, so that two spellings of a host are one; `null` where it is no IPv6 address. */
function canonicalIpv6(text: string): string | null {
  if (!/^[0-9a-f:.]{2,45}$/.test(text)) return null;
  const url = `http://[${text}]/`;
  return URL.canParse(url) ? new URL(url).hostname.slice(1, -1) : null;
}
