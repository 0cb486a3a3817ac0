/** What becomes of a run when not the relay but the ground under the sender gives way. */
import { describe, expect, test } from 'vitest';
import type { LocalState } from '#local';
import {
  type Ledger,
  LedgerError,
  MailComposer,
  type ObjectStore,
  ObjectStoreError,
  readContent,
  type SendReport,
  type StartedRun,
  sendRun,
} from '#mailing';
import { ConnectionLostError, type Session } from '#smtp';
import { temporaryFolder, writeCampaign } from '../cli/cartero.ts';
import { scriptedSession } from './scripted-session.ts';
import { opened, start, unhandledRejections, withCommit } from './starting.ts';
import { VirtualClock } from './virtual-clock.ts';

const PEOPLE = 12;

async function planned(): Promise<{ state: LocalState; started: StartedRun }> {
  const folder = await writeCampaign(temporaryFolder(), 'letters', {
    'list.csv': `email,name\n${Array.from({ length: PEOPLE }, (_, index) => `p${index}@example.com,P\n`).join('')}`,
  });
  const state = opened(temporaryFolder());
  return { state, started: await start(state, folder) };
}

type Transact = (to: string, release: () => Promise<boolean>) => Promise<'accepted' | 'lost'>;

/** A session that does what the test says, and asks for the release as a real one does: once, and a no cuts it. */
function sessionOf(transact: Transact): Session {
  return scriptedSession(async (to, release) => {
    const fate = await transact(to, async () => release().catch(() => false));
    if (fate === 'accepted')
      return { outcome: 'accepted', reply: { code: 250, lines: ['ok'], enhancedStatus: null }, queueId: null };
    const error = new ConnectionLostError('the server closed the connection', { step: 'mail data' });
    return { outcome: 'unsent', error };
  });
}

interface Sending {
  readonly ledger?: Ledger;
  readonly clock?: VirtualClock;
  readonly messagesPerSecond?: number;
  readonly connections?: number;
  readonly openSession: () => Session;
}

async function send({ state, started }: Awaited<ReturnType<typeof planned>>, options: Sending): Promise<SendReport> {
  const { openSession, ledger = state.ledger, clock = new VirtualClock(), connections = 1, ...pace } = options;
  const composer = await MailComposer.open(started.loaded, {
    date: started.run.createdAt,
    readFile: (content) => readContent(state.objects, content),
  });
  return sendRun(
    started.run,
    composer,
    { ...state, ledger, clock },
    {
      connections,
      ...pace,
      openSession: async () => openSession(),
      signal: new AbortController().signal,
      owner: 'sender',
    },
  );
}

const acceptAll: Transact = async (_to, release) => ((await release()) ? 'accepted' : 'lost');

