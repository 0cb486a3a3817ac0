/** The "relaxed" header canonicalization of RFC 6376 §3.4.2. Octets come as characters (latin1), so that UTF-8 passes untouched. */

/** A header field as it stands in a message, folds included, without its last CRLF. */
export interface RawField {
  readonly name: string;
  readonly whole: string;
}

/**
 * The fields of a header.
 * @param header to its last field's CRLF, the empty line left out
 */
export function fieldsOf(header: string): RawField[] {
  // A line that begins with white space belongs to the field before (RFC 5322 §2.2.3).
  const fields = header.split(/\r\n(?![ \t])/);
  if (fields.at(-1) === '') fields.pop();
  return fields.map((whole) => ({ name: whole.slice(0, whole.indexOf(':')).replace(/[ \t]+$/, ''), whole }));
}

/**
 * One field in canonical form, CRLF left out: name in small letters, unfolded, each run of white space one space, none at
 * the ends of the value. White space is SP and HTAB alone: 0xA0 may be a part of a UTF-8 character.
 */
export function relaxedField({ name, whole }: RawField): string {
  const value = whole
    .slice(whole.indexOf(':') + 1)
    .replace(/\r\n/g, '')
    .replace(/[ \t]+/g, ' ')
    .replace(/^ | $/g, '');
  return `${name.toLowerCase()}:${value}`;
}
