/** A server that never stops speaking costs no memory to speak of, and comes to its end at once. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { settled } from '../memory-wire.ts';
import { send } from '../sessions.ts';
import { MODES, readingServer } from './reading-server.ts';

describe('a process whose server floods it', () => {
  let results: Readonly<Record<string, { code: string; offeredMiB: number; grownMiB: number }>>;

  beforeAll(async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [join(import.meta.dirname, 'flood.ts')]);
    results = JSON.parse(stdout);
  });

  it.each([
    ['a gigabyte without a line end', 1024],
    ['a gigabyte of one reply line', 1024],
    ['a million lines of one reply', 6],
    ['200 MB of EHLO keywords', 190],
    ['a million replies', 7],
    ['a million empty lines', 1],
  ])('with %s (%i MiB at the least) grows by less than 8 MiB', (kind, atLeastMiB) => {
    const { code, offeredMiB, grownMiB } = results[kind] ?? {};
    expect(code).toBe('ERR_SMTP_PROTOCOL');
    expect(offeredMiB).toBeGreaterThanOrEqual(atLeastMiB);
    expect(grownMiB).toBeLessThan(8);
  });
});

describe.each(MODES)('a flood at the end of mail data, %s', (mode) => {
  it.each([
    ['a line without end', '250 ', 'x'.repeat(64 * 1024)],
    ['a reply without end', '250-a\r\n', '250-x\r\n'.repeat(1000)],
    ['a line of digits', '2', '2'.repeat(64 * 1024)],
  ])('%s: uncertain at once, and the rest is not listened to', async (_what, beginning, more) => {
    const { wire, open, time, records } = readingServer(mode, {
      answers: (command) => (command === '.' ? beginning : null),
    });
    const session = await open();
    const sent = send(session, { record: (entry) => records.push(entry) });
    await settled();
    for (let times = 0; times < 1000; times += 1) wire.say(more);
    expect((await sent).recipients).toMatchObject([{ outcome: 'uncertain', error: { code: 'ERR_SMTP_PROTOCOL' } }]);
    expect(wire.closed).toBe('destroyed');
    expect(time.pending).toBe(0);
    expect(records.every(({ text }) => text.length <= 1024)).toBe(true);
    expect(records.length).toBeLessThan(600);
  });
});
