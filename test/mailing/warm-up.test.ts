/** Mails of a day, by a wall clock somewhere in the world: which day it is, and how many may go. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Allowance, type AllowanceBook, type Permit, Ramp } from '#mailing';
import { VirtualClock } from './virtual-clock.ts';

const DAY_MS = 86_400_000;
const at = (text: string) => Date.parse(text);
const ramp = (timezone: string, from = '2026-12-01', perDay = [50, 100, 500]) =>
  new Ramp({ relay: 'news', from, perDay, timezone });

describe('what a day of a ramp allows', () => {
  test.each([
    ['before the first day: nothing', 'UTC', '2026-11-20T12:00Z', '2026-11-20', 0, '2026-12-01T00:00Z'],
    ['to the first midnight', 'Europe/Madrid', '2026-11-30T22:59:59Z', '2026-11-30', 0, '2026-11-30T23:00Z'],
    ['the first day from its midnight', 'Europe/Madrid', '2026-11-30T23:00Z', '2026-12-01', 50, '2026-12-01T23:00Z'],
    ['the second day', 'Europe/Madrid', '2026-12-01T23:00Z', '2026-12-02', 100, '2026-12-02T23:00Z'],
    ['the last day to its end', 'America/Lima', '2026-12-04T04:59:59Z', '2026-12-03', 500, '2026-12-04T05:00Z'],
  ])('%s', (_name, timezone, now, day, limit, endsAt) => {
    expect(ramp(timezone).on(at(now))).toEqual({ day, limit, endsAt: at(endsAt) });
  });

  test('behind its last day there is no limit', () => {
    expect(ramp('America/Lima').on(at('2026-12-04T05:00Z'))).toBeNull();
    expect(ramp('UTC').on(at('2036-12-04T05:00Z'))).toBeNull();
  });

  test.each([
    ['of 23 hours', '2026-03-28T23:00Z', '2026-03-29', '2026-03-29T22:00Z'],
    ['of 25 hours', '2026-10-24T22:00Z', '2026-10-25', '2026-10-25T23:00Z'],
  ])('a day %s is one day', (_name, begins, day, ends) => {
    const madrid = ramp('Europe/Madrid', day, [1, 2]);
    expect(madrid.on(at(begins))).toEqual({ day, limit: 1, endsAt: at(ends) });
    expect(madrid.on(at(ends) - 1)).toMatchObject({ limit: 1 });
    expect(madrid.on(at(ends))).toMatchObject({ limit: 2 });
  });

  test('a day that begins at one in the morning, since midnight never comes', () => {
    const santiago = ramp('America/Santiago', '2026-09-05', [1, 2]);
    expect(santiago.on(at('2026-09-05T12:00Z'))).toMatchObject({ limit: 1, endsAt: at('2026-09-06T04:00Z') });
    expect(santiago.on(at('2026-09-06T04:00Z'))).toMatchObject({ day: '2026-09-06', limit: 2 });
  });

  test('a day that a zone left out is one of the ramp all the same', () => {
    const apia = ramp('Pacific/Apia', '2011-12-29', [1, 2, 3]);
    expect(apia.on(at('2011-12-30T09:59:59Z'))).toEqual({
      day: '2011-12-29',
      limit: 1,
      endsAt: at('2011-12-30T10:00Z'),
    });
    expect(apia.on(at('2011-12-30T10:00Z'))).toMatchObject({ day: '2011-12-31', limit: 3 });
  });

  test('what it says of a moment does not hang on what it was asked before', () => {
    const zones = ['UTC', 'Europe/Madrid', 'America/St_Johns', 'America/Havana', 'Pacific/Apia', 'Asia/Kolkata'];
    const moments = fc.array(fc.integer({ min: at('2011-10-20T00:00Z'), max: at('2011-11-12T00:00Z') }), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(fc.constantFrom(...zones), moments, (zone, asked) => {
        const perDay = Array.from({ length: 15 }, (_, index) => index + 1);
        const kept = ramp(zone, '2011-10-25', perDay);
        for (const moment of [...asked, ...asked.toSorted((one, other) => one - other)])
          expect(kept.on(moment)).toEqual(ramp(zone, '2011-10-25', perDay).on(moment));
      }),
      { numRuns: 60 },
    );
  });
});

/** A book in memory; each of its answers comes when the turn of others has come, and some come to nothing. */
class MemoryBook implements AllowanceBook {
  readonly counts = new Map<string, number>();
  readonly #fails: () => 'before' | 'behind' | null;

