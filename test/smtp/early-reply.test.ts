/**
 * What a server says before the mail data has ended answers nothing: it must not be taken for the reply to the end. Real
 * sockets, and a client whose process stands still until the early words have arrived.
 */
import { once } from 'node:events';
import { stat } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '#local';
import { openSession, type Release, type TransactionResult } from '#smtp';
import { createAuthority } from './certificates.ts';
import type { Plan } from './early-server.ts';
import { mailData } from './mails.ts';
import { ENVELOPE } from './sessions.ts';

const DATA = mailData('Subject: Hello\r\n\r\n', `${'x'.repeat(76)}\r\n`.repeat(1000));

/** The phases of the event loop in which a caller may say yes. */
const PHASES: Record<string, (then: () => void) => void> = {
  microtask: (then) => queueMicrotask(then),
  'next tick': (then) => process.nextTick(then),
  timer: (then) => setTimeout(then, 1),
  poll: (then) => stat(import.meta.filename, then),
  check: (then) => setImmediate(then),
};

const EARLY: readonly (readonly [early: string, outcome: string, code: string])[] = [
  ['250 2.0.0 taken', 'unsent', 'ERR_SMTP_PROTOCOL'],
  ['451 4.3.0 later', 'unsent', 'ERR_SMTP_PROTOCOL'],
  ['550 5.7.1 no', 'unsent', 'ERR_SMTP_PROTOCOL'],
  ['421 4.3.2 closing', 'deferred', 'ERR_SMTP_CONNECTION_LOST'],
  ['garbage', 'unsent', 'ERR_SMTP_PROTOCOL'],
];

describe.each(['none', 'implicit-tls'] as const)(
  'what a server says before the mail data has ended, security %s',
  (security) => {
    const said = new Int32Array(new SharedArrayBuffer(4));
    let ca: string;
    let worker: Worker;
    let port: number;

    beforeAll(async () => {
      const authority = await createAuthority();
      ca = authority.ca;
      const identity = security === 'none' ? undefined : await authority.issue({ names: ['127.0.0.1'] });
      worker = new Worker(new URL('early-server.ts', import.meta.url), { workerData: { identity, said } });
      [port] = await once(worker, 'message');
    });
    afterAll(() => worker.terminate());

    /** The process stands still until the server's words are there. */
    const standStill = (): void => {
      expect(Atomics.wait(said, 0, 0, 10_000)).not.toBe('timed-out');
    };

    async function send(plan: Plan, release: Release): Promise<TransactionResult & { heard: string; shown: string[] }> {
      const ready = once(worker, 'message');
      worker.postMessage(plan);
      await ready;
      const gone = new Promise<string>((resolve) => {
        const listen = (message: string | { heard: string }): void => {
          if (typeof message === 'string') return;
          worker.off('message', listen);
          resolve(message.heard);
        };
        worker.on('message', listen);
      });
      const settings = { host: '127.0.0.1', port, security, clientName: 'client.example.com', ca };
      const session = await openSession(settings, { time: systemClock(), record: () => {} });
      const shown: string[] = [];
      const result = await session.transact(ENVELOPE, DATA, { release, record: ({ text }) => shown.push(text) });
      expect(session.usable).toBe(false);
      return { ...result, shown, heard: await gone };
    }

    for (const [phase, enter] of Object.entries(PHASES)) {
      for (const moment of [DATA.octets / 2, DATA.octets]) {
        it.each(EARLY)(
          `heard ${moment} octets, the client stands still in its ${phase} phase: %s`,
          async (early, outcome, code) => {
            const release = (): Promise<boolean> =>
              new Promise((resolve) =>
                enter(() => {
                  standStill();
                  resolve(true);
                }),
              );
            const { recipients, error, heard } = await send({ early, moment }, release);
            expect(recipients).toMatchObject([{ outcome }]);
            expect(error?.code).toBe(code);
            expect(heard).toContain('Subject: Hello\r\n');
            expect(heard).not.toContain('\r\n.\r\n');
          },
        );
      }
    }

    it.each(EARLY)('the client waits and does not stand still: %s', async (early, outcome, code) => {
      const release = async (): Promise<boolean> => {
        await once(worker, 'message');
        return true;
      };
      const { recipients, error, heard } = await send({ early, moment: DATA.octets }, release);
      expect(recipients).toMatchObject([{ outcome }]);
      expect(error?.code).toBe(code);
      expect(heard).not.toContain('\r\n.\r\n');
    });

    it.each(EARLY)('right behind its 354: %s', async (early, outcome, code) => {
      const release = async (): Promise<boolean> => {
        standStill();
        return true;
      };
      const { recipients, error, heard } = await send({ early, moment: 'behind 354' }, release);
      expect(recipients).toMatchObject([{ outcome }]);
      expect(error?.code).toBe(code);
      expect(heard).not.toContain('\r\n.\r\n');
    });

    it.each(EARLY)('along with its 354: %s', async (early, outcome, code) => {
      const release = () => expect.unreachable('released');
      const { recipients, error, heard, shown } = await send({ early, moment: 'with 354' }, release);
      expect(recipients).toMatchObject([{ outcome }]);
      expect(error?.code).toBe(code);
      expect(heard).toMatch(/DATA\r\n$/);
      expect(shown).not.toContain('<mail data>');
    });
  },
);
