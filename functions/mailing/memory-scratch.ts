/** A scratch for a few: what is kept in it stays in memory, and its secret is known. */
import type { Scratch } from './ports.ts';

export class MemoryScratch implements Scratch {
  readonly secret = new Uint8Array(8);
  #octets = Buffer.alloc(0);

  append(octets: Uint8Array): void {
    this.#octets = Buffer.concat([this.#octets, octets]);
  }

  read(at: number, into: Uint8Array): number {
    return this.#octets.copy(into, 0, at);
  }

  close(): void {
    this.#octets = Buffer.alloc(0);
  }
}
