/** The archive beside the ledger: what it keeps, in which order, and what it says of mails that never left. */
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { LocalState } from '#local';
import { type ArchivedMail, archivedMails, type Claim, type ObjectStore, ObjectStoreError } from '#mailing';
import { Archive } from '../../functions/mailing/archive.ts';
import { entriesOf, octetsOf } from '../../functions/mailing/archive-pack.ts';
import { readContent } from '../../functions/mailing/frozen.ts';
import { temporaryFolder } from '../cli/cartero.ts';
import { OK, RunScene, replyOf, type SceneOptions } from './run-scene.ts';
import { opened, withCommit } from './starting.ts';
import { VirtualClock } from './virtual-clock.ts';

const claim = (fence = 1): Claim => ({ run: 'letters-1', batch: 1, fence, rev: 0, careful: false, due: [] });
const attempt = (row: number, number = 1) => ({ row, recipient: `p${row}@example.com`, attempt: number });

describe('packs', () => {
  test('mails that are ready together go into one, and are read back octet for octet', async () => {
    const { objects } = opened(temporaryFolder());
    const batch = new Archive(objects, new VirtualClock()).open(claim());
    const attachment = randomBytes(300_000);
    const mails = Array.from({ length: 5 }, () => [randomBytes(900), attachment, randomBytes(7), attachment]);
    await Promise.all(mails.map((pieces, row) => batch.keep(attempt(row), { pieces })));
    await batch.keep(attempt(9), { pieces: [Buffer.from('.\r\n')] });
    const packs = await objects.list('runs/');
    expect(packs).toEqual([
      'runs/letters-1/archive/000001/000001-000001',
      'runs/letters-1/archive/000001/000001-000002',
    ]);
    expect(await objects.list('content/'), 'what mails share lies there once').toHaveLength(1);
    // The first mail has it by itself: nobody could know that others would have it too.
    expect((await objects.read(packs[0] ?? '')).length).toBeLessThan(2 * 300_000);
    const found = (await Promise.all(packs.map((pack) => entriesOf(objects, pack)))).flat();
    expect(found).toHaveLength(6);
    for (const placed of found) {
      if (placed.entry.kind !== 'mail') throw new Error(`a mail was kept as ${placed.entry.kind}`);
      const octets = await octetsOf(objects, placed, placed.entry, (content) => readContent(objects, content));
      expect(Buffer.compare(octets, Buffer.concat(mails[placed.entry.row] ?? [Buffer.from('.\r\n')]))).toBe(0);
    }
  });

  test('a damaged one is told, and so is a content that is not what it is called', async () => {
    const { objects } = opened(temporaryFolder());
    const batch = new Archive(objects, new VirtualClock()).open(claim());
    const shared = Buffer.alloc(5000, 'a');
    for (const row of [1, 2]) await batch.keep(attempt(row), { pieces: [Buffer.from('own'), shared] });
    const [first = '', second = ''] = await objects.list('runs/');
    const [content = ''] = await objects.list('content/');
    const read = async (pack: string) => {
      const [placed] = await entriesOf(objects, pack);
      if (placed?.entry.kind !== 'mail') throw new Error('no mail is there');
      return octetsOf(objects, placed, placed.entry, (hash) => readContent(objects, hash));
    };
    const octets = Buffer.from(await objects.read(first));
    await objects.write(first, octets.subarray(0, -1));
    await expect(read(first)).rejects.toThrow('it ends in the middle of a mail');
    await objects.write(first, Buffer.concat([octets.subarray(0, -1), Buffer.from('b')]));
    await expect(read(first)).rejects.toThrow('the mail of row 1 is damaged');
    await objects.write(first, Buffer.from('no JSON\n'));
    await expect(read(first)).rejects.toThrow('it is damaged');
    await objects.write(first, Buffer.from('{"kind":"film"}\n'));
    await expect(read(first)).rejects.toThrow('a newer Cartero wrote it');
    await objects.write(content, Buffer.from('another'));
    await expect(read(second)).rejects.toThrow('it is damaged; mend it from a backup');
  });

  test('after a failure nothing is kept any more, and nothing of it is there', async () => {
    const { objects } = opened(temporaryFolder());
    const batch = new Archive(full(objects, 1), new VirtualClock()).open(claim());
    await batch.keep(attempt(1), { pieces: [Buffer.from('a')] });
    await expect(batch.keep(attempt(2), { pieces: [Buffer.from('b')] })).rejects.toThrow('the disk is full');
    await expect(batch.keep(attempt(3), { pieces: [Buffer.from('c')] })).rejects.toThrow('the disk is full');
    await batch.idle();
    expect(await objects.list('runs/')).toHaveLength(1);
  });
});

/** A store on a disk with room for so many packs. */
function full(objects: ObjectStore, packs: number): ObjectStore {
  let room = packs;
  return new Proxy(objects, {
    get: (target, name) => {
      const value = Reflect.get(target, name) as unknown;
      if (name !== 'write') return typeof value === 'function' ? value.bind(target) : value;
      return async (object: string, content: Uint8Array) => {
        if (!object.includes('/archive/')) return target.write(object, content);
        room -= 1;
        if (room < 0) throw new ObjectStoreError('write', object, 'the disk is full; free some space');
        return target.write(object, content);
      };
    },
  });
}

const KEPT = { campaign: { archive: true } };

const sceneOf = (options: SceneOptions) => RunScene.open({ people: 3, ...KEPT, ...options });

