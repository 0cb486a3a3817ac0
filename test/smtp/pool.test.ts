/** Places on sessions: when sessions are opened, who gets which, and when they are closed. */
import { describe, expect, test } from 'vitest';
import {
  AuthError,
  ConnectError,
  openSession,
  type Place,
  Pool,
  type PoolOptions,
  type Session,
  type SmtpError,
  type TransactionResult,
} from '#smtp';
import { LETTER } from './mails.ts';
import { MemoryWire, settled } from './memory-wire.ts';
import { type Answers, type ReadingServer, readingServer } from './reading-server.ts';
import { VirtualTime } from './virtual-time.ts';

interface PoolScene {
  readonly pool: Pool;
  readonly time: VirtualTime;
  /** One for each session that was opened, in order. */
  readonly servers: ReadingServer[];
  readonly wires: MemoryWire[];
  /** How often a session was asked for. */
  readonly asked: number[];
  readonly waits: number[];
}

function poolScene(
  options: Partial<PoolOptions> & {
    offers?: readonly string[];
    answers?: Answers;
    holds?: boolean;
    /** By the how-manieth opening, from 1. */
    fails?: (opening: number) => SmtpError | undefined;
  } = {},
): PoolScene {
  const { offers = [], answers, holds = false, fails = () => undefined, ...rest } = options;
  const time = new VirtualTime();
  const servers: ReadingServer[] = [];
  const wires: MemoryWire[] = [];
  const asked: number[] = [];
  const waits: number[] = [];
  const open: PoolOptions['open'] = async (record, signal): Promise<Session> => {
    asked.push(asked.length + 1);
    const failure = fails(asked.length);
    if (failure !== undefined) throw failure;
    const server = readingServer(offers, answers, { holds });
    const wire = new MemoryWire(server);
    servers.push(server);
    wires.push(wire);
    const settings = {
      host: 'mail.example.com',
      port: 25,
      security: 'none',
      clientName: 'client.example.com',
    } as const;
    return openSession(settings, { time, record, signal, connect: wire.connect });
  };
  const pool = new Pool({ connections: 3, open, time, onWaiting: (_error, ms) => void waits.push(ms), ...rest });
  return { pool, time, servers, wires, asked, waits };
}

function begin(place: Place | null, n: number): Promise<TransactionResult> {
  if (place === null) throw new Error('a place is wanted');
  const envelope = { reversePath: 'news@example.com', forwardPaths: [`p${n}@example.org`] };
  return place.transact(envelope, LETTER, { release: async () => true, record: () => {} });
}

async function end(scene: PoolScene): Promise<void> {
  const closing = scene.pool.close();
  await settled();
  for (const [at, wire] of scene.wires.entries()) {
    const held = scene.servers[at]?.held.splice(0) ?? [];
    if (held.length > 0) wire.say(`${held.join('\r\n')}\r\n`);
  }
  await closing;
  expect(scene.time.pending).toBe(0);
}

const down = () => new ConnectError('connect ECONNREFUSED', { step: 'connect' });

