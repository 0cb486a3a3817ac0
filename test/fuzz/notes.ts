/** What a process is about, in a file: whoever watches it can read that after its death, whatever it died of. */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';

const HEAD_OCTETS = 12;

export interface Notes {
  /** Inputs begun. */
  readonly begun: number;
  /** The one that is being run. */
  readonly input: Uint8Array;
}

export class NoteWriter {
  readonly #file: number;
  #begun = 0;

  constructor(path: string) {
    this.#file = openSync(path, 'w');
  }

  /** One write, which is with the operating system when it returns. */
  begin(input: Uint8Array): void {
    this.#begun += 1;
    const head = Buffer.alloc(HEAD_OCTETS);
    head.writeDoubleLE(this.#begun, 0);
    head.writeUInt32LE(input.length, 8);
    writeSync(this.#file, Buffer.concat([head, input]), 0, HEAD_OCTETS + input.length, 0);
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** Nothing begun where nothing was written. */
export function readNotes(path: string): Notes {
  const octets = readFileSync(path, { flag: 'a+' });
  if (octets.length < HEAD_OCTETS) return { begun: 0, input: new Uint8Array(0) };
  const length = octets.readUInt32LE(8);
  return { begun: octets.readDoubleLE(0), input: octets.subarray(HEAD_OCTETS, HEAD_OCTETS + length) };
}
