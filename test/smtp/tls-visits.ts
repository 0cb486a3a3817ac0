/** A visit to a server that speaks TLS: a session that is opened and closed, and what both sides saw of it. */
import { expect } from 'vitest';
import { openSession, type PeerCertificate, type SessionSettings, SmtpError, type TranscriptRecord } from '#smtp';
import type { Identity } from './certificates.ts';
import { type Script, serve, type TlsOptions } from './scripted-server.ts';
import { VirtualTime } from './virtual-time.ts';

export interface Ended {
  /** `ready`, or the error's code. */
  readonly how: string;
  readonly message: string;
  readonly error: SmtpError | null;
  readonly heard: string;
  readonly servername: string | false | null;
  readonly peer: PeerCertificate | null;
  readonly records: readonly TranscriptRecord[];
}

export const CREDENTIALS = { user: 'user', password: 'S3cr3t-CANARY' };

/** Opens a session to a server that follows the script, and quits. */
export async function visit(script: Script, settings: Partial<SessionSettings>): Promise<Ended> {
  await using server = await serve(script);
  const time = new VirtualTime();
  const records: TranscriptRecord[] = [];
  let how = 'ready';
  let message = '';
  let failure: SmtpError | null = null;
  let peer: PeerCertificate | null = null;
  try {
    const session = await openSession(
      {
        host: '127.0.0.1',
        port: server.port,
        security: 'implicit-tls',
        clientName: 'client.example.com',
        credentials: CREDENTIALS,
        ...settings,
      },
      { time, record: (entry) => records.push(entry) },
    );
    peer = session.peer;
    await session.quit();
  } catch (error) {
    if (!(error instanceof SmtpError)) throw error;
    how = error.code;
    message = error.message;
    failure = error;
  }
  expect(time.pending).toBe(0);
  const client = await server.client;
  await client.closed();
  return { how, message, error: failure, heard: client.heard, servername: client.servername, peer, records };
}

/** A server that greets once TLS stands, and knows AUTH PLAIN. */
export function greets(identity: Identity, options: TlsOptions = {}): Script {
  return async (client) => {
    await client.secure(identity, options);
    client.say('220 mail.example.com\r\n');
    await client.hear('EHLO client.example.com\r\n');
    client.say('250-mail.example.com\r\n250 AUTH PLAIN\r\n');
    await client.hear('AUTH PLAIN AHVzZXIAUzNjcjN0LUNBTkFSWQ==\r\n');
    client.say('235 ok\r\n');
    await client.hear('QUIT\r\n');
    client.say('221 bye\r\n');
  };
}

/** The server's side of a handshake that the client gives up fails too; that is no news here. */
export function quietly(script: Script): Script {
  return (client) => script(client).catch(() => {});
}
