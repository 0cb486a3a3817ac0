/** The wire over real sockets: what it tells, and that nothing of it is left. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  connectTcp,
  openSession,
  type SessionSettings,
  type TransactionResult,
  type TranscriptRecord,
  type WireEvents,
} from '#smtp';
import { type Authority, createAuthority, type Identity } from './certificates.ts';
import { hearEnvelope, hearMailData, openSockets } from './mail-script.ts';
import { mailData } from './mails.ts';
import { type Script, serve } from './scripted-server.ts';
import { ENVELOPE, send } from './sessions.ts';
import { VirtualTime } from './virtual-time.ts';

let authority: Authority;
let identity: Identity;

beforeAll(async () => {
  authority = await createAuthority();
  identity = await authority.issue({ names: ['127.0.0.1'] });
});

function settingsFor(port: number, security: SessionSettings['security']): SessionSettings {
  return { host: '127.0.0.1', port, security, clientName: 'client.example.com', ca: authority.ca };
}

describe('a wire', () => {
  it('tells why there is no connection', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await new Promise((resolve) => server.close(resolve));
    const time = new VirtualTime();
    const opening = openSession(settingsFor(port, 'none'), { time, record: () => {} });
    await expect(opening).rejects.toMatchObject({
      code: 'ERR_SMTP_CONNECT',
      step: 'connect',
      message: `Cannot connect: connect ECONNREFUSED 127.0.0.1:${port} (127.0.0.1, port ${port})`,
    });
    expect(time.pending).toBe(0);
  });

  it('that does not come to be is given up at its deadline', async () => {
    const time = new VirtualTime();
    // A server that accepts connections but whose handshake never ends.
    await using server = await serve(async (client) => client.closed());
    const opening = openSession(settingsFor(server.port, 'implicit-tls'), { time, record: () => {} });
    const ended = expect(opening).rejects.toMatchObject({ code: 'ERR_SMTP_TIMEOUT', step: 'TLS' });
    const client = await server.client;
    await client.hears();
    time.advance(30_000);
    await ended;
    await client.closed();
  });

  it.each(['none', 'implicit-tls'] as const)('carries 5 MB whole and in order, security %s', async (security) => {
    const line = `${'x'.repeat(76)}\r\n`;
    const shared = line.repeat(16_000);
    const data = mailData('Subject: x\r\n\r\n', shared, '.\r\n', shared, shared, shared);
    const content = `Subject: x\r\n\r\n${shared}..\r\n${shared}${shared}${shared}`;
    const script: Script = async (client) => {
      if (security === 'implicit-tls') await client.secure(identity);
      await hearEnvelope(client);
      await hearMailData(client, content);
    };
    await using server = await serve(script);
    const time = new VirtualTime();
    const session = await openSession(settingsFor(server.port, security), { time, record: () => {} });
    expect((await send(session, { data })).recipients).toMatchObject([{ outcome: 'accepted' }]);
    await session.quit();
    await server.done;
    expect(time.pending).toBe(0);
  });

  it('waits for a server that does not read, to the block’s deadline', async () => {
    const time = new VirtualTime();
    const script: Script = async (client) => {
      await hearEnvelope(client);
      client.pause();
    };
    await using server = await serve(script);
    const session = await openSession(settingsFor(server.port, 'none'), { time, record: () => {} });
    const data = mailData(`${'x'.repeat(998)}\r\n`.repeat(32_000));
    const release = () => expect.unreachable('released');
    let sent: Promise<TransactionResult> | null = null;
    await new Promise<void>((resolve) => {
      const record = ({ text }: TranscriptRecord): void => (text === '<mail data>' ? resolve() : undefined);
      sent = session.transact(ENVELOPE, data, { release, record });
    });
    // As long as the server's host still takes octets the blocks go on; then one waits.
    for (let seen = -1; seen !== time.begun; await new Promise((resolve) => setTimeout(resolve, 50))) seen = time.begun;
    time.advance(3 * 60_000);
    expect(await sent).toMatchObject({
      recipients: [{ outcome: 'unsent', error: { code: 'ERR_SMTP_TIMEOUT', step: 'mail data' } }],
    });
    expect(time.pending).toBe(0);
  });

  it.each(['none', 'implicit-tls'] as const)('tells a connection that breaks, security %s', async (security) => {
    const script: Script = async (client) => {
      if (security === 'implicit-tls') await client.secure(identity);
      await hearEnvelope(client);
      await client.hear('a\r\n.\r\n');
      client.say('250 o');
      client.hangUp();
    };
    await using server = await serve(script);
    const session = await openSession(settingsFor(server.port, security), {
      time: new VirtualTime(),
      record: () => {},
    });
    const { recipients } = await send(session, { data: mailData('a\r\n') });
    expect(recipients).toMatchObject([
      { outcome: 'uncertain', error: { code: 'ERR_SMTP_CONNECTION_LOST', step: 'end of data' } },
    ]);
    expect(session.usable).toBe(false);
  });

  it('tells nothing after it was let go', async () => {
    await using server = await serve(async (client) => client.say('220 hi\r\n'));
    const told: string[] = [];
    const tell = (what: string) => (): void => void told.push(what);
    const events: WireEvents = {
      connected: tell('connected'),
      secured: tell('secured'),
      received: tell('received'),
      ended: tell('ended'),
    };
    const wire = connectTcp({ host: '127.0.0.1', port: server.port }, events);
    wire.destroy();
    wire.destroy();
    wire.end();
    wire.write([Buffer.from('EHLO x\r\n')], tell('flushed'));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(told).toEqual([]);
  });

  it('leaves no socket and no timer behind', async () => {
    for (const security of ['none', 'implicit-tls'] as const) {
      const script: Script = async (client) => {
        if (security === 'implicit-tls') await client.secure(identity);
        client.say('220 mail.example.com\r\n');
        await client.hear('EHLO client.example.com\r\n');
        client.say('250 mail.example.com\r\n');
        await client.hear('QUIT\r\n');
        client.say('221 bye\r\n');
        await client.leaves();
      };
      await using server = await serve(script);
      const session = await openSession(settingsFor(server.port, security), {
        time: new VirtualTime(),
        record: () => {},
      });
      await session.quit();
      await server.done;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(openSockets()).toEqual([]);
  });
});
