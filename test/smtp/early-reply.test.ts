/** A reply to mail data that is not ended yet is nobody's: it must not be taken for the reply to its end. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '#local';
import { openSession } from '#smtp';
import { type Authority, createAuthority, type Identity } from './certificates.ts';
import { LETTER } from './mails.ts';
import { ENVELOPE } from './sessions.ts';

let authority: Authority;
let identity: Identity;
beforeAll(async () => {
  authority = await createAuthority();
  identity = await authority.issue({ names: ['127.0.0.1'] });
});

/** The ways in which a caller makes its intent durable: the process stands still, or not. */
const releases: Record<string, () => Promise<boolean>> = {
  'stands still in a microtask': async () => {
    standStill();
    return true;
  },
  'stands still in an immediate': () =>
    new Promise((resolve) =>
      setImmediate(() => {
        standStill();
        resolve(true);
      }),
    ),
  'stands still in a timer': () =>
    new Promise((resolve) =>
      setTimeout(() => {
        standStill();
        resolve(true);
      }, 1),
    ),
  'waits meanwhile': () => sleep(60, true),
};

function standStill(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60);
}

const early: readonly [reply: string, outcome: string][] = [
  ['250 2.0.0 taken', 'unsent'],
  ['451 4.3.0 later', 'unsent'],
  ['550 5.7.1 no', 'unsent'],
  ['421 4.3.2 closing', 'deferred'],
  ['garbage', 'unsent'],
];

describe('a reply before the end of the mail data', () => {
  for (const security of ['none', 'implicit-tls'] as const) {
    for (const [how, release] of Object.entries(releases)) {
      it.each(early)(`${security}, while the client ${how}: %s`, async (reply, outcome) => {
        const worker = new Worker(new URL('early-server.ts', import.meta.url), {
          workerData: {
            early: reply,
            ...(security === 'none' ? {} : { identity: { key: identity.key, cert: identity.cert } }),
          },
        });
        try {
          const [port] = (await once(worker, 'message')) as [number];
          const settings = { host: '127.0.0.1', port, security, clientName: 'client.example.com', ca: authority.ca };
          const session = await openSession(settings, { time: systemClock(), record: () => {} });
          const gone = once(worker, 'message') as Promise<[string]>;
          const { recipients, error } = await session.transact(ENVELOPE, LETTER, { release, record: () => {} });
          expect(recipients.map((result) => result.outcome)).toEqual([outcome]);
          expect(error).not.toBeNull();
          const [heard] = await gone;
          expect(heard).toContain('DATA\r\n');
          expect(heard).not.toContain('\r\n.\r\n');
        } finally {
          await worker.terminate();
        }
      });
    }
  }
});
