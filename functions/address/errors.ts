import { printable } from './characters.ts';

/** A text is not the one mailbox that was wanted. Nothing of it has been used. */
export class AddressError extends Error {
  readonly code = 'ERR_ADDRESS';
  /** What was found, short: `a control character (U+000D)`. Safe to print. */
  readonly problem: string;

  constructor(text: string, problem: string, wanted: string) {
    super(`Cannot read address ${printable(text)}: found ${problem}, ${wanted} is wanted`);
    this.name = 'AddressError';
    this.problem = problem;
  }
}
