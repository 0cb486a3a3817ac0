/** What happens by itself, turn after turn of the event loop, and then time that passes from timer to timer. */
import type { VirtualTime } from '../virtual-time.ts';

/** So many turns without anything under way, and all that could happen has happened. */
const QUIET_TURNS = 14;

export class Lapse {
  readonly #time: VirtualTime;
  readonly #wires: () => readonly { readonly isBusy: boolean; readonly isDripping: boolean }[];
  /** Changes when a quiet begins and when it ends, for time stands still meanwhile. */
  #quiets = 0;

  /** @param wires those that there are by now */
  constructor(time: VirtualTime, wires: () => readonly { readonly isBusy: boolean; readonly isDripping: boolean }[]) {
    this.#time = time;
    this.#wires = wires;
  }

  /** Waits until what is under way has arrived, and a dripping server has said a little. */
  async quiet(): Promise<void> {
    this.#quiets += 1;
    await this.#turns(() => false);
    for (let second = 0; second < 3 && this.#wires().some(({ isDripping }) => isDripping); second += 1)
      this.#time.advance(1000);
    this.#quiets += 1;
  }

  /** Lets time pass whenever nothing is left to happen without, until the work is done. */
  async within<T>(work: Promise<T>): Promise<T> {
    let isOver = false;
    const end = work.finally(() => {
      isOver = true;
    });
    end.catch(() => {
      // Told by the promise that is returned.
    });
    while (!isOver) {
      const quiets = this.#quiets;
      await this.#turns(() => isOver);
      if (isOver || this.#quiets !== quiets) continue;
      if (!this.#time.advanceToNext()) throw new Error('something is awaited, and no deadline is set');
    }
    return end;
  }

  async #turns(isOver: () => boolean): Promise<void> {
    const isBusy = (): boolean => this.#wires().some((wire) => wire.isBusy);
    for (let turn = 0; turn < QUIET_TURNS && !isOver(); turn = isBusy() ? 0 : turn + 1) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
