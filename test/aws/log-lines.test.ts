/** A function's log whose output takes no more, or has gone: nobody waits for it, and what is lost is counted. */
import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { openLogLines } from '#aws';
import { VirtualClock } from '../mailing/virtual-clock.ts';
import { CapturedLog } from './captured-log.ts';

const MIB = 1024 * 1024;

/** An output that takes nothing until it is let. */
class Stuck extends Writable {
  readonly lines: string[] = [];
  #go: (() => void) | null = null;
  #isOpen = false;

  constructor() {
    super({ highWaterMark: 1024, decodeStrings: false });
  }

  override _write(chunk: string, _encoding: string, done: () => void): void {
    const take = () => {
      this.lines.push(chunk);
      done();
    };
    if (this.#isOpen) take();
    else this.#go = take;
  }

  open(): void {
    this.#isOpen = true;
    this.#go?.();
  }
}

describe('a log', () => {
  test('is flushed when its lines have left', async () => {
    const output = new Stuck();
    const clock = new VirtualClock();
    const log = openLogLines(output, clock);
    log.write({ event: 'one', undefined });
    log.write({ event: 'two' });
    let isFlushed = false;
    const flushed = log.flush().then(() => {
      isFlushed = true;
    });
    await clock.pass(1000);
    expect(isFlushed).toBe(false);
    output.open();
    await flushed;
    expect(output.lines).toEqual(['{"event":"one"}\n', '{"event":"two"}\n']);
    expect(clock.timers).toBe(0);
    await log.flush();
  });

  test('is not waited for longer than five seconds', async () => {
    const clock = new VirtualClock();
    const log = openLogLines(new Stuck(), clock);
    log.write({ event: 'one' });
    const flushed = log.flush();
    await clock.pass(5000);
    await flushed;
  });

  test('keeps eight MiB where its output takes no more, and says how many lines went', async () => {
    const output = new Stuck();
    const clock = new VirtualClock();
    const log = openLogLines(output, clock);
    const text = 'x'.repeat(MIB);
    for (let count = 0; count < 20; count += 1) log.write({ count, text });
    output.open();
    await log.flush();
    const kept = output.lines.length;
    expect(kept).toBeLessThanOrEqual(9);
    log.write({ event: 'after' });
    await log.flush();
    const at = new Date(clock.now()).toISOString();
    expect(output.lines.slice(kept)).toEqual([
      `${JSON.stringify({ at, event: 'lines lost', lines: 20 - kept })}\n`,
      '{"event":"after"}\n',
    ]);
  });

  test('ends no process where its output has gone', async () => {
    const output = new CapturedLog();
    const log = openLogLines(output, new VirtualClock());
    log.write({ event: 'before' });
    output.destroy(Object.assign(new Error('broken pipe'), { code: 'EPIPE' }));
    log.write({ event: 'after' });
    await log.flush();
    await new Promise((resolve) => setImmediate(resolve));
    expect(output.entries).toEqual([{ event: 'before' }]);
  });
});
