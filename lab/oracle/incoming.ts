/** Octets as they come, taken a line or a piece at a time by whoever waits for them. */

export class Incoming {
  #octets: Buffer = Buffer.alloc(0);
  #isOver = false;
  #wake: () => void = () => {};

  push(chunk: Buffer): void {
    this.#octets = this.#octets.length === 0 ? chunk : Buffer.concat([this.#octets, chunk]);
    this.#wake();
  }

  end(): void {
    this.#isOver = true;
    this.#wake();
  }

  /** Up to the next CRLF, without it; `null` where it does not come any more. */
  async line(): Promise<string | null> {
    const end = await this.#find('\r\n');
    return end === null ? null : this.#shift(end + 2).toString('latin1', 0, end);
  }

  /** So many octets; `null` where they do not all come. */
  async take(octets: number): Promise<Buffer | null> {
    while (this.#octets.length < octets) if (!(await this.#more())) return null;
    return this.#shift(octets);
  }

  /** Mail data up to the end-of-mail-data indicator, which is left out. */
  async mailData(): Promise<Buffer | null> {
    const end = await this.#find('\r\n.\r\n');
    return end === null ? null : this.#shift(end + 5).subarray(0, end + 2);
  }

  async #find(text: string): Promise<number | null> {
    for (;;) {
      const at = this.#octets.indexOf(text, 0, 'latin1');
      if (at >= 0) return at;
      if (!(await this.#more())) return null;
    }
  }

  #shift(octets: number): Buffer {
    const taken = this.#octets.subarray(0, octets);
    this.#octets = this.#octets.subarray(octets);
    return taken;
  }

  /** @returns whether there is more */
  async #more(): Promise<boolean> {
    if (this.#isOver) return false;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    return true;
  }
}
