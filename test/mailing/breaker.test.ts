/** A relay that fails in the middle of a run and comes back: the run rests, nobody is burnt, everybody is sent to once. */
import { describe, expect, test } from 'vitest';
import { AuthError, ConnectError } from '#smtp';
import { type Fate, OK, RunScene, replyOf } from './run-scene.ts';

const MINUTE = 60_000;
const refused = () => new ConnectError('the server refuses the connection', { step: 'connect' });

/** Works for some mails, then does not until a moment. */
function failing(works: number, until: number, how: { fate?: Fate; opening?: () => Error }) {
  let mails = 0;
  const isDown = (atMs: number) => mails >= works && atMs < until;
  return {
    fate: ({ atMs }: { atMs: number }): Fate => {
      if (isDown(atMs)) return how.fate ?? 'lost';
      mails += 1;
      return OK;
    },
    opening: (_session: number, atMs: number) => {
      if (how.opening !== undefined && isDown(atMs)) throw how.opening();
    },
  };
}

describe('a run whose relay fails after it worked', () => {
  test.each<[string, { fate?: Fate; opening?: () => Error }]>([
    ['refuses connections', { opening: refused }],
    ['answers 503 to MAIL', { fate: { step: 'MAIL', reply: replyOf('503 5.5.1 not now') } }],
    ['answers 530 to MAIL', { fate: { step: 'MAIL', reply: replyOf('530 5.7.0 must issue STARTTLS') } }],
  ])('%s, rests and goes on when it is back', { timeout: 60_000 }, async (_, how) => {
    const scene = await RunScene.open({ people: 300, ...failing(100, 10 * MINUTE, how) });
    const rests: number[] = [];
    let mended = 0;
    await scene.send({
      connections: 3,
      onBroken: (_error, nextAt) => rests.push(nextAt - scene.clock.now()),
      onMended: () => {
        mended += 1;
      },
    });
    expect(mended).toBe(1);
    for (const [index, minutes] of [1, 2, 4].entries()) {
      expect(rests[index]).toBeGreaterThanOrEqual(minutes * MINUTE);
      expect(rests[index]).toBeLessThanOrEqual(minutes * MINUTE * 1.2);
    }
    expect(await scene.totals()).toMatchObject({ accepted: 300, uncertain: 0, refused: 0, pending: 0 });
    expect(new Set(scene.accepted).size).toBe(300);
    expect(scene.accepted).toHaveLength(300);
  });

  test('tries one mail over one connection, which costs the mail nothing', async () => {
    const down: Fate = { step: 'MAIL', reply: replyOf('503 5.5.1 not now') };
    const scene = await RunScene.open({ people: 40, ...failing(20, 10 * MINUTE, { fate: down }) });
    await scene.send({ connections: 4 });
    const probes = scene.attempts.filter(({ atMs }) => atMs > MINUTE / 2 && atMs < 10 * MINUTE);
    expect(new Set(probes.map(({ atMs }) => atMs)).size).toBe(probes.length);
    for await (const { attempts } of scene.state.ledger.deliveries(scene.run)) expect(attempts).toBe(1);
  });

  test('is not waited for under `once`, nor where it never worked, nor where it refuses the login', async () => {
    const once = await RunScene.open({ people: 20, ...failing(5, MINUTE, { opening: refused, fate: 'lost' }) });
    await expect(once.send({ once: true })).rejects.toThrow('refuses the connection');
    const never = await RunScene.open({ people: 20, ...failing(0, MINUTE, { opening: refused }) });
    await expect(never.send()).rejects.toThrow('refuses the connection');
    expect(never.sessions).toBe(1);
    const locked = () => new AuthError('server replied "535 no"', { temporary: false });
    const login = await RunScene.open({ people: 20, ...failing(5, MINUTE, { opening: locked, fate: 'lost' }) });
    await expect(login.send()).rejects.toThrow('535');
    expect(login.sessions).toBe(2);
  });

  test('is waited for no longer than deferred recipients have time', async () => {
    const down: Fate = { step: 'MAIL', reply: replyOf('503 5.5.1 not now') };
    const scene = await RunScene.open({
      people: 20,
      campaign: { expiresAfter: 'PT20M' },
      ...failing(5, Number.POSITIVE_INFINITY, { fate: down }),
    });
    await expect(scene.send()).rejects.toThrow('503');
    expect(scene.clock.monotonic()).toBeLessThan(40 * MINUTE);
    expect(await scene.totals()).toMatchObject({ accepted: 5, pending: 15 });
  });
});
