/** Octets as a server reads them, however they were cut: commands by their CRLF, mail data to its CRLF.CRLF or by its count. */
import type { Octets } from './memory-wire.ts';

export type Heard =
  /** Without its CRLF. */
  | { readonly what: 'command'; readonly line: Octets }
  /** Without the indicator, dot-stuffed as it came. */
  | { readonly what: 'mail data'; readonly content: Octets }
  | { readonly what: 'chunk'; readonly content: Octets };

export class CommandStream {
  #buffer: Octets = '';
  #awaits: 'command' | 'mail data' | { readonly octets: number } = 'command';

  push(octets: Octets): void {
    this.#buffer += octets;
  }

  /** What comes next is mail data. */
  expectMailData(): void {
    this.#awaits = 'mail data';
  }

  /** What comes next is so many octets. */
  expectChunk(octets: number): void {
    this.#awaits = { octets };
  }

  /** @returns the next whole thing; `null` where there is none yet */
  next(): Heard | null {
    if (this.#awaits === 'command') {
      const end = this.#buffer.indexOf('\r\n');
      return end === -1 ? null : { what: 'command', line: this.#take(end, 2) };
    }
    if (this.#awaits === 'mail data') {
      const end = this.#buffer.startsWith('.\r\n') ? 0 : this.#buffer.indexOf('\r\n.\r\n') + 2;
      return end === 1 ? null : { what: 'mail data', content: this.#take(end, 3) };
    }
    const { octets } = this.#awaits;
    return this.#buffer.length < octets ? null : { what: 'chunk', content: this.#take(octets, 0) };
  }

  #take(octets: number, behind: number): Octets {
    this.#awaits = 'command';
    const taken = this.#buffer.slice(0, octets);
    this.#buffer = this.#buffer.slice(octets + behind);
    return taken;
  }
}
