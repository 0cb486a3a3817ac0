/** What a relay does to a recipient, by the recipient's address and a seed alone: the same in every life. */
import { Chance } from '../random.ts';

export type Fault =
  | 'none'
  /** A second or so is what a busy relay takes; here it is a tenth. */
  | 'slow'
  | 'refused at RCPT'
  | 'refused at the end'
  | 'deferred at RCPT'
  | 'deferred at the end'
  | '421 at RCPT'
  | '421 at the end'
  | 'cut before the indicator'
  | 'cut behind it, not accepted'
  | 'cut behind it, accepted'
  | 'accepted, half a reply';

/** In hundredths; what is left is `none`. */
const SHARES: readonly (readonly [Fault, number])[] = [
  ['slow', 4],
  ['refused at RCPT', 4],
  ['refused at the end', 3],
  ['deferred at RCPT', 3],
  ['deferred at the end', 3],
  ['421 at RCPT', 1],
  ['421 at the end', 2],
  ['cut before the indicator', 2],
  ['cut behind it, not accepted', 1],
  ['cut behind it, accepted', 1],
  ['accepted, half a reply', 1],
];

const LASTING: ReadonlySet<Fault> = new Set(['slow', 'refused at RCPT', 'refused at the end']);

export class Faults {
  readonly #seed: number;
  readonly #met = new Set<string>();

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** What the recipient is in for. */
  of(recipient: string): Fault {
    if (this.#met.has(recipient)) return 'none';
    let left = new Chance(this.#seed, recipient).fraction() * 100;
    for (const [fault, share] of SHARES) {
      left -= share;
      if (left < 0) return fault;
    }
    return 'none';
  }

  /** It has come to pass; what does not last is over with that. */
  met(recipient: string, fault: Fault): void {
    if (!LASTING.has(fault)) this.#met.add(recipient);
  }
}
