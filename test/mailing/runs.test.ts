/** Which run is it, and what a death while planning leaves to the next start. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { LocalState } from '#local';
import { RunError } from '#mailing';
import { temporaryFolder, writeCampaign } from '../cli/cartero.ts';
import { Death, Fate, opened, remains, start } from './starting.ts';

const SLOT = Date.parse('2026-12-24T08:00:00Z');
const LIST = 'email,name\nana@example.com,Ana\nzoe@example.com,Zoë\n';

const letters = () => writeCampaign(temporaryFolder(), 'letters');

/** Settles everybody as accepted, as a sender would. */
async function sendAll({ ledger }: LocalState, run: string): Promise<void> {
  for (const { batch } of await ledger.openBatches(run)) {
    const claim = await ledger.claim(run, batch, { now: 0 });
    if (claim === null) throw new Error('the batch is held');
    const intended = claim.due.map(({ index }) => ({ index, attempt: 1 }));
    const rev = await ledger.commit(claim, { settled: [], intended });
    const settled = intended.map((each) => ({ ...each, state: 'accepted' as const, at: 1 }));
    await ledger.commit({ ...claim, rev }, { settled, intended: [] });
    await ledger.release(claim);
  }
}

describe('a run by hand', () => {
  test('is one run when it is started twice, and the second start goes on with it', async () => {
    const [folder, state] = [await letters(), opened(temporaryFolder())];
    const first = await start(state, folder);
    const second = await start(state, folder);
    expect(first.kind).toBe('new');
    expect(first.run.id).toMatch(/^letters-[0-9a-f]{10}$/);
    expect(second).toMatchObject({ kind: 'resumed', run: first.run, plan: first.plan, changed: [], problems: [] });
    expect(await state.ledger.runs()).toHaveLength(1);
  });

  test('has nothing to do when it is finished and its content is the same', async () => {
    const [folder, state] = [await letters(), opened(temporaryFolder())];
    const { run } = await start(state, folder);
    await sendAll(state, run.id);
    expect(await start(state, folder)).toMatchObject({ kind: 'finished', run: { id: run.id, finished: true } });
    expect(await state.ledger.totals(run.id)).toMatchObject({ accepted: 2, pending: 0 });
  });

  test('goes on from its frozen copy where files have changed, and names them', async () => {
    const [folder, state] = [await letters(), opened(temporaryFolder())];
    const { run, plan } = await start(state, folder);
    await writeFile(join(folder, 'list.csv'), `${LIST}new@example.com,New\n`);
    await writeFile(join(folder, 'subject.hbs'), 'Changed');
    const again = await start(state, folder);
    expect(again).toMatchObject({ kind: 'resumed', run, plan, changed: ['subject.hbs', 'list.csv'] });
    expect(again.loaded.templates.subject({ name: 'Ana' })).toBe('Hello Ana');
  });

  test('is another one where files have changed since it finished', async () => {
    const [folder, state] = [await letters(), opened(temporaryFolder())];
    const { run } = await start(state, folder);
    await sendAll(state, run.id);
    await writeFile(join(folder, 'subject.hbs'), 'Changed');
    const other = await start(state, folder);
    expect(other.kind).toBe('new');
    expect(other.run.id).not.toBe(run.id);
  });

  test('is another one each time that another is asked for', async () => {
    const [folder, state] = [await letters(), opened(temporaryFolder())];
    const ids: string[] = [];
    for (let count = 0; count < 3; count += 1) ids.push((await start(state, folder, { another: true })).run.id);
    expect(ids).toEqual([ids[0], `${ids[0]}-2`, `${ids[0]}-3`]);
    const messageIds = new Set<string>();
    for (const id of ids) for await (const { messageId } of state.ledger.deliveries(id)) messageIds.add(messageId);
    expect(messageIds.size).toBe(6);
  });

  test('takes another policy for uncertain recipients from a later start', async () => {
    const [folder, state] = [await letters(), opened(temporaryFolder())];
    expect((await start(state, folder)).run.onUncertain).toBe('hold');
    expect((await start(state, folder, { onUncertain: 'resend' })).run.onUncertain).toBe('resend');
    expect((await start(state, folder)).run.onUncertain).toBe('resend');
  });
});

