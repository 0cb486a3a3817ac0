/** What makes two starts the same run, and what must not. */
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { LocalState } from '#local';
import { temporaryFolder, writeCampaign } from '../cli/cartero.ts';
import { NOW, opened, start } from './starting.ts';

const DAY = 24 * 3_600_000;
const OTHER_LIST = 'email,name\nben@example.com,Ben\n';
const BIRTHDAYS = {
  'campaign.json': JSON.stringify({ from: 'news@example.com', audience: 'list.csv', select: { birthday: 'birthday' } }),
  'list.csv': 'email,name,birthday\nana@example.com,Ana,1990-12-01\nben@example.com,Ben,1990-12-02\n',
};

async function recipients({ ledger }: LocalState, run: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { recipient } of ledger.deliveries(run)) found.push(recipient);
  return found;
}

describe('another audience file', () => {
  test('is another run while the first is not finished, which is named', async () => {
    const state = opened(temporaryFolder());
    const folder = await writeCampaign(temporaryFolder(), 'letters', { 'other.csv': OTHER_LIST });
    const first = await start(state, folder);
    const second = await start(state, folder, { list: 'other.csv' });
    expect(second.kind).toBe('new');
    expect(await recipients(state, second.run.id)).toEqual(['ben@example.com']);
    expect(second.others.map(({ id }) => id)).toEqual([first.run.id]);
    expect((await start(state, folder)).run.id).toBe(first.run.id);
    expect((await start(state, folder, { list: 'other.csv' })).run.id).toBe(second.run.id);
  });

  test('of the same content is the same run', async () => {
    const state = opened(temporaryFolder());
    const folder = await writeCampaign(temporaryFolder(), 'letters');
    await writeFile(join(folder, 'copy.csv'), 'email,name\nana@example.com,Ana\nzoe@example.com,Zoë\n');
    const first = await start(state, folder);
    expect(await start(state, folder, { list: 'copy.csv' })).toMatchObject({
      kind: 'resumed',
      run: { id: first.run.id },
    });
  });
});

describe('a campaign that selects birthdays', () => {
  test('has a run for each day, by hand', async () => {
    const state = opened(temporaryFolder());
    const folder = await writeCampaign(temporaryFolder(), 'birthday', BIRTHDAYS);
    const first = await start(state, folder);
    const later = await start(state, folder, { now: NOW + 3_600_000 });
    const nextDay = await start(state, folder, { now: NOW + DAY });
    expect(later.run.id).toBe(first.run.id);
    expect(nextDay.kind).toBe('new');
    expect(await recipients(state, first.run.id)).toEqual(['ana@example.com']);
    expect(await recipients(state, nextDay.run.id)).toEqual(['ben@example.com']);
  });

  test('has one run for all slots of a day', async () => {
    const state = opened(temporaryFolder());
    const folder = await writeCampaign(temporaryFolder(), 'birthday', BIRTHDAYS);
    const midnight = Date.parse('2026-12-01T00:00:00Z');
    const ids: string[] = [];
    for (const hour of [0, 5, 23, 24])
      ids.push((await start(state, folder, { slot: midnight + hour * 3_600_000 })).run.id);
    expect(ids).toEqual([
      'birthday-on-20261201',
      'birthday-on-20261201',
      'birthday-on-20261201',
      'birthday-on-20261202',
    ]);
  });
});

describe('a rehearsal', () => {
  test('never stands in for the real run, nor the other way round', async () => {
    const state = opened(temporaryFolder());
    const folder = await writeCampaign(temporaryFolder(), 'letters');
    const rehearsal = await start(state, folder, { rehearsal: true });
    const real = await start(state, folder);
    expect(rehearsal.run.id).toBe(`${real.run.id}-rehearsal`);
    expect([rehearsal.kind, real.kind]).toEqual(['new', 'new']);
    expect((await start(state, folder, { rehearsal: true })).run.id).toBe(rehearsal.run.id);
    expect((await start(state, folder)).run.id).toBe(real.run.id);
    await expect(start(state, folder, { resume: rehearsal.run.id })).rejects.toThrow('it is a rehearsal');
    await expect(start(state, folder, { rehearsal: true, resume: real.run.id })).rejects.toThrow('give --relay');
  });
});

describe('a folder that was moved or copied', () => {
  test('goes on where its content is the same', async () => {
    const state = opened(temporaryFolder());
    const root = temporaryFolder();
    const folder = await writeCampaign(root, 'letters');
    const first = await start(state, folder);
    const moved = join(temporaryFolder(), 'letters');
    await rename(folder, moved);
    expect(await start(state, moved)).toMatchObject({ kind: 'resumed', run: { id: first.run.id } });
  });

  test('is refused where it has changed while a run of that name to the same people is not finished', async () => {
    const state = opened(temporaryFolder());
    const first = await start(state, await writeCampaign(temporaryFolder(), 'letters'));
    const copy = await writeCampaign(temporaryFolder(), 'letters', { 'subject.hbs': 'Mended {{name}}' });
    await expect(start(state, copy)).rejects.toThrow(
      `run ${first.run.id} of a campaign of this name in another folder`,
    );
    expect(await start(state, copy, { resume: first.run.id })).toMatchObject({
      kind: 'resumed',
      run: { id: first.run.id },
    });
    expect((await start(state, copy, { another: true })).kind).toBe('new');
  });
});

describe('two campaigns of one name', () => {
  test('have their own runs where their people are others', async () => {
    const state = opened(temporaryFolder());
    const first = await start(state, await writeCampaign(temporaryFolder(), 'letters'));
    const other = await writeCampaign(temporaryFolder(), 'letters', { 'list.csv': OTHER_LIST });
    const second = await start(state, other);
    expect(second.kind).toBe('new');
    expect((await start(state, other)).run.id).toBe(second.run.id);
    expect(second.others).toEqual([]);
    expect(first.run.id).not.toBe(second.run.id);
  });
});

describe('resume', () => {
  test('goes on with the run of that id, whatever the newest is', async () => {
    const state = opened(temporaryFolder());
    const folder = await writeCampaign(temporaryFolder(), 'letters');
    const first = await start(state, folder);
    await start(state, folder, { another: true });
    expect(await start(state, folder, { resume: first.run.id })).toMatchObject({
      kind: 'resumed',
      run: { id: first.run.id },
    });
    await expect(start(state, folder, { resume: 'letters-none' })).rejects.toThrow('has no run "letters-none"');
  });
});
