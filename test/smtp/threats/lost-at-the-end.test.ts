/**
 * A connection lost after the end of mail data is one thing, a connection that never was another: nobody who reads what is
 * told can take the one for the other. Over real sockets.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { openSession, type SessionSettings, SmtpError } from '#smtp';
import { LETTER, LETTER_ON_THE_WIRE } from '../mails.ts';
import { type Client, serve } from '../scripted-server.ts';
import { ENVELOPE } from '../sessions.ts';
import { VirtualTime } from '../virtual-time.ts';
import { MODES, type Mode } from './reading-server.ts';

const OFFER: Readonly<Record<Mode, string>> = {
  lockstep: '250 mail.example.com\r\n',
  pipelining: '250-mail.example.com\r\n250 PIPELINING\r\n',
  chunking: '250-mail.example.com\r\n250-PIPELINING\r\n250 CHUNKING\r\n',
};
const MAIL = 'MAIL FROM:<news@example.com>\r\n';
const RCPT = 'RCPT TO:<person@example.org>\r\n';

/** Takes a whole mail and says nothing to its end. */
const UP_TO_THE_END: Readonly<Record<Mode, (client: Client) => Promise<void>>> = {
  lockstep: async (client) => {
    for (const [command, reply] of [
      [MAIL, '250 ok\r\n'],
      [RCPT, '250 ok\r\n'],
      ['DATA\r\n', '354 go\r\n'],
    ] as const) {
      await client.hear(command);
      client.say(reply);
    }
    await client.hear(`${LETTER_ON_THE_WIRE}.\r\n`);
  },
  pipelining: async (client) => {
    await client.hear(`${MAIL}${RCPT}DATA\r\n`);
    client.say('250 ok\r\n250 ok\r\n354 go\r\n');
    await client.hear(`${LETTER_ON_THE_WIRE}.\r\n`);
  },
  chunking: async (client) => {
    await client.hear(`${MAIL}${RCPT}BDAT 28 LAST\r\nSubject: Hello\r\n\r\nHello\r\n.\r\n`);
    client.say('250 ok\r\n250 ok\r\n');
  },
};

function settingsFor(port: number): SessionSettings {
  return { host: '127.0.0.1', port, security: 'none', clientName: 'client.example.com' };
}

async function portOfNobody(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

describe.each(MODES)('a connection lost at the end of mail data, %s', (mode) => {
  it.each(['hangUp', 'reset'] as const)('by %s is uncertain, and says where', async (how) => {
    await using server = await serve(async (client) => {
      client.say('220 mail.example.com\r\n');
      await client.hear('EHLO client.example.com\r\n');
      client.say(OFFER[mode]);
      await UP_TO_THE_END[mode](client);
      client[how]();
    });
    const time = new VirtualTime();
    const session = await openSession(settingsFor(server.port), { time, record: () => {} });
    expect(session.mode).toBe(mode);
    const { recipients, error } = await session.transact(ENVELOPE, LETTER, {
      release: async () => true,
      record: () => {},
    });
    expect(recipients).toMatchObject([
      {
        outcome: 'uncertain',
        error: { name: 'ConnectionLostError', code: 'ERR_SMTP_CONNECTION_LOST', step: 'end of data' },
      },
    ]);
    expect(error).not.toBeNull();
    expect(time.pending).toBe(0);
    await server.done;
  });
});

describe('a connection that never was', () => {
  it('is an error of another class, at another step, and no outcome at all', async () => {
    const opening = openSession(settingsFor(await portOfNobody()), { time: new VirtualTime(), record: () => {} });
    const error: unknown = await opening.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SmtpError);
    expect(error).toMatchObject({ name: 'ConnectError', code: 'ERR_SMTP_CONNECT', step: 'connect' });
  });
});
