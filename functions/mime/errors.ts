import { printable } from '#address';

/** A message cannot be composed as it was given. Nothing has been written; only this message is at fault. */
export abstract class ComposeError extends Error {
  abstract readonly code: string;
  /** The header field or body part at fault: `Subject`, `X-Campaign`, `text`. */
  readonly field: string;
  /** What was found and what is wanted, short. Safe to print. */
  readonly problem: string;

  constructor(field: string, problem: string) {
    super(`Cannot compose ${printable(field).slice(1, -1)}: ${problem}`);
    this.field = field;
    this.problem = problem;
  }
}

/** A header field's name or value would not stand in the header as it was given. */
export class HeaderError extends ComposeError {
  readonly code = 'ERR_HEADER';
  override readonly name = 'HeaderError';
}

/** A text body cannot be sent as it was given. `field` is `text`, `amp`, `html`, `calendar`, `inline` or `body`. */
export class BodyError extends ComposeError {
  readonly code = 'ERR_BODY';
  override readonly name = 'BodyError';
}