async function kept({ state, run }: RunScene): Promise<[recipient: string, attempt: number, sent: boolean | null][]> {
  const record = await state.ledger.run(run);
  if (record === null) throw new Error('the run is gone');
  const mails: ArchivedMail[] = [];
  for await (const mail of archivedMails(state.objects, state.ledger, record)) mails.push(mail);
  return mails.map(({ recipient, attempt, sent }) => [recipient.replace('@example.com', ''), attempt, sent]);
}

/** As a process that dies where its first intent would be written: everything before it is on the disk. */
function dyingAtIntent(state: LocalState): LocalState {
  const ledger = withCommit(state.ledger, async (claim, changes) => {
    if (changes.intended.length > 0) throw new Error('died');
    return state.ledger.commit(claim, changes);
  });
  return { ...state, ledger: Object.assign(ledger, {}) as LocalState['ledger'] };
}

describe('a run with an archive', () => {
  test('keeps each mail before its intent is durable', async () => {
    const scene = await sceneOf({});
    const atIntents: number[] = [];
    const ledger = withCommit(scene.state.ledger, async (claim, changes) => {
      if (changes.intended.length > 0) atIntents.push((await kept(scene)).length);
      return scene.state.ledger.commit(claim, changes);
    }) as LocalState['ledger'];
    await scene.send({ archive: true, state: { ...scene.state, ledger } });
    expect(atIntents).toEqual([1, 2, 3]);
    expect(await kept(scene)).toEqual([
      ['p0', 1, true],
      ['p1', 1, true],
      ['p2', 1, true],
    ]);
  });

  test('keeps nothing where it is not asked to', async () => {
    const scene = await RunScene.open({ people: 3 });
    await scene.send();
    expect(await scene.state.objects.list(`runs/${scene.run}/archive/`)).toEqual([]);
  });

  test('says of a mail whose intent never came that it has not left, also when the same attempt is refused later', async () => {
    const scene = await sceneOf({ fate: ({ to }) => (to === 'p0@example.com' ? lives() : OK) });
    let isSecondLife = false;
    const lives = () => (isSecondLife ? replyOf('550 5.1.1 nobody here') : OK);
    await expect(scene.send({ archive: true, state: dyingAtIntent(scene.state) })).rejects.toThrow('died');
    expect(await kept(scene)).toEqual([['p0', 1, false]]);
    isSecondLife = true;
    await scene.send({ archive: true });
    expect(await scene.totals()).toMatchObject({ refused: 1, accepted: 2 });
    expect(await kept(scene)).toEqual([
      ['p0', 1, false],
      ['p1', 1, true],
      ['p2', 1, true],
    ]);
  });

  test('takes the mail that left where two lives made the same attempt ready', async () => {
    const scene = await sceneOf({});
    await expect(scene.send({ archive: true, state: dyingAtIntent(scene.state) })).rejects.toThrow('died');
    await scene.send({ archive: true });
    expect(await kept(scene)).toEqual([
      ['p0', 1, true],
      ['p1', 1, true],
      ['p2', 1, true],
    ]);
  });

  test('says of whoever was suppressed behind the intent that the mail has not left', async () => {
    const scene: RunScene = await sceneOf({});
    const ledger = withCommit(scene.state.ledger, async (claim, changes) => {
      const rev = await scene.state.ledger.commit(claim, changes);
      if (changes.intended.some(({ index }) => index === 1))
        await scene.state.suppressions.add([{ key: 'p1@example.com', recipient: 'p1@example.com', at: 0, reason: '' }]);
      return rev;
    }) as LocalState['ledger'];
    await scene.send({ archive: true, state: { ...scene.state, ledger } });
    expect(await scene.totals()).toMatchObject({ suppressed: 1, accepted: 2 });
    expect(await kept(scene)).toContainEqual(['p1', 1, false]);
  });

  test('says nothing for sure of a mail in doubt', async () => {
    const scene = await sceneOf({ people: 1, fate: () => 'in doubt' });
    await scene.send({ archive: true });
    expect(await scene.totals()).toMatchObject({ uncertain: 1 });
    expect(await kept(scene)).toEqual([['p0', 1, null]]);
  });

  test('has of a deferred recipient the attempt whose octets left', async () => {
    const scene = await sceneOf({
      people: 1,
      fate: ({ attempt }) => (attempt === 1 ? replyOf('451 4.7.1 later') : OK),
    });
    await scene.send({ archive: true });
    expect(await kept(scene)).toEqual([['p0', 2, true]]);
  });

  test('stops where the disk is full, leaves nobody in doubt, and goes on when there is room', async () => {
    const scene = await sceneOf({ people: 12 });
    const objects = full(scene.state.objects, 4);
    const sending = scene.send({ archive: true, connections: 2, state: { ...scene.state, objects } });
    await expect(sending).rejects.toThrow('the disk is full');
    const totals = await scene.totals();
    expect(totals).toMatchObject({ uncertain: 0, deferred: 0, accepted: scene.accepted.length });
    expect(totals.pending).toBe(12 - scene.accepted.length);
    expect(totals.pending).toBeGreaterThan(0);
    await scene.send({ archive: true, connections: 2 });
    expect(await scene.totals()).toMatchObject({ accepted: 12 });
    expect(new Set(scene.accepted).size).toBe(12);
    expect(scene.accepted).toHaveLength(12);
    expect((await kept(scene)).map(([, , sent]) => sent)).toEqual(Array.from({ length: 12 }, () => true));
  });
});
