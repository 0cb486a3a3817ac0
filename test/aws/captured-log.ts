/** A log's output as it is kept: the lines that have come, as text and as what they say. */
import { Writable } from 'node:stream';

export class CapturedLog extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString('utf8');
    done();
  }

  /** Cut at line feeds alone, as an agent cuts them. */
  get lines(): string[] {
    return this.text.split('\n').slice(0, -1);
  }

  get entries(): Record<string, unknown>[] {
    return this.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }
}
