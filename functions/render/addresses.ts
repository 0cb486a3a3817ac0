/** Addresses that a row brings whole: links and pictures. */
import { Misfit, quoted } from './formats.ts';

/**
 * An address that a mail program follows and that runs nothing. What stands for something else in one program and not in
 * the other (white space, control characters, quotes, angle brackets, a backslash) is in none of them.
 */
const WHOLE = /^(?:https?:\/\/[^\s\p{C}"<>\\`/?#][^\s\p{C}"<>\\`]*|mailto:[^\s\p{C}"<>\\`]+|tel:\+?[\d().;=\-a-z]+)$/iu;

/** What most rows bring: a host of names, the last of letters alone, and ASCII behind it. No URL parser refuses it. */
const PLAIN = /^https?:\/\/[a-z0-9]+(?:[.-][a-z0-9]+)*\.[a-z]{2,}(?:[/?#][!#-;=?-[\]^_a-~]*)?$/;

export function isWholeAddress(address: string): boolean {
  return WHOLE.test(address) && URL.canParse(address);
}

/** Of these none is refused by the other, which takes longer. */
export function isPlainAddress(address: string): boolean {
  return PLAIN.test(address);
}

export function wholeAddress(value: unknown): string | Misfit {
  const address = String(value);
  if (isPlainAddress(address)) return address;
  if (isWholeAddress(address)) return address;
  return new Misfit(`is ${quoted(address)}, an address that begins with https:, http:, mailto: or tel: is wanted`);
}
