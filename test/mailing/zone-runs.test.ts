/** Runs that go by their recipients' own clocks: planned in spite of deaths, and sent in virtual time. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { readBatch } from '../../functions/mailing/batch-file.ts';
import { temporaryFolder, writeCampaign } from '../cli/cartero.ts';
import { Death, Fate, opened, remains, start } from './starting.ts';
import { LATER, OK, timedRun } from './timed-run.ts';

/** Hours and days pass in these tests, a timer after the other. */
vi.setConfig({ testTimeout: 120_000 });

const LOCAL = { cron: '0 9 * * ? *', timezone: 'Europe/Madrid', recipientTimezone: 'zone' };
/** 9:00 in Madrid. */
const SLOT = '2026-11-25T08:00Z';
const EARLY = '2026-11-24T09:00Z';
const WORLD = `email,name,zone
eva@example.com,Eva,Europe/Madrid
tom@example.com,Tom,Asia/Tokyo
ana@example.com,Ana,Pacific/Auckland
lea@example.com,Lea,America/Los_Angeles
nil@example.com,Nil,
odd@example.com,Odd,Mars/Base
TWO@example.com,Two,Asia/Tokyo
TWO@EXAMPLE.com,Two,America/Los_Angeles
`;

describe('a run by the clocks of its recipients', () => {
  test('sends at 9:00 where they are, whoever is in two zones once, and who is in none by the schedule', async () => {
    const at = await timedRun({ now: EARLY, schedule: LOCAL, slot: SLOT, list: WORLD });
    expect(await at.sendAll()).toEqual([
      'ana 2026-11-24T20:00',
      'tom 2026-11-25T00:00',
      'TWO 2026-11-25T00:00',
      'nil 2026-11-25T08:00',
      'odd 2026-11-25T08:00',
      'eva 2026-11-25T08:00',
      'lea 2026-11-25T17:00',
    ]);
    expect(at.resting).toEqual([
      'zone 2026-11-24T20:00',
      'zone 2026-11-25T00:00',
      'zone 2026-11-25T08:00',
      'zone 2026-11-25T17:00',
    ]);
    expect(at.dates['tom@example.com']).toBe('Wed, 25 Nov 2026 00:00:00 +0000');
    expect(at.dates['lea@example.com']).toBe('Wed, 25 Nov 2026 17:00:00 +0000');
    expect(at.started.problems.map(({ row, field, problem }) => [row, field, problem])).toEqual([
      [6, 'zone', 'is "Mars/Base", no time zone such as America/Mexico_City; Europe/Madrid counts'],
    ]);
    expect(await at.state.ledger.run(at.run.id)).toMatchObject({ finished: true });
  });

  test('keeps to the window there, also for later attempts', async () => {
    const at = await timedRun({
      now: EARLY,
      schedule: { ...LOCAL, window: { from: '09:00', to: '09:05' } },
      slot: SLOT,
      list: 'email,name,zone\neva@example.com,Eva,Europe/Madrid\ntom@example.com,Tom,Asia/Tokyo\n',
      answer: (to, attempt) => (to.startsWith('tom') && attempt === 1 ? LATER : OK),
    });
    expect(await at.sendAll()).toEqual(['tom 2026-11-25T00:00', 'eva 2026-11-25T08:00', 'tom 2026-11-26T00:00']);
  });

  test('gives each zone its whole time until it expires', async () => {
    const at = await timedRun({
      now: EARLY,
      schedule: LOCAL,
      slot: SLOT,
      campaign: { expiresAfter: 'PT2H' },
      list: 'email,name,zone\nlea@example.com,Lea,America/Los_Angeles\ntom@example.com,Tom,Asia/Tokyo\n',
      answer: () => LATER,
    });
    const sent = await at.sendAll();
    const last = (who: string) => sent.filter((each) => each.startsWith(who)).at(-1) ?? '';
    expect(last('tom') < 'tom 2026-11-25T02:00').toBe(true);
    expect(last('lea') > 'lea 2026-11-25T17:10' && last('lea') < 'lea 2026-11-25T19:00').toBe(true);
    expect(await at.state.ledger.totals(at.run.id)).toMatchObject({ expired: 2 });
  });

  test('sends to whoever’s hour has gone by at once, or not, as `missed` says', async () => {
    const late = { now: '2026-11-25T08:01Z', slot: SLOT, list: WORLD };
    const made = await timedRun({ ...late, schedule: LOCAL });
    expect((await made.sendAll()).toSorted()).toEqual([
      'TWO 2026-11-25T08:01',
      'ana 2026-11-25T08:01',
      'eva 2026-11-25T08:01',
      'lea 2026-11-25T17:00',
      'nil 2026-11-25T08:01',
      'odd 2026-11-25T08:01',
      'tom 2026-11-25T08:01',
    ]);
    const skipped = await timedRun({ ...late, schedule: { ...LOCAL, missed: 'skip' } });
    expect((await skipped.sendAll()).map((each) => each.slice(0, 3)).toSorted()).toEqual(['eva', 'lea', 'nil', 'odd']);
    expect(await skipped.state.ledger.totals(skipped.run.id)).toMatchObject({ accepted: 4, expired: 3 });
    const reasons = [];
    for await (const { outcome, problem } of skipped.state.ledger.deliveries(skipped.run.id))
      if (outcome === 'expired') reasons.push(problem);
    expect(reasons[0]).toMatch(/was missed when the run began$/);
  });

  test('looks for birthdays on the date that it stands for, the same everywhere', async () => {
    const at = await timedRun({
      now: EARLY,
      schedule: LOCAL,
      slot: SLOT,
      campaign: { select: { birthday: 'born' } },
      list: `email,name,zone,born
ana@example.com,Ana,Pacific/Auckland,1990-11-25
lea@example.com,Lea,America/Los_Angeles,1990-11-25
not@example.com,Not,Pacific/Auckland,1990-11-24
odd@example.com,Odd,Mars/Base,1990-11-25
`,
    });
    expect((await at.sendAll()).toSorted()).toEqual([
      'ana 2026-11-24T20:00',
      'lea 2026-11-25T17:00',
      'odd 2026-11-25T08:00',
    ]);
    expect(at.run.id).toBe('letters-on-20261125');
  });

  test('sends to the first of the audience as its canary, whatever their zones, and to the others then', async () => {
    const at = await timedRun({
      now: EARLY,
      schedule: LOCAL,
      slot: SLOT,
      campaign: { canary: { recipients: 2, refused: '50%' } },
      list: WORLD,
    });
    const sent = await at.sendAll();
    expect(sent.slice(0, 2)).toEqual(['tom 2026-11-25T00:00', 'eva 2026-11-25T08:00']);
    // Whose hour had gone by while the canary had its own.
    expect(sent.slice(2).toSorted()).toEqual([
      'TWO 2026-11-25T08:00',
      'ana 2026-11-25T08:00',
      'lea 2026-11-25T17:00',
      'nil 2026-11-25T08:00',
      'odd 2026-11-25T08:00',
    ]);
    expect(await at.state.ledger.run(at.run.id)).toMatchObject({ plan: { canaryBatches: 2 } });
  });
});

