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

/** A rendering whose output is kept as it is written, piece by piece: what is the same for every row is always the same string. */
export class Divided implements Rendering {
  readonly account: Account;
  readonly row: Variables;
  readonly places: unknown[];
  readonly written: string[] = [];
  ahead = '';

  constructor(account: Account, row: Variables, places: unknown[]) {
    this.account = account;
    this.row = row;
    this.places = places;
  }

  /** Pieces add to the output and read nothing of it. */
  get output(): string {
    return '';
  }

  set output(piece: string) {
    if (piece !== '') this.written.push(piece);
  }
}

export function runAll(pieces: readonly Piece[], rendering: Rendering): void {
  for (let index = 0; index < pieces.length; index += 1) pieces[index]?.(rendering);
}