  constructor(fails: () => 'before' | 'behind' | null = () => null) {
    this.#fails = fails;
  }

  async taken(relay: string, day: string): Promise<number> {
    await Promise.resolve();
    return this.counts.get(`${relay} ${day}`) ?? 0;
  }

  async change(relay: string, day: string, before: number, after: number): Promise<boolean> {
    await Promise.resolve();
    const failure = this.#fails();
    if (failure === 'before') throw new Error('not written');
    const holds = (this.counts.get(`${relay} ${day}`) ?? 0) === before;
    if (holds) this.counts.set(`${relay} ${day}`, after);
    if (failure === 'behind') throw new Error('written, and nobody heard');
    return holds;
  }
}

class DayClock extends VirtualClock {
  shift = at('2026-12-01T20:00Z');
  override now(): number {
    return this.shift;
  }
}

const warmUp = { relay: 'news', from: '2026-12-01', perDay: [3, 300], timezone: 'UTC' };

async function scene(more: Partial<typeof warmUp> = {}, book = new MemoryBook()) {
  const clock = new DayClock();
  const allowance = () => new Allowance({ ...warmUp, ...more }, { book, clock });
  const use = async (from: Allowance) => {
    const permit = await from.take();
    const isUsed = (await permit?.use()) ?? false;
    permit?.close();
    return isUsed;
  };
  const useAll = async (from: Allowance) => {
    let used = 0;
    while (await use(from)) used += 1;
    return used;
  };
  return { clock, book, allowance, use, useAll };
}

describe('an allowance', () => {
  test('has the mails of the day, and then none before midnight', async () => {
    const { clock, allowance, useAll } = await scene();
    const one = allowance();
    expect(await one.shutUntil()).toBe(0);
    expect(await useAll(one)).toBe(3);
    expect(await one.shutUntil()).toBe(at('2026-12-02T00:00Z'));
    clock.shift = at('2026-12-02T00:00Z');
    expect(await one.shutUntil()).toBe(0);
    expect(await useAll(one)).toBe(300);
  });

  test('has no limit behind the ramp, and asks no book', async () => {
    const { clock, book, allowance, use } = await scene();
    clock.shift = at('2026-12-03T00:00Z');
    const one = allowance();
    for (let mail = 0; mail < 1000; mail += 1) expect(await use(one)).toBe(true);
    expect([await one.shutUntil(), await one.today(), book.counts.size]).toEqual([0, null, 0]);
  });

  test('before the first day has none, and says when there are some', async () => {
    const { clock, allowance, useAll } = await scene({ timezone: 'Europe/Madrid' });
    clock.shift = at('2026-11-20T12:00Z');
    const one = allowance();
    expect(await useAll(one)).toBe(0);
    expect(await one.shutUntil()).toBe(at('2026-11-30T23:00Z'));
  });

  test('counts what left, and not what was refused', async () => {
    const { allowance, useAll } = await scene();
    const one = allowance();
    for (let mail = 0; mail < 10; mail += 1) (await one.take())?.close();
    expect(await useAll(one)).toBe(3);
  });

  test('has no room for more mails at once than the day has', async () => {
    const { allowance } = await scene();
    const one = allowance();
    const permits = await Promise.all([1, 2, 3, 4, 5].map(() => one.take()));
    expect(permits.filter((permit) => permit !== null)).toHaveLength(3);
    permits[0]?.close();
    expect(await one.shutUntil()).toBe(0);
    expect(await one.take()).not.toBeNull();
  });

  test('gives back at the end, for others, what nobody used', async () => {
    const { clock, book, allowance, use, useAll } = await scene();
    clock.shift = at('2026-12-02T08:00Z');
    const [one, other] = [allowance(), allowance()];
    expect(await use(one)).toBe(true);
    expect(book.counts.get('news 2026-12-02')).toBe(3);
    expect(await useAll(other)).toBe(297);
    expect(await other.shutUntil()).toBe(at('2026-12-03T00:00Z'));
    await one.giveBack();
    expect(await other.shutUntil()).toBe(0);
    expect(await useAll(other)).toBe(2);
  });

  test('a mail that outlasts its day counts on the next one, and does not leave where that has no room', async () => {
    const { clock, book, allowance, useAll } = await scene({ perDay: [3, 2] });
    const one = allowance();
    const late = [await one.take(), await one.take(), await one.take()];
    clock.shift = at('2026-12-02T00:00Z');
    expect([await late[0]?.use(), await late[1]?.use(), await late[2]?.use()]).toEqual([true, true, false]);
    for (const permit of late) permit?.close();
    expect(book.counts.get('news 2026-12-02')).toBe(2);
    expect(await useAll(one)).toBe(0);
  });

  test('a limit that was lowered during the day lets nobody go on', async () => {
    const { allowance, useAll, book } = await scene();
    expect(await useAll(allowance())).toBe(3);
    const lowered = await scene({ perDay: [2] }, book);
    expect(await lowered.useAll(lowered.allowance())).toBe(0);
  });
});