describe('planning by zones that dies', () => {
  const zones = ['Asia/Tokyo', 'America/Los_Angeles', '', 'Mars/Base'];
  const files = ['a', 'b', 'late'];
  const slot = Date.parse('2026-12-02T09:00Z');

  function invoices(): Promise<string> {
    const rows = Array.from({ length: 24 }, (_, index) => {
      // Two rows a person, in two zones, and not of the same file.
      const who = `p${index % 16}`;
      return `${who}@example.com,${who},${zones[index % 3 === 0 ? 1 : index % 4]},${files[index % 3]}.txt\n`;
    });
    return writeCampaign(temporaryFolder(), 'letters', {
      'campaign.json': JSON.stringify({
        from: 'news@example.com',
        schedule: LOCAL,
        attachments: [{ object: 'own/{{file}}' }],
        canary: { recipients: 3, refused: '50%' },
      }),
      'list.csv': `email,name,zone,file\n${rows.join('')}`,
      'own/a.txt': 'A',
      'own/b.txt': 'B',
    });
  }

  async function dieAt(home: string, folder: string, write: number): Promise<void> {
    const state = opened(home);
    await expect(start(state, folder, { fate: new Fate(write, true), slot })).rejects.toBeInstanceOf(Death);
    state.close();
  }

  async function countWrites(folder: string): Promise<number> {
    const fate = new Fate();
    await start(opened(temporaryFolder()), folder, { fate, slot });
    return fate.written.length;
  }

  test('is completed to the same plan by the next start, from each write on', async () => {
    const folder = await invoices();
    const whole = opened(temporaryFolder());
    const { run } = await start(whole, folder, { slot });
    const expected = await remains(whole, run.id);
    const batches = await whole.ledger.openBatches(run.id);
    expect(new Set(batches.map(({ zone }) => zone))).toEqual(new Set([null, 'Asia/Tokyo', 'America/Los_Angeles']));
    for (let write = await countWrites(folder); write > 0; write -= 1) {
      const home = temporaryFolder();
      await dieAt(home, folder, write);
      const state = opened(home);
      await start(state, folder, { slot });
      expect(await remains(state, run.id), `write ${write}`).toEqual(expected);
      // 0 is planning's own lease, which whoever sends closes.
      const open = await state.ledger.openBatches(run.id);
      expect(open.filter(({ batch }) => batch > 0)).toEqual(batches);
      state.close();
    }
  });

  const changes: readonly [what: string, change: (folder: string) => Promise<void>][] = [
    ['comes', (folder) => writeFile(join(folder, 'own/late.txt'), 'late')],
    ['goes', (folder) => rm(join(folder, 'own/b.txt'))],
  ];
  for (const [what, change] of changes) {
    test(`loses nobody and doubles nobody where a recipient's file ${what} before the next start`, async () => {
      for (let write = await countWrites(await invoices()); write > 0; write -= 1) {
        const [folder, home] = [await invoices(), temporaryFolder()];
        await dieAt(home, folder, write);
        await change(folder);
        const state = opened(home);
        const { run, plan } = await start(state, folder, { slot });
        const rows: number[] = [];
        const people: string[] = [];
        for await (const { batch, row, recipient, outcome } of state.ledger.deliveries(run.id)) {
          rows.push(row);
          if (outcome === 'pending') people.push(recipient);
          const written = await readBatch(state.objects, run, batch);
          expect(written.find((each) => each.row === row)).toMatchObject({ recipient, state: outcome });
        }
        expect(new Set(rows).size, `write ${write}`).toBe(plan.recipients);
        expect(rows).toHaveLength(plan.recipients);
        expect(new Set(people).size).toBe(people.length);
        expect(people).toHaveLength(plan.recipients - plan.invalid);
        state.close();
      }
    });
  }
});
