/** An opening that is no longer wanted. */
import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { ConnectionLostError, openSession, type Recorder, type SessionSettings } from '#smtp';
import { MemoryWire, type Reaction, settled } from './memory-wire.ts';
import { type Script, serve } from './scripted-server.ts';
import { VirtualTime } from './virtual-time.ts';

const SETTINGS: SessionSettings = {
  host: 'mail.example.com',
  port: 587,
  security: 'starttls',
  clientName: 'client.example.com',
  credentials: { user: 'user', password: 'password' },
};

const EHLO = 'EHLO client.example.com\r\n';
/** In order: what the client says, and what the server says to it. */
const OPENING: readonly (readonly [step: string, client: string, reply: string])[] = [
  ['greeting', '', '220 mail.example.com\r\n'],
  ['EHLO', EHLO, '250-mail.example.com\r\n250 STARTTLS\r\n'],
  ['STARTTLS', 'STARTTLS\r\n', '220 go\r\n'],
  ['EHLO', `<TLS>${EHLO}`, '250-mail.example.com\r\n250 AUTH PLAIN\r\n'],
  ['AUTH', 'AUTH PLAIN AHVzZXIAcGFzc3dvcmQ=\r\n', '235 ok\r\n'],
];

/** A server that says so many things of an opening, and then nothing. */
function opening(things: number, record: Recorder = () => {}) {
  let said = 0;
  const react = (): Reaction => {
    const reply = said < things ? OPENING[said]?.[2] : undefined;
    said += 1;
    return reply === undefined ? 'nothing' : [reply];
  };
  const wire = new MemoryWire({ greeting: react(), hears: react });
  const time = new VirtualTime();
  const abort = new AbortController();
  const session = openSession(SETTINGS, { time, connect: wire.connect, record, signal: abort.signal });
  session.catch(() => {});
  return { wire, time, abort, session };
}

describe('openSession with a signal', () => {
  it.each(OPENING.map(([step], index) => [step, index] as const))(
    'that is aborted while %s is waited for (%i) cuts the connection, and leaves neither timer nor listener',
    async (step, index) => {
      const { wire, time, abort, session } = opening(index);
      await settled();
      expect(getEventListeners(abort.signal, 'abort')).toHaveLength(1);
      abort.abort();
      expect(wire.closed).toBe('destroyed');
      const error = await session.catch((thrown) => thrown);
      expect(error).toBeInstanceOf(ConnectionLostError);
      expect(error).toMatchObject({ step });
      expect(wire.heard).toBe(
        OPENING.slice(0, index + 1)
          .map(([, client]) => client)
          .join(''),
      );
      expect(time.pending).toBe(0);
      expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
    },
  );

  it('that was aborted before connects to nothing', async () => {
    const signal = AbortSignal.abort();
    const connect = () => expect.unreachable('it connects');
    const session = openSession(SETTINGS, { time: new VirtualTime(), connect, record: () => {}, signal });
    await expect(session).rejects.toMatchObject({ code: 'ERR_SMTP_CONNECTION_LOST', step: 'connect' });
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('that is aborted in the very moment of the last reply opens a session that can be used, or none', async () => {
    const opened: boolean[] = [];
    for (let microtasks = 0; microtasks < 20; microtasks += 1) {
      const { wire, time, abort, session } = opening(OPENING.length, async ({ text }) => {
        if (text !== '235 ok') return;
        for (let passed = 0; passed < microtasks; passed += 1) await null;
        abort.abort();
      });
      const outcome = await session.catch((thrown) => thrown);
      if (outcome instanceof Error) expect(outcome).toBeInstanceOf(ConnectionLostError);
      else expect(outcome.usable).toBe(true);
      opened.push(!(outcome instanceof Error));
      expect(wire.closed).toBe(outcome instanceof Error ? 'destroyed' : null);
      expect(time.pending).toBe(0);
      expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
    }
    expect(new Set(opened)).toEqual(new Set([false, true]));
  });

  it('that is aborted while a refused opening is being closed ends the wait, and the refusal is told', async () => {
    const wire = new MemoryWire({ greeting: ['554 no service\r\n'], hears: () => 'nothing' });
    const time = new VirtualTime();
    const { signal, abort } = aborter();
    const session = openSession(SETTINGS, { time, connect: wire.connect, record: () => {}, signal });
    session.catch(() => {});
    await settled();
    expect(wire.heard).toBe('QUIT\r\n');
    abort();
    await expect(session).rejects.toMatchObject({ code: 'ERR_SMTP_REPLY', step: 'greeting' });
    expect(wire.closed).toBe('destroyed');
    expect(time.pending).toBe(0);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('means nothing to a session that is open', async () => {
    const { abort, session, wire } = opening(OPENING.length);
    const open = await session;
    expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
    abort.abort();
    expect(open.usable).toBe(true);
    expect(wire.closed).toBeNull();
  });

  it('leaves no listener behind where the settings cannot be said', async () => {
    const { signal } = aborter();
    const settings = { ...SETTINGS, clientName: 'a b' };
    await expect(openSession(settings, { time: new VirtualTime(), record: () => {}, signal })).rejects.toThrow();
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  const silent: Record<string, Script> = {
    'says nothing': async () => {},
    'greets and says nothing more': async (client) => client.say('220 mail.example.com\r\n'),
  };
  for (const [how, script] of Object.entries(silent)) {
    it.each(['none', 'starttls', 'implicit-tls'] as const)(
      `lets go of a server that ${how}, security %s`,
      async (security) => {
        await using server = await serve(security === 'implicit-tls' ? async () => {} : script);
        const { signal, abort } = aborter();
        const time = new VirtualTime();
        const { credentials: _none, ...settings } = { ...SETTINGS, host: '127.0.0.1', port: server.port, security };
        const session = openSession(settings, { time, record: () => {}, signal });
        session.catch(() => {});
        const client = await server.client;
        abort();
        await expect(session).rejects.toMatchObject({ code: 'ERR_SMTP_CONNECTION_LOST' });
        await client.closed();
        expect(time.pending).toBe(0);
      },
    );
  }
});

function aborter(): { signal: AbortSignal; abort: () => void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}