describe('a pool', () => {
  test('opens nothing before it is asked, then one session, and uses it again', async () => {
    const scene = poolScene();
    await settled();
    expect(scene.asked).toEqual([]);
    for (let n = 1; n <= 3; n += 1) await begin(await scene.pool.place(), n);
    expect(scene.asked).toEqual([1]);
    expect(scene.servers[0]?.mails).toHaveLength(3);
    await end(scene);
    expect(scene.servers[0]?.writes.at(-1)).toBe('QUIT\r\n');
  });

  test('opens sessions as work appears, up to its limit', async () => {
    const scene = poolScene({ connections: 3, holds: true });
    const places = [1, 2, 3, 4, 5].map(() => scene.pool.place());
    await settled();
    expect(scene.asked).toEqual([1, 2, 3]);
    const given: (Place | null)[] = [];
    for (const place of places) void place.then((got) => given.push(got));
    await settled();
    expect(given.map((place) => place?.session)).toEqual([1, 2, 3]);
    given[0]?.leave();
    given[1]?.leave();
    await settled();
    expect(given.map((place) => place?.session)).toEqual([1, 2, 3, 1, 2]);
    for (const place of given.slice(2)) place?.leave();
    await end(scene);
  });

  test('meets the first connection alone, and tells at once that it cannot be had', async () => {
    const scene = poolScene({ fails: down });
    const places = [1, 2, 3].map(() => scene.pool.place());
    for (const place of await Promise.allSettled(places)) {
      expect(place).toMatchObject({ status: 'rejected', reason: { code: 'ERR_SMTP_CONNECT' } });
    }
    expect(scene.asked).toEqual([1]);
    await expect(scene.pool.place()).rejects.toThrow('ECONNREFUSED');
    await end(scene);
  });

  test('lets no slow reply hold mails for other sessions', async () => {
    const scene = poolScene({ connections: 2, holds: true });
    const slow = begin(await scene.pool.place(), 1);
    for (let n = 2; n <= 4; n += 1) {
      const place = await scene.pool.place();
      expect(place?.session).toBe(2);
      const sent = begin(place, n);
      for (let reply = 0; reply < 5; reply += 1) {
        await settled();
        const held = scene.servers[1]?.held.splice(0) ?? [];
        if (held.length > 0) scene.wires[1]?.say(`${held.join('\r\n')}\r\n`);
      }
      expect((await sent).recipients).toMatchObject([{ outcome: 'accepted' }]);
    }
    scene.wires[0]?.cut();
    expect((await slow).recipients).toMatchObject([{ outcome: 'unsent' }]);
    await end(scene);
  });

  test('gives the places of one session up to its window', async () => {
    const scene = poolScene({ connections: 1, offers: ['PIPELINING', 'CHUNKING'] });
    await begin(await scene.pool.place(), 1);
    const two = [await scene.pool.place(), await scene.pool.place()];
    const third = scene.pool.place();
    await settled();
    expect(scene.asked).toEqual([1]);
    for (const place of two) place?.leave();
    (await third)?.leave();
    await end(scene);
  });

  test('opens another session where one has reached MAILMAX', async () => {
    const scene = poolScene({ connections: 1, offers: ['PIPELINING', 'CHUNKING', 'LIMITS MAILMAX=2'] });
    const sessions: (number | undefined)[] = [];
    for (let n = 1; n <= 5; n += 1) {
      const place = await scene.pool.place();
      sessions.push(place?.session);
      await begin(place, n);
    }
    expect(sessions).toEqual([1, 1, 2, 2, 3]);
    await end(scene);
    expect(scene.servers.map(({ writes }) => writes.at(-1))).toEqual(Array(3).fill('QUIT\r\n'));
  });

  test('leaves a session that has carried as many domains as RCPTDOMAINMAX', async () => {
    const scene = poolScene({ connections: 1, offers: ['PIPELINING', 'LIMITS RCPTDOMAINMAX=2'] });
    const outcomes: string[] = [];
    for (const address of ['a@one.example', 'b@two.example', 'c@ONE.example', 'd@three.example', 'd@three.example']) {
      const place = await scene.pool.place();
      const envelope = { reversePath: '', forwardPaths: [address] };
      const result = await place?.transact(envelope, LETTER, { release: async () => true, record: () => {} });
      outcomes.push(`${place?.session} ${result?.recipients[0]?.outcome} ${result?.error?.code ?? ''}`.trim());
    }
    expect(outcomes).toEqual(['1 accepted', '1 accepted', '1 accepted', '1 unsent ERR_SMTP_LIMIT', '2 accepted']);
    await end(scene);
  });

  test('closes a retired session once its mails are over, and uses another', async () => {
    const scene = poolScene({ connections: 1 });
    const place = await scene.pool.place();
    expect(place?.isUsed).toBe(false);
    await begin(place, 1);
    place?.retire();
    const next = await scene.pool.place();
    expect(next?.session).toBe(2);
    next?.leave();
    await settled();
    expect(scene.servers[0]?.writes.at(-1)).toBe('QUIT\r\n');
    await end(scene);
  });

  test('notices a session that died while it was idle', async () => {
    const scene = poolScene({ connections: 1 });
    await begin(await scene.pool.place(), 1);
    scene.wires[0]?.cut();
    const place = await scene.pool.place();
    expect(place?.session).toBe(2);
    expect((await begin(place, 2)).recipients).toMatchObject([{ outcome: 'accepted' }]);
    await end(scene);
  });

  test('hands out the conversation that opened a session once', async () => {
    const scene = poolScene();
    const place = await scene.pool.place();
    expect(place?.takeOpening()?.map(({ text }) => text)).toContain('EHLO client.example.com');
    expect(place?.takeOpening()).toBeNull();
    place?.leave();
    await end(scene);
  });
});

