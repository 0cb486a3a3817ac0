/**
 * Many small pieces become one before they are written: one long write costs less than many short ones. The memory for it
 * is a connection's own, and used again once the operating system has taken what is in it.
 */

/** Up to this size a piece is copied; a larger one, which mails may share, is written where it lies. */
const SMALL_OCTETS = 16 * 1024;
/** Most octets in one run of small pieces that are put into the memory that is kept. */
const KEPT_OCTETS = 128 * 1024;

export interface Gathered {
  readonly pieces: readonly Uint8Array[];
  /** To be called once they are written: from then on their memory is used again. */
  readonly written: () => void;
}

const NOTHING = (): void => {};

export class Gathering {
  #memory: Buffer | null = null;
  #inUse = false;

  gather(pieces: readonly Uint8Array[]): Gathered {
    let small = 0;
    for (const piece of pieces) if (piece.length <= SMALL_OCTETS) small += piece.length;
    const target = this.#take(small);
    const out: Uint8Array[] = [];
    let from = 0;
    let at = 0;
    for (const piece of pieces) {
      if (piece.length <= SMALL_OCTETS) {
        target.set(piece, at);
        at += piece.length;
        continue;
      }
      if (at > from) out.push(target.subarray(from, at));
      from = at;
      out.push(piece);
    }
    if (at > from) out.push(target.subarray(from, at));
    return { pieces: out, written: target === this.#memory ? () => this.#free() : NOTHING };
  }

  #take(octets: number): Buffer {
    if (this.#inUse || octets > KEPT_OCTETS) return Buffer.allocUnsafeSlow(octets);
    this.#inUse = true;
    if (this.#memory === null || this.#memory.length < octets) {
      this.#memory = Buffer.allocUnsafeSlow(Math.min(KEPT_OCTETS, 2 * octets));
    }
    return this.#memory;
  }

  #free(): void {
    this.#inUse = false;
  }
}
