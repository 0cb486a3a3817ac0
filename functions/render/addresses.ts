/** Addresses that a row brings whole: links and pictures. */
import { Misfit, quoted } from './formats.ts';

/**
 * An address that a mail program follows and that runs nothing. What stands for something else in one program and not in
 * the other (white space, control characters, quotes, angle brackets, a backslash) is in none of them.
 */
const WHOLE = /^(?:https?:\/\/[^\s\p{C}"<>\\`/?#][^\s\p{C}"<>\\`]*|mailto:[^\s\p{C}"<>\\`]+|tel:\+?[\d().;=\-a-z]+)$/iu;

export function wholeAddress(value: unknown): string | Misfit {
  const address = String(value);
  if (WHOLE.test(address) && URL.canParse(address)) return address;
  return new Misfit(`is ${quoted(address)}, an address that begins with https:, http:, mailto: or tel: is wanted`);
}
