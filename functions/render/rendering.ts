/** One rendering while it goes on, and the pieces that it is done by. */
import type { Account } from './strict.ts';
import type { Variables } from './values.ts';

export interface Rendering {
  readonly account: Account;
  readonly row: Variables;
  /** What contexts, block parameters and arguments stand for just now, by the number that folding gave each. */
  readonly places: unknown[];
  output: string;
  /** What stands in front of the next character: the indentation of the partials that its line is in. */
  ahead: string;
}

/** A step of every rendering: it writes, or it gives a place its value. */
export type Piece = (rendering: Rendering) => void;

export function runAll(pieces: readonly Piece[], rendering: Rendering): void {
  for (const piece of pieces) piece(rendering);
}
