import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openDirectoryStore } from '#local';
import { ObjectNameError, ObjectStoreError } from '#mailing';
import { describeObjectStore } from '../ports/object-store.contract.ts';

const newFolder = () => mkdtempSync(join(tmpdir(), 'cartero-objects-'));
const process1 = { owner: 'p1', isAlive: (owner: string) => owner === 'p1' };

describeObjectStore('DirectoryStore', async () => {
  const folder = newFolder();
  return {
    store: openDirectoryStore(folder, process1),
    remove: async () => rmSync(folder, { recursive: true, force: true }),
  };
});

describe('DirectoryStore', () => {
  let folder: string;
  beforeEach(() => {
    folder = newFolder();
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('files and folders are their user’s alone', async () => {
    const below = join(folder, 'below');
    await openDirectoryStore(below, process1).write('a/b/c', Buffer.from('x'));
    const mode = (path: string) => statSync(join(below, path)).mode & 0o777;
    expect(['', '.unfinished', 'a', 'a/b', 'a/b/c'].map(mode)).toEqual([0o700, 0o700, 0o700, 0o700, 0o600]);
  });

  test('a write in progress is not listed, and can be named by nobody', async () => {
    const store = openDirectoryStore(folder, process1);
    const content = (async function* () {
      yield Buffer.from('first half');
      expect(readdirSync(join(folder, '.unfinished'))).toEqual(['p1.1']);
      expect(await store.list('')).toEqual([]);
      await expect(store.read('.unfinished/p1.1')).rejects.toThrow(ObjectNameError);
      yield Buffer.from('second half');
    })();
    await store.write('whole', content);
    expect(await store.list('')).toEqual(['whole']);
    expect(readdirSync(join(folder, '.unfinished'))).toEqual([]);
  });

  test('opening removes what dead processes left unfinished, and nothing of the living', async () => {
    openDirectoryStore(folder, process1);
    const left = (name: string) => join(folder, '.unfinished', name);
    for (const name of ['p1.4', 'p2.9', 'dead.1']) writeFileSync(left(name), 'half');
    openDirectoryStore(folder, { owner: 'p3', isAlive: (owner) => owner !== 'dead' });
    expect(['p1.4', 'p2.9', 'dead.1'].map((name) => existsSync(left(name)))).toEqual([true, true, false]);
  });

  test('of several, those before the one that cannot be are there, and none behind', async () => {
    const store = openDirectoryStore(folder, process1);
    await store.write('a', Buffer.from('an object is no folder'));
    const torn = store.writeAll(['b/1', 'a/below', 'b/2'].map((name) => [name, Buffer.from(name)]));
    await expect(torn).rejects.toThrow(ObjectStoreError);
    expect(await store.list('')).toEqual(['a', 'b/1']);
    expect(readdirSync(join(folder, '.unfinished'))).toEqual([]);
  });

  test.each([
    ['a/b', 'a/b/c', 'the beginning of the name is an object'],
    ['a/b/c', 'a/b', 'there are objects below that name'],
  ])('after %s there can be no %s', async (first, second, problem) => {
    const store = openDirectoryStore(folder, process1);
    await store.write(first, Buffer.from('first'));
    const write = store.write(second, Buffer.from('second'));
    await expect(write).rejects.toThrow(ObjectStoreError);
    await expect(write).rejects.toThrow(`Cannot write "${second}": ${problem}`);
    expect(await store.list('')).toEqual([first]);
    expect(readdirSync(join(folder, '.unfinished'))).toEqual([]);
  });
});
