/** Lines of a header field: 78 octets wanted, 998 at the most, and folded only where white space stands (RFC 5322 §2.1.1, §2.2.3). */
import { HeaderError } from './errors.ts';

/** Octets of a line without its CRLF that are wanted, and that are allowed. */
export const WANTED_LINE_OCTETS = 78;
export const MAX_LINE_OCTETS = 998;
/** What a line with an encoded-word in it may have: RFC 2047 §2. */
export const ENCODED_LINE_OCTETS = 76;

/**
 * A whole header field, CRLF included, from units that may stand on lines of their own. Between two units goes one
 * space, before which the field is folded when the next unit would not fit. A unit alone may pass 78 octets.
 * @param units ASCII
 * @param wantedOctets of a line; `ENCODED_LINE_OCTETS` where there are encoded-words among the units
 * @throws HeaderError where a unit makes a line longer than 998 octets
 */
export function foldField(name: string, units: readonly string[], wantedOctets = WANTED_LINE_OCTETS): string {
  let field = '';
  let line = `${name}:`;
  // Nothing behind the colon yet, or only spaces: a fold here would leave a line of white space alone (RFC 5322 §3.2.2).
  let isBlank = true;
  for (const unit of units) {
    if (!isBlank && line.length + 1 + unit.length > wantedOctets) {
      field += `${checkLine(name, line)}\r\n`;
      line = '';
      isBlank = true;
    }
    line += ` ${unit}`;
    if (unit !== '') isBlank = false;
  }
  return `${field}${checkLine(name, line)}\r\n`;
}

function checkLine(name: string, line: string): string {
  if (line.length > MAX_LINE_OCTETS) {
    throw new HeaderError(
      name,
      `found ${line.length} octets without a space to fold at, at most ${MAX_LINE_OCTETS} are wanted`,
    );
  }
  return line;
}
