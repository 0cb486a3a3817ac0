/** An opening that is no longer wanted. */
import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { openSession } from '#smtp';
import { MemoryWire } from './memory-wire.ts';
import { yes } from './sessions.ts';
import { VirtualTime } from './virtual-time.ts';

const SETTINGS = { host: 'mail.example.com', port: 25, security: 'none', clientName: 'client.example.com' } as const;

function opening(greeting: readonly string[] | 'nothing') {
  const wire = new MemoryWire({ greeting, hears: yes });
  const time = new VirtualTime();
  const abort = new AbortController();
  const session = openSession(SETTINGS, { time, connect: wire.connect, record: () => {}, signal: abort.signal });
  return { wire, time, abort, session };
}

describe('openSession with a signal', () => {
  it('cuts the connection when it is aborted, and leaves neither timer nor listener', async () => {
    const { wire, time, abort, session } = opening('nothing');
    const ended = expect(session).rejects.toMatchObject({ code: 'ERR_SMTP_CONNECTION_LOST' });
    setImmediate(() => setImmediate(() => abort.abort()));
    await ended;
    expect(wire.closed).toBe('destroyed');
    expect(time.pending).toBe(0);
    expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
  });

  it('sends nothing where it was aborted before', async () => {
    const wire = new MemoryWire({ greeting: ['220 hello\r\n'], hears: yes });
    const signal = AbortSignal.abort();
    const session = openSession(SETTINGS, { time: new VirtualTime(), connect: wire.connect, record: () => {}, signal });
    await expect(session).rejects.toMatchObject({ code: 'ERR_SMTP_CONNECTION_LOST' });
    expect(wire.heard).toBe('');
  });

  it('means nothing to a session that is open', async () => {
    const { abort, session } = opening(['220 mail.example.com\r\n']);
    const open = await session;
    expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
    abort.abort();
    expect(open.usable).toBe(true);
  });
});
