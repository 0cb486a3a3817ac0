/**
 * The delivery protocol under a seeded scheduler with virtual time: a few seeds here, 20,000 by `npm run test:simulation`.
 * What a failure prints is told again by `npm run test:simulation -- --seed N`.
 */
import { describe, expect, test } from 'vitest';
import { scenarioOf } from './scenario.ts';
import { tellShare } from './share.ts';
import { tell } from './story.ts';

const SEEDS = Number(process.env.SIMULATION_SEEDS ?? 200);

describe('the delivery protocol, simulated', () => {
  test(`keeps its promises in ${SEEDS} stories of deaths, thefts, faults, poison and clocks that jump`, {
    timeout: 60_000 + SEEDS * 50,
  }, async () => {
    const { counts, failures } = await tellShare({ from: 0, seeds: SEEDS, part: 0, parts: 1 });
    expect(failures).toEqual([]);
    for (const [name, count] of Object.entries(counts)) expect(count, name).toBeGreaterThan(0);
  });

  test.each([
    [49, 'the last mails of one batch and the first of the next share their places'],
    [2566, 'a session that has died keeps its place while a mail on it is not over'],
    [1868, 'two starts at once are one run, and neither takes the other for a run of before'],
    [1968, 'a batch whose commit fails, and was written all the same, has its results'],
  ])('story %i: %s', async (seed) => {
    expect((await tell(scenarioOf(seed))).violations).toEqual([]);
  });

  test('tells the same story for the same seed, to the last octet', async () => {
    for (const seed of [3, 14, 159]) {
      const first = await tell(scenarioOf(seed), true);
      const second = await tell(scenarioOf(seed), true);
      expect(second.story).toEqual(first.story);
      expect(second.mark).toBe(first.mark);
      expect((await tell(scenarioOf(seed))).mark).toBe(first.mark);
    }
  });
});