describe('a run for a slot', () => {
  test('is campaign and slot, whatever the files say now', async () => {
    const [folder, state] = [await letters(), opened(temporaryFolder())];
    const { run } = await start(state, folder, { slot: SLOT });
    expect(run).toMatchObject({ id: 'letters-at-20261224T080000Z', slot: SLOT });
    await writeFile(join(folder, 'subject.hbs'), 'Changed');
    expect(await start(state, folder, { slot: SLOT })).toMatchObject({
      kind: 'resumed',
      run,
      changed: ['subject.hbs'],
    });
    await sendAll(state, run.id);
    expect(await start(state, folder, { slot: SLOT })).toMatchObject({ kind: 'finished', run: { id: run.id } });
  });

  test('is another one for another slot, and by hand', async () => {
    const [folder, state] = [await letters(), opened(temporaryFolder())];
    for (const slot of [SLOT, SLOT + 1000, null]) {
      await writeFile(join(folder, 'subject.hbs'), `Hello ${slot}`);
      expect((await start(state, folder, { slot })).kind).toBe('new');
    }
    expect(await state.ledger.runs()).toHaveLength(3);
  });

  test('is refused to another folder of that name', async () => {
    const state = opened(temporaryFolder());
    await start(state, await letters(), { slot: SLOT });
    const other = await writeCampaign(temporaryFolder(), 'letters', { 'subject.hbs': 'Another {{name}}' });
    await expect(start(state, other, { slot: SLOT })).rejects.toThrow(/another campaign folder of this name/);
  });

  test('takes the mended files where the first ones could not be planned', async () => {
    const [folder, state] = [await letters(), opened(temporaryFolder())];
    await writeFile(join(folder, 'list.csv'), `${LIST}"torn`);
    await expect(start(state, folder, { slot: SLOT })).rejects.toMatchObject({ code: 'ERR_AUDIENCE' });
    await writeFile(join(folder, 'list.csv'), LIST);
    const { plan, run } = await start(state, folder, { slot: SLOT });
    expect(plan).toMatchObject({ rows: 2, recipients: 2, invalid: 0 });
    expect(await state.ledger.runs()).toEqual([run]);
  });
});

describe('a plan hash', () => {
  const ends: readonly [what: string, wanted: (hash: string) => string, isTaken: boolean][] = [
    ['the whole hash', (hash) => hash, true],
    ['its beginning', (hash) => hash.slice(0, 12), true],
    ['a beginning of 7 digits', (hash) => hash.slice(0, 7), false],
    ['another', (hash) => [...hash].reverse().join(''), false],
    ['nothing', () => '', false],
  ];
  for (const [what, wanted, isTaken] of ends) {
    test(`${isTaken ? 'starts' : 'does not start'} by ${what}`, async () => {
      const folder = await letters();
      const { plan } = await start(opened(temporaryFolder()), folder);
      const state = opened(temporaryFolder());
      const starting = start(state, folder, { planHash: wanted(plan.planHash) });
      if (isTaken) expect((await starting).plan).toEqual(plan);
      else {
        await expect(starting).rejects.toBeInstanceOf(RunError);
        expect(await state.ledger.runs()).toEqual([]);
        expect(await state.objects.list('')).toEqual([]);
      }
    });
  }

  test('does not go on with a run of another plan', async () => {
    const [folder, state] = [await letters(), opened(temporaryFolder())];
    const { run } = await start(state, folder);
    await expect(start(state, folder, { planHash: 'f'.repeat(64) })).rejects.toBeInstanceOf(RunError);
    expect((await state.ledger.totals(run.id)).pending).toBe(2);
  });
});

test('two starts at once plan one run', async () => {
  const [folder, home] = [await letters(), temporaryFolder()];
  const [one, two] = [opened(home), opened(home)];
  const started = await Promise.all([start(one, folder), start(two, folder), start(one, folder)]);
  expect(new Set(started.map(({ run }) => run.id)).size).toBe(1);
  expect(new Set(started.map(({ plan }) => plan.planHash)).size).toBe(1);
  expect(await one.ledger.totals(started[0].run.id)).toMatchObject({ pending: 2 });
});

