/**
 * What happened to a session while it was idle is seen before a mail is begun on it, although the process stood still until
 * that moment: not one octet of the mail leaves. Real sockets, and a server in a thread of its own.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { beforeAll, describe, expect, it } from 'vitest';
import { openSession, type SessionSettings } from '#smtp';
import { type Authority, createAuthority, type Identity } from './certificates.ts';
import type { Deed } from './idle-server.ts';
import { mailData } from './mails.ts';
import { ENVELOPE } from './sessions.ts';
import { VirtualTime } from './virtual-time.ts';

const OFFERS: Record<string, string> = {
  lockstep: '250 mail.example.com\r\n',
  pipelining: '250-mail.example.com\r\n250 PIPELINING\r\n',
  chunking: '250-mail.example.com\r\n250-PIPELINING\r\n250 CHUNKING\r\n',
};

const DEEDS: readonly (readonly [deed: Deed, code: string])[] = [
  ['FIN', 'ERR_SMTP_CONNECTION_LOST'],
  ['reset', 'ERR_SMTP_CONNECTION_LOST'],
  [{ say: '421 4.4.2 idle for too long\r\n' }, 'ERR_SMTP_CONNECTION_LOST'],
  [{ say: '250 ok\r\n' }, 'ERR_SMTP_PROTOCOL'],
  [{ say: '250 o' }, 'ERR_SMTP_PROTOCOL'],
  [{ say: 'hello there\r\n' }, 'ERR_SMTP_PROTOCOL'],
];

let authority: Authority;
let identity: Identity;

beforeAll(async () => {
  authority = await createAuthority();
  identity = await authority.issue({ names: ['127.0.0.1'] });
});

describe.each(['none', 'implicit-tls'] as const)('an idle session, security %s', (security) => {
  const cells = Object.keys(OFFERS).flatMap((mode) => DEEDS.map(([deed, code]) => [mode, deed, code] as const));

  it.each(cells)('%s, met by %j: the next mail is unsent', async (mode, deed, code) => {
    const done = new Int32Array(new SharedArrayBuffer(4));
    const workerData = { offer: OFFERS[mode], done, ...(security === 'none' ? {} : { identity }) };
    const worker = new Worker(new URL('idle-server.ts', import.meta.url), { workerData });
    try {
      const [port] = await once(worker, 'message');
      const settings: SessionSettings = {
        host: '127.0.0.1',
        port,
        security,
        clientName: 'client.example.com',
        ca: authority.ca,
      };
      const time = new VirtualTime();
      const session = await openSession(settings, { time, record: () => {} });
      expect(session.mode).toBe(mode);
      const gone = once(worker, 'message');
      worker.postMessage(deed);
      expect(Atomics.wait(done, 0, 0, 10_000)).not.toBe('timed-out');
      time.advance(1000);
      const { recipients, error } = await session.transact(ENVELOPE, mailData('a\r\n'), {
        release: async () => true,
        record: () => {},
      });
      expect(recipients).toMatchObject([{ outcome: 'unsent', error: { code } }]);
      expect(error?.code).toBe(code);
      expect(session.usable).toBe(false);
      const [{ heard }] = await gone;
      expect(heard).toBe('EHLO client.example.com\r\n');
      expect(time.pending).toBe(0);
    } finally {
      await worker.terminate();
    }
  });
});
