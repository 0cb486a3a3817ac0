/** Runs over a relay that is warmed up, in virtual time. */
import { expect, test, vi } from 'vitest';
import { Allowance, isoTime, type WarmUp } from '#mailing';
import { RunScene, replyOf, type SceneOptions } from './run-scene.ts';

/** Days pass in these tests. */
vi.setConfig({ testTimeout: 60_000 });

const GREY = replyOf('451 4.7.1 greylisted');

async function scene(perDay: readonly number[], options: SceneOptions = {}, more: Partial<WarmUp> = {}) {
  // It is 9 o'clock of 1 December, in UTC.
  const at = await RunScene.open(options);
  const warmUp: WarmUp = { relay: 'news', from: '2026-12-01', perDay, timezone: 'UTC', ...more };
  const allowance = (book = at.state.allowances) => new Allowance(warmUp, { book, clock: at.clock });
  const rests: string[] = [];
  const onResting = (until: number, why: string) => void rests.push(`${why} ${isoTime(until).slice(0, 16)}`);
  const days = () => {
    const counts: Record<string, number> = {};
    const first = at.clock.now() - at.clock.monotonic();
    for (const { atMs } of at.attempts) {
      const day = isoTime(first + atMs).slice(0, 10);
      counts[day] = (counts[day] ?? 0) + 1;
    }
    return counts;
  };
  return { at, allowance, rests, onResting, days };
}

test('a run sends what the day allows, rests until the next, says so once, and goes on', async () => {
  const { at, allowance, rests, onResting, days } = await scene([4, 7], { people: 20 });
  await at.send({ allowance: allowance(), onResting, connections: 3 });
  expect(days()).toEqual({ '2026-12-01': 4, '2026-12-02': 7, '2026-12-03': 9 });
  expect(rests).toEqual(['warm-up 2026-12-02T00:00', 'warm-up 2026-12-03T00:00']);
  expect(await at.totals()).toMatchObject({ accepted: 20 });
});

test('before its first day nothing goes', async () => {
  const { at, allowance, rests, onResting, days } = await scene(
    [20],
    { people: 2 },
    { from: '2026-12-03', timezone: 'Europe/Madrid' },
  );
  await at.send({ allowance: allowance(), onResting });
  expect(rests).toEqual(['warm-up 2026-12-02T23:00']);
  expect(days()).toEqual({ '2026-12-02': 2 });
});

test('with `once` it ends at what the day allows, with the others pending, and says why', async () => {
  const { at, allowance, rests, onResting } = await scene([4], { people: 10 });
  await at.send({ allowance: allowance(), onResting, once: true });
  expect(await at.totals()).toMatchObject({ accepted: 4, pending: 6 });
  expect(rests).toEqual(['warm-up 2026-12-02T00:00']);
});

test('a run that ends with the last mail of the day waits for no other day', async () => {
  const { at, allowance, rests, onResting } = await scene([4], { people: 4 });
  await at.send({ allowance: allowance(), onResting });
  expect(rests).toEqual([]);
  expect(await at.totals()).toMatchObject({ accepted: 4 });
});

test("mails that are refused before their end take nobody's room", async () => {
  const { at, allowance } = await scene([4], {
    people: 10,
    fate: ({ to }) => (Number(/\d/.exec(to)?.[0]) % 2 === 0 ? replyOf('550 5.1.1 no such user') : replyOf('250 ok')),
  });
  await at.send({ allowance: allowance(), once: true, connections: 2 });
  const { refused, accepted } = await at.totals();
  expect(accepted).toBe(4);
  expect(refused).toBeGreaterThanOrEqual(4);
});

test('whoever is deferred has room when the next attempt is due, and what is held meanwhile is given back', async () => {
  const { at, allowance, rests, onResting, days } = await scene([200, 200], {
    people: 3,
    fate: ({ attempt }) => (attempt === 1 ? GREY : replyOf('250 ok')),
  });
  await at.send({ allowance: allowance(), onResting });
  expect(rests.every((each) => each.startsWith('later'))).toBe(true);
  expect(days()).toEqual({ '2026-12-01': 6 });
  expect(await at.state.allowances.taken('news', '2026-12-01')).toBe(3);
});

test('two processes have one day between them', async () => {
  const { at, allowance, days } = await scene([5, 9], { people: 1200 });
  const other = at.anotherProcess();
  const first = at.begin({ allowance: allowance(), once: true });
  const second = at.begin({ allowance: allowance(other.allowances), state: other, once: true });
  await at.passUntilOver(first, second);
  expect(days()).toEqual({ '2026-12-01': 5 });
  expect(at.accepted).toHaveLength(5);
  other.close();
});

test('a mail that comes to its end when its day is over counts on the next one', async () => {
  // 15 hours to midnight.
  const { at, allowance, days } = await scene([3, 2], { people: 6, mailMs: 16 * 3_600_000 });
  await at.send({ allowance: allowance(), connections: 3 });
  const used = await Promise.all(['2026-12-01', '2026-12-02'].map((day) => at.state.allowances.taken('news', day)));
  // Three were begun on the first day, and two of them had room when they came to their end.
  expect(used[1]).toBe(2);
  expect(Object.values(days()).length).toBeGreaterThan(1);
  expect(await at.totals()).toMatchObject({ accepted: 6 });
  expect(new Set(at.accepted).size).toBe(6);
});

test('a book that cannot be written stops the run, and nobody is lost', async () => {
  const { at, allowance } = await scene([4], { people: 10 });
  const book = {
    taken: async () => 0,
    change: async (): Promise<boolean> => {
      throw new Error('the disk is full');
    },
  };
  await expect(at.send({ allowance: allowance(book) })).rejects.toThrow('the disk is full');
  expect(at.accepted).toEqual([]);
  expect(await at.totals()).toMatchObject({ pending: 10 });
});
