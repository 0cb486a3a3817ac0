/** The crash lab itself: no point rots, and a short pass finds nothing. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeCampaigns } from '../../lab/campaign.ts';
import { POINTS } from '../../lab/points.ts';
import { main } from '../../lab/run.ts';
import { storyOf } from '../../lab/story.ts';
import { Teller } from '../../lab/teller.ts';
import { closeWorkshop, openWorkshop, type Workshop } from '../../lab/workshop.ts';

let workshop: Workshop;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cartero-lab-test-'));
  workshop = await openWorkshop(folder);
}, 60_000);

afterAll(async () => {
  await closeWorkshop(workshop, false);
  rmSync(folder, { recursive: true, force: true });
});

describe('the lab', () => {
  it('has points that are all passed', { timeout: 120_000 }, async () => {
    const [, campaign] = writeCampaigns(join(folder, 'campaigns'));
    if (campaign === undefined) throw new Error('the lab has no campaign');
    const surroundings = { ...workshop, pace: { lifeMs: 500 } };
    const passed = new Set<string>();
    for (const number of [0, 2, 3]) {
      const story = { ...storyOf(1, number, 1), faults: true, connections: 2, policy: 'hold' as const };
      for (const point of await new Teller(story, campaign, surroundings).tour()) passed.add(point);
    }
    expect(POINTS.map(({ name }) => name).filter((name) => !passed.has(name))).toEqual([]);
  });

  it('finds nobody lost and nobody mailed twice in a short pass', { timeout: 240_000 }, async () => {
    expect(await main(['--kills', '12', '--seed', '700729', '--folder', folder])).toBe(0);
  });

  it('quarantines whose mail ends each process, and nobody else', { timeout: 120_000 }, async () => {
    expect(storyOf(5, 18, 4).poison).not.toBeNull();
    expect(await main(['--seed', '5', '--story', '18', '--folder', folder])).toBe(0);
  });
});