describe('sendRun', () => {
  for (let commit = 1; commit <= 14; commit += 1) {
    test(`lets the ledger fail at commit ${commit}, tells it, gives the batch back, and sends nobody twice`, async () => {
      const unhandled = unhandledRejections();
      const run = await planned();
      const accepted: string[] = [];
      const openSession = () =>
        sessionOf(async (to, release) => {
          const fate = await acceptAll(to, release);
          if (fate === 'accepted') accepted.push(to);
          return fate;
        });
      const full = new LedgerError('Cannot write the ledger: the disk is full');
      let commits = 0;
      const ledger = withCommit(run.state.ledger, async (claim, changes) => {
        commits += 1;
        if (commits === commit) throw full;
        return run.state.ledger.commit(claim, changes);
      });
      const end = await send(run, { ledger, openSession, connections: 2 }).catch((error: unknown) => error);
      if (commits >= commit) expect(end).toBe(full);
      // The same process goes on with what was left.
      await send(run, { openSession, connections: 2 });
      const totals = await run.state.ledger.totals(run.started.run.id);
      expect(totals.accepted + totals.uncertain).toBe(PEOPLE);
      expect(totals.uncertain).toBeLessThanOrEqual(2);
      expect(new Set(accepted).size).toBe(accepted.length);
      expect(accepted).toHaveLength(PEOPLE);
      expect(unhandled).toEqual([]);
    });
  }

  test('leaves a batch alone that another process took over, and lets no indicator go without its intent', async () => {
    const run = await planned();
    const { ledger, folder } = run.state;
    const id = run.started.run.id;
    const unhandled = unhandledRejections();
    const released: string[] = [];
    const openSession = () =>
      sessionOf(async (to, release) => {
        if (to === 'p3@example.com') {
          await ledger.release({ run: id, batch: 1, fence: 1 });
          expect((await opened(folder).ledger.claim(id, 1, { now: 0 }))?.fence).toBe(2);
        }
        const fate = await acceptAll(to, release);
        if (fate === 'accepted') released.push(to);
        return fate;
      });
    expect(await send(run, { openSession })).toEqual({ stopped: false, elsewhere: 1 });
    expect(released).toEqual(['p0@example.com', 'p1@example.com', 'p2@example.com']);
    const { pending, accepted, uncertain } = await ledger.totals(id);
    // The outcome of the third may have been on its way when the batch was taken: then nobody can know.
    expect(pending).toBe(PEOPLE - 3);
    expect(accepted + uncertain).toBe(3);
    expect(accepted).toBeGreaterThanOrEqual(2);
    expect(unhandled).toEqual([]);
  });

  test('defers a mail whose connection is lost each time between intent and indicator', async () => {
    const run = await planned();
    let asked = 0;
    const openSession = () =>
      sessionOf(async (to, release) => {
        if (to !== 'p3@example.com') return acceptAll(to, release);
        asked += 1;
        await release();
        return 'lost';
      });
    await send(run, { openSession });
    expect(asked).toBe(3);
    const [record] = await run.state.ledger.find(run.started.run.id, 'p3@example.com');
    expect(record).toMatchObject({ outcome: 'deferred', attempts: 3, uncertainAttempts: 0 });
    expect(record?.problem).toContain('3 connections were lost under this mail');
    expect(record?.nextAt).toBeGreaterThan(record?.at ?? 0);
    expect((await run.state.ledger.totals(run.started.run.id)).accepted).toBe(PEOPLE - 1);
  });

  test('gives the batch back where its file cannot be read', async () => {
    const run = await planned();
    const { objects } = run.state;
    const file =
      (await objects.list(`runs/${run.started.run.id}/`)).find((name) => name.endsWith('000001.jsonl')) ?? '';
    const whole = await objects.read(file);
    await objects.write(file, Buffer.from('{"row":'));
    const openSession = () => sessionOf(acceptAll);
    await expect(send(run, { openSession })).rejects.toThrow();
    expect((await run.state.ledger.totals(run.started.run.id)).pending).toBe(PEOPLE);
    await objects.write(file, whole);
    await send(run, { openSession });
    expect((await run.state.ledger.totals(run.started.run.id)).accepted).toBe(PEOPLE);
  });

  test('closes no batch whose results cannot be written, so that no run says finished without them', async () => {
    const run = await planned();
    const { objects, ledger } = run.state;
    const full = new ObjectStoreError('write', 'results', 'the disk is full; free some space');
    const without: ObjectStore = {
      read: (name) => objects.read(name),
      stream: (name) => objects.stream(name),
      has: (name) => objects.has(name),
      list: (prefix) => objects.list(prefix),
      writeAll: (several) => objects.writeAll(several),
      write: async (name, content) => {
        if (name.includes('/results/')) throw full;
        await objects.write(name, content);
      },
    };
    const openSession = () => sessionOf(acceptAll);
    await expect(send({ ...run, state: { ...run.state, objects: without } }, { openSession })).rejects.toBe(full);
    const { id } = run.started.run;
    expect((await ledger.totals(id)).accepted).toBe(PEOPLE);
    expect((await ledger.run(id))?.finished).toBe(false);
  });

  test('counts no lost connection against a mail while the pace keeps the session waiting', async () => {
    const run = await planned();
    const clock = new VirtualClock();
    const openSession = () => {
      const session = sessionOf(acceptAll);
      // A relay that closes what is idle for a minute, where a mail goes every two.
      clock.after(60_000, () => session.destroy());
      return session;
    };
    const sending = send(run, { clock, openSession, messagesPerSecond: 1 / 120 });
    let ended = false;
    const end = () => {
      ended = true;
    };
    sending.then(end, end);
    while (!ended) await clock.pass(60_000);
    await sending;
    const { accepted } = await run.state.ledger.totals(run.started.run.id);
    expect(accepted).toBe(PEOPLE);
    for await (const { attempts } of run.state.ledger.deliveries(run.started.run.id)) expect(attempts).toBe(1);
  });
});
