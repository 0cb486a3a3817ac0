/** Parameters of Content-Type and Content-Disposition: RFC 2045 §5.1, and RFC 2231 for what a quoted-string cannot say. */

/** Room for one section, `filename*12*=…;`, on a folded line of 78 octets. */
const SECTION_VALUE_OCTETS = 56;
/** A plain value longer than this goes into sections as well. */
const PLAIN_VALUE_OCTETS = 60;
/** What any reader takes from a quoted-string as it stands: no quote, no backslash, nothing to be decoded. */
const PLAIN_VALUE = /^[A-Za-z0-9 !#$&'()+,.;@[\]^_`{}~:/?<>=-]*$/;

/** `attribute-char` of RFC 2231 §7, by octet. */
const ATTRIBUTE_CHARACTER = new Uint8Array(256);
for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$&+-.^_`{}~') {
  ATTRIBUTE_CHARACTER[character.charCodeAt(0)] = 1;
}

/** Whether a plain quoted-string says `value` to every reader. */
export function isPlainValue(value: string): boolean {
  return (
    value.length <= PLAIN_VALUE_OCTETS && PLAIN_VALUE.test(value) && !value.includes('=?') && !/^ | $| {2}/.test(value)
  );
}

/**
 * A parameter as units for folding: `name="value"` where that is plain, else `name*0*=utf-8''…`, `name*1*=…` (RFC 2231
 * §3, §4). No code point is divided between two sections, since readers decode each by itself.
 * @param value well-formed UTF-16 without control characters
 */
export function parameter(name: string, value: string): string[] {
  if (isPlainValue(value)) return [`${name}="${value}"`];
  const sections = percentSections(value);
  if (sections.length === 1) return [`${name}*=${sections[0]}`];
  return sections.map((section, index) => `${name}*${index}*=${section}`);
}

function percentSections(value: string): string[] {
  const sections: string[] = [];
  let section = "utf-8''";
  for (const character of value) {
    const encoded = percentEncode(character);
    if (section.length + encoded.length > SECTION_VALUE_OCTETS) {
      sections.push(section);
      section = '';
    }
    section += encoded;
  }
  sections.push(section);
  return sections;
}

function percentEncode(character: string): string {
  let encoded = '';
  for (const octet of Buffer.from(character)) {
    encoded +=
      ATTRIBUTE_CHARACTER[octet] === 1
        ? String.fromCharCode(octet)
        : `%${octet.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}

/**
 * An ASCII name for readers that know no RFC 2231: what it cannot say becomes `_`, a long name keeps its extension.
 */
export function plainFallback(name: string): string {
  let plain = '';
  for (const character of name) plain += /^[A-Za-z0-9 .()+,-]$/.test(character) ? character : '_';
  plain = plain.replace(/ +/g, ' ').trim();
  if (plain.length <= PLAIN_VALUE_OCTETS) return plain;
  const extension = /\.[A-Za-z0-9]{1,8}$/.exec(plain)?.[0] ?? '';
  return plain.slice(0, PLAIN_VALUE_OCTETS - extension.length) + extension;
}