test('whatever happens, no day has more mails than it allows; without a death or a fault it has them all', async () => {
  const step = fc.record({
    kind: fc.constantFrom('take', 'take', 'take', 'use', 'use', 'close', 'die', 'give back', 'later', 'clock'),
    process: fc.nat(2),
    which: fc.nat(5),
    ms: fc.integer({ min: -DAY_MS, max: DAY_MS }),
  });
  const faults = fc.array(fc.constantFrom(null, null, null, 'before' as const, 'behind' as const), { maxLength: 6 });
  const perDay = fc.array(fc.integer({ min: 1, max: 450 }), { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 150 }), faults, perDay, async (steps, failures, limits) => {
      const left = [...failures];
      const { clock, allowance, useAll } = await scene({ perDay: limits }, new MemoryBook(() => left.shift() ?? null));
      const used = new Map<string, number>();
      const count = (mails = 1) => {
        const day = new Date(clock.now()).toISOString().slice(0, 10);
        used.set(day, (used.get(day) ?? 0) + mails);
      };
      const processes = [0, 1, 2].map(() => ({ allowance: allowance(), permits: [] as Permit[] }));
      let isClean = failures.every((failure) => failure === null);
      const under: Promise<unknown>[] = [];
      for (const { kind, process: number, which, ms } of steps) {
        const each = processes[number];
        if (each === undefined) continue;
        const { permits } = each;
        const [permit] =
          kind === 'use' || kind === 'close' ? permits.splice(which % Math.max(permits.length, 1), 1) : [];
        if (kind === 'take')
          under.push(
            each.allowance
              .take()
              .then((got) => void (got !== null && permits.push(got)))
              .catch(() => {}),
          );
        if (kind === 'use' && permit !== undefined)
          under.push(
            permit
              .use()
              .then((isUsed) => isUsed && count())
              .catch(() => {})
              .finally(() => permit.close()),
          );
        if (kind === 'close') permit?.close();
        if (kind === 'give back') under.push(each.allowance.giveBack());
        if (kind === 'die') {
          isClean = false;
          processes[number] = { allowance: allowance(), permits: [] };
        }
        if (kind === 'later' || kind === 'clock') {
          await Promise.all(under.splice(0));
          clock.shift += kind === 'later' ? Math.abs(ms) : ms;
          isClean = false;
        }
      }
      await Promise.all(under);
      for (const each of processes) {
        for (const permit of each.permits) permit.close();
        await each.allowance.giveBack();
      }
      // Whoever comes then uses up the first days.
      left.length = 0;
      const last = allowance();
      clock.shift = at('2026-12-01T23:00Z');
      count(await useAll(last));
      for (const [day, mails] of used) {
        const limit = limits[Math.round((at(day) - at('2026-12-01')) / DAY_MS)];
        if (at(day) < at('2026-12-01')) expect(mails, day).toBe(0);
        else if (limit !== undefined) expect(mails, day).toBeLessThanOrEqual(limit);
      }
      if (isClean) expect(used.get('2026-12-01')).toBe(limits[0]);
    }),
    { numRuns: 120 },
  );
}, 60_000);