describe('a pool whose relay goes away', () => {
  test('tries again in growing intervals, then gives up', async () => {
    const scene = poolScene({ connections: 1, fails: (opening) => (opening === 1 ? undefined : down()) });
    await begin(await scene.pool.place(), 1);
    scene.wires[0]?.cut();
    const place = scene.pool.place();
    const ended = place.catch((error: unknown) => error);
    for (const ms of [200, 1000, 2000, 4000, 8000]) {
      await settled();
      expect(scene.waits.at(-1)).toBe(ms);
      scene.time.advance(ms);
    }
    expect(await ended).toMatchObject({ code: 'ERR_SMTP_CONNECT' });
    await end(scene);
  });

  test('goes on when it is there again', async () => {
    const scene = poolScene({ connections: 1, fails: (opening) => (opening === 2 ? down() : undefined) });
    await begin(await scene.pool.place(), 1);
    scene.wires[0]?.cut();
    const place = scene.pool.place();
    await settled();
    scene.time.advance(200);
    (await place)?.leave();
    await end(scene);
  });

  test('asks a relay that refuses the login once', async () => {
    const refused = new AuthError('server replied "535 5.7.8 no"', { temporary: false });
    const scene = poolScene({ connections: 1, fails: (opening) => (opening === 1 ? undefined : refused) });
    await begin(await scene.pool.place(), 1);
    scene.wires[0]?.cut();
    await expect(scene.pool.place()).rejects.toBe(refused);
    expect(scene.asked).toHaveLength(2);
    await end(scene);
  });

  test('gives up a connection that is one too many, and goes on with the others', async () => {
    const scene = poolScene({ connections: 2, fails: (opening) => (opening === 1 ? undefined : down()) });
    const first = await scene.pool.place();
    const second = scene.pool.place();
    for (const ms of [200, 1000, 2000]) {
      await settled();
      scene.time.advance(ms);
    }
    await settled();
    const asked = scene.asked.length;
    expect(asked).toBe(5);
    first?.leave();
    expect((await second)?.session).toBe(1);
    const third = scene.pool.place();
    await settled();
    expect(scene.asked).toHaveLength(asked);
    (await second)?.leave();
    (await third)?.leave();
    await end(scene);
  });

  test('ends with an error that is no fault of the relay', async () => {
    const scene = poolScene({
      open: async () => {
        throw new TypeError('no such setting');
      },
    });
    await expect(scene.pool.place()).rejects.toThrow(TypeError);
    await end(scene);
  });
});

describe('a pool that is stopped', () => {
  test('gives no place any more, and gives up a session that is being opened', async () => {
    const stop = new AbortController();
    const scene = poolScene({ signal: stop.signal, answers: ({ verb }) => (verb === 'EHLO' ? '' : null) });
    const place = scene.pool.place();
    await settled();
    stop.abort();
    expect(await place).toBeNull();
    expect(await scene.pool.place()).toBeNull();
    await end(scene);
    expect(scene.wires[0]?.closed).toBe('destroyed');
  });

  test('waits for what is under way', async () => {
    const stop = new AbortController();
    const scene = poolScene({ signal: stop.signal, holds: true, offers: ['PIPELINING', 'CHUNKING'] });
    const sent = begin(await scene.pool.place(), 1);
    await settled();
    stop.abort();
    const closing = scene.pool.close();
    let isClosed = false;
    void closing.then(() => {
      isClosed = true;
    });
    await settled();
    expect(isClosed).toBe(false);
    scene.wires[0]?.say(`${scene.servers[0]?.held.splice(0).join('\r\n')}\r\n`);
    expect((await sent).recipients).toMatchObject([{ outcome: 'accepted' }]);
    await end(scene);
  });

  test('cuts those on which nothing is in doubt, and no other', async () => {
    const scene = poolScene({ connections: 2, holds: true, offers: ['PIPELINING', 'CHUNKING'] });
    const inDoubt = begin(await scene.pool.place(), 1);
    await settled();
    const idle = await scene.pool.place();
    scene.pool.cutUndoubted();
    expect(scene.wires.map(({ closed }) => closed)).toEqual([null, 'destroyed']);
    idle?.leave();
    scene.wires[0]?.say(`${scene.servers[0]?.held.splice(0).join('\r\n')}\r\n`);
    expect((await inDoubt).recipients).toMatchObject([{ outcome: 'accepted' }]);
    await end(scene);
  });
});
