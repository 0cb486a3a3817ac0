/** A deadline is absolute: a server that says an octet now and then does not move it. */
import { describe, expect, it } from 'vitest';
import { DEFAULT_TIMEOUTS, type Timeouts } from '#smtp';
import { type MemoryWire, settled } from '../memory-wire.ts';
import { send } from '../sessions.ts';
import type { VirtualTime } from '../virtual-time.ts';
import { MODES, readingServer } from './reading-server.ts';

const EHLO = 'EHLO client.example.com';
const MAIL = 'MAIL FROM:<news@example.com>';
const RCPT = 'RCPT TO:<person@example.org>';
const EVERY_MS = 500;
const SECONDS: Timeouts = {
  ...DEFAULT_TIMEOUTS,
  greetingMs: 1000,
  ehloMs: 1000,
  mailMs: 1000,
  rcptMs: 1000,
  dataMs: 1000,
  endOfDataMs: 1000,
};

/** Lets octets come one by one until the client has had enough. @returns how long that took */
async function drip(wire: MemoryWire, time: VirtualTime, isOver: () => boolean): Promise<number> {
  const began = time.now();
  for (const octet of `250-${'x'.repeat(1000)}`) {
    await settled();
    if (isOver()) break;
    wire.say(octet);
    time.advance(EVERY_MS);
  }
  await settled();
  return time.now() - began;
}

describe.each(MODES)('a server that says an octet each half second, %s', (mode) => {
  const commands = [EHLO, MAIL, RCPT, ...(mode === 'chunking' ? [] : ['DATA']), '.'];
  it.each(commands)('in answer to %s is given up at the deadline', async (command) => {
    let isSilent = false;
    const answers = (heard: string): string | null => {
      isSilent ||= heard === command;
      return isSilent ? '' : null;
    };
    const { wire, open, time } = readingServer(mode, { answers });
    const over: unknown[] = [];
    const opened = open({ timeouts: SECONDS });
    void opened.then(
      (session) => send(session).then(({ recipients }) => over.push(recipients[0])),
      (error: unknown) => over.push(error),
    );
    const tookMs = await drip(wire, time, () => over.length > 0);
    expect(over).toHaveLength(1);
    expect(tookMs).toBe(1000);
    expect(wire.closed).toBe('destroyed');
    expect(time.pending).toBe(0);
  });

  it('before it says hello is given up at the deadline', async () => {
    const { wire, open, time } = readingServer(mode, { answers: (heard) => (heard === 'greeting' ? '' : null) });
    const over: unknown[] = [];
    open({ timeouts: SECONDS }).catch((error: unknown) => over.push(error));
    await settled();
    expect(await drip(wire, time, () => over.length > 0)).toBe(1000);
    expect(over).toMatchObject([{ code: 'ERR_SMTP_TIMEOUT', step: 'greeting' }]);
  });
});
