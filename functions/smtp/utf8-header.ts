import { isAscii, isUtf8 } from 'node:buffer';
import { MailDataError } from './errors.ts';
import { CR, LF } from './piece-facts.ts';

/**
 * Whether mail data has a header that goes beyond ASCII, which is to be UTF-8 (RFC 6532 §3) and needs SMTPUTF8.
 * @throws MailDataError where it is neither ASCII nor UTF-8
 */
export function hasUtf8Header(pieces: readonly Uint8Array[]): boolean {
  const header = Buffer.concat(pieces, headerOctets(pieces));
  if (isAscii(header)) return false;
  if (!isUtf8(header)) throw new MailDataError('8-bit', 'the header is neither ASCII nor UTF-8');
  return true;
}

/** Up to the empty line, and it; all octets where there is none. */
function headerOctets(pieces: readonly Uint8Array[]): number {
  let octets = 0;
  let inLine = 0;
  for (const piece of pieces) {
    for (const octet of piece) {
      octets += 1;
      if (octet === LF && inLine === 0) return octets;
      if (octet === LF) inLine = 0;
      else if (octet !== CR) inLine += 1;
    }
  }
  return octets;
}