test('a start that is stopped while planning can be started again', async () => {
  const [folder, state] = [await letters(), opened(temporaryFolder())];
  const stopping = start(state, folder, { signal: AbortSignal.abort() });
  await expect(stopping).rejects.toThrow('the start was stopped');
  expect((await start(state, folder)).plan).toMatchObject({ recipients: 2 });
});

describe('a death while planning', () => {
  const ROWS = 4020;
  const EARLY = 7;

  /** Eight batches, which are made durable together, and a ninth, unless it is told otherwise. The first people come twice: with a file that is not there yet, and with one that is. */
  async function invoices(rows = ROWS): Promise<string> {
    const person = (index: number) => {
      if (index < EARLY) return `p${index}@example.com,P,late.txt`;
      return `p${index < 2 * EARLY ? index - EARLY : index}@example.com,P,${index % 2 === 0 ? 'a' : 'b'}.txt`;
    };
    return writeCampaign(temporaryFolder(), 'letters', {
      'campaign.json': JSON.stringify({ from: 'news@example.com', attachments: [{ object: 'own/{{file}}' }] }),
      'list.csv': `email,name,file\n${Array.from({ length: rows }, (_, index) => `${person(index)}\n`).join('')}`,
      'own/a.txt': 'A',
      'own/b.txt': 'B',
    });
  }

  async function dieAt(home: string, folder: string, write: number, after: boolean): Promise<void> {
    const state = opened(home);
    const fate = new Fate(write, after);
    await expect(start(state, folder, { fate, slot: SLOT })).rejects.toBeInstanceOf(Death);
    state.close();
  }

  async function countWrites(folder: string): Promise<number> {
    const fate = new Fate();
    await start(opened(temporaryFolder()), folder, { fate, slot: SLOT });
    return fate.written.length;
  }

  for (const after of [false, true]) {
    test(`${after ? 'after' : 'before'} each write leaves what the next start completes to the same plan`, async () => {
      const folder = await invoices(20);
      const whole = opened(temporaryFolder());
      const { run } = await start(whole, folder, { slot: SLOT });
      const expected = await remains(whole, run.id);
      for (let write = await countWrites(folder); write > 0; write -= 1) {
        const home = temporaryFolder();
        await dieAt(home, folder, write, after);
        const state = opened(home);
        const started = await start(state, folder, { slot: SLOT });
        expect(await remains(state, run.id), `write ${write}`).toEqual(expected);
        expect(started.plan).toEqual(expected.record?.plan);
      }
    }, 120_000);
  }

  const changes: readonly [what: string, change: (folder: string) => Promise<void>][] = [
    ['comes', (folder) => writeFile(join(folder, 'own/late.txt'), 'late')],
    ['changes', (folder) => writeFile(join(folder, 'own/a.txt'), 'changed')],
    ['goes', (folder) => rm(join(folder, 'own/b.txt'))],
  ];
  for (const [what, change] of changes) {
    test(`loses nobody and doubles nobody where a recipient's file ${what} before the next start`, async () => {
      const writes = await countWrites(await invoices());
      expect(writes).toBe((await countWrites(await invoices(20))) + 2);
      // From the first batches on: before them, nothing has been said of anybody. The last two are the plan's end.
      for (let write = writes - 2; write > writes - 6; write -= 1) {
        const [folder, home] = [await invoices(), temporaryFolder()];
        await dieAt(home, folder, write, true);
        await change(folder);
        const state = opened(home);
        const { run, plan } = await start(state, folder, { slot: SLOT });
        const { deliveries, totals } = await remains(state, run.id);
        const pending = deliveries.filter((each) => 'outcome' in each && each.outcome === 'pending');
        const people = new Set(pending.map((each) => ('recipient' in each ? each.recipient : '')));
        expect(people.size, `write ${write}`).toBe(pending.length);
        expect(new Set(deliveries.map((each) => 'row' in each && each.row)).size).toBe(deliveries.length);
        expect(deliveries).toHaveLength(plan.recipients);
        expect(totals.invalid).toBe(plan.invalid);
        expect(plan.recipients + plan.duplicates + plan.notSelected).toBe(ROWS);
        if (what !== 'goes') expect(people.size).toBe(ROWS - EARLY);
      }
    }, 120_000);
  }
});
