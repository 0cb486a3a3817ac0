/** What every object store does, whatever it is made of. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ObjectMissingError, ObjectNameError, type ObjectStore } from '#mailing';

export interface ObjectStoreFixture {
  readonly store: ObjectStore;
  remove(): Promise<void>;
}

export function describeObjectStore(name: string, newStore: () => Promise<ObjectStoreFixture>): void {
  describe(`${name} keeps the contract of ObjectStore`, () => {
    let fixture: ObjectStoreFixture;
    let store: ObjectStore;
    beforeEach(async () => {
      fixture = await newStore();
      store = fixture.store;
    });
    afterEach(() => fixture.remove());

    const text = async (object: string) => Buffer.from(await store.read(object)).toString();
    const streamed = async (object: string) => {
      const pieces: Uint8Array[] = [];
      for await (const piece of store.stream(object)) pieces.push(piece);
      return Buffer.concat(pieces);
    };

    test('what is written is read, whole and in pieces, octet for octet', async () => {
      const content = Buffer.alloc(300_000, Buffer.from([0, 13, 10, 255, 46]));
      await store.write('runs/a/audience.csv', content);
      await store.write('empty', new Uint8Array());
      expect(Buffer.from(await store.read('runs/a/audience.csv')).equals(content)).toBe(true);
      expect((await streamed('runs/a/audience.csv')).equals(content)).toBe(true);
      expect(await text('empty')).toBe('');
      expect(await streamed('empty')).toHaveLength(0);
    });

    test('content is taken in pieces', async () => {
      await store.write('pieces', piecesOf('one,', 'two,', '', 'ñ'));
      expect(await text('pieces')).toBe('one,two,ñ');
    });

    test('several are written at once, in their order: behind one that cannot be, none is there', async () => {
      await store.writeAll([
        ['runs/a/1', Buffer.from('one')],
        ['runs/b/2', Buffer.from('two')],
      ]);
      expect([await text('runs/a/1'), await text('runs/b/2')]).toEqual(['one', 'two']);
      const torn = store.writeAll([
        ['runs/c/1', Buffer.from('first')],
        ['runs/../c', Buffer.from('no name of an object')],
        ['runs/c/2', Buffer.from('behind')],
      ]);
      await expect(torn).rejects.toThrow();
      expect([[], ['runs/c/1']]).toContainEqual(await store.list('runs/c/'));
    });

    test('a second write replaces the first', async () => {
      await store.write('a/b', Buffer.from('a long first content'));
      await store.write('a/b', Buffer.from('second'));
      expect(await text('a/b')).toBe('second');
    });

    test('what nobody wrote is missing: read, stream and has say so', async () => {
      await store.write('folder/object', Buffer.from('x'));
      for (const missing of ['nothing', 'folder', 'folder/object/below', 'folder/other']) {
        await expect(store.read(missing)).rejects.toThrow(ObjectMissingError);
        await expect(streamed(missing)).rejects.toThrow(ObjectMissingError);
        expect(await store.has(missing)).toBe(false);
      }
      expect(await store.has('folder/object')).toBe(true);
    });

    test('a write whose content fails leaves what was there, and throws what the content threw', async () => {
      await store.write('kept', Buffer.from('before'));
      await expect(store.write('kept', failingPieces())).rejects.toThrow('the source broke');
      await expect(store.write('new', failingPieces())).rejects.toThrow('the source broke');
      expect(await text('kept')).toBe('before');
      expect(await store.list('')).toEqual(['kept']);
    });

    test('a reader sees the old content or the new, never half', async () => {
      const versions = [1, 2].map((digit) => Buffer.alloc(200_000, `${digit}`));
      const [first, second] = versions;
      if (!first || !second) throw new Error('no versions');
      await store.write('both', first);
      const writes = (async () => {
        for (let turn = 0; turn < 10; turn += 1) await store.write('both', turn % 2 ? first : second);
      })();
      for (let turn = 0; turn < 40; turn += 1) {
        const found = Buffer.from(await store.read('both'));
        expect(versions.some((version) => version.equals(found))).toBe(true);
      }
      await writes;
    });

    test('writes of one name at once end as one of them', async () => {
      const contents = Array.from({ length: 8 }, (_, turn) => `content ${turn}`);
      await Promise.all(contents.map((content) => store.write('same', Buffer.from(content))));
      expect(contents).toContain(await text('same'));
      expect(await store.list('')).toEqual(['same']);
    });

    test('list gives the names that begin with the prefix, sorted', async () => {
      for (const object of ['b/2', 'b/10', 'b/1/x', 'bb', 'a', 'c/ñ']) await store.write(object, Buffer.from('.'));
      const cases: [string, string[]][] = [
        ['', ['a', 'b/1/x', 'b/10', 'b/2', 'bb', 'c/ñ']],
        ['b', ['b/1/x', 'b/10', 'b/2', 'bb']],
        ['b/', ['b/1/x', 'b/10', 'b/2']],
        ['b/1', ['b/1/x', 'b/10']],
        ['b/1/', ['b/1/x']],
        ['nothing', []],
        ['nothing/at/all', []],
        ['a/', []],
      ];
      for (const [prefix, names] of cases) expect(await store.list(prefix)).toEqual(names);
    });

    test.each([
      '',
      '/',
      '/etc/passwd',
      '..',
      '../outside',
      'a/../../outside',
      'a/..',
      './a',
      'a/./b',
      'a//b',
      'a/',
      'a\\b',
      '..\\outside',
      'a\u0000b',
      'a\nb',
      'a\u007f',
      '\ud800',
      'a'.repeat(256),
      'ñ'.repeat(128),
    ])('%j is no name', async (object) => {
      await expect(store.read(object)).rejects.toThrow(ObjectNameError);
      await expect(streamed(object)).rejects.toThrow(ObjectNameError);
      await expect(store.has(object)).rejects.toThrow(ObjectNameError);
      await expect(store.write(object, Buffer.from('x'))).rejects.toThrow(ObjectNameError);
      expect(await store.list('')).toEqual([]);
    });

    test.each(['../', '/', 'a/../', 'a\\/'])('%j is no prefix', async (prefix) => {
      await expect(store.list(prefix)).rejects.toThrow(ObjectNameError);
    });

    test.each(['a b', '-rf', '.hidden', '...', 'a..b', 'ñ/日本', '%2e%2e', 'CON', "it's"])(
      '%j is a name',
      async (object) => {
        await store.write(object, Buffer.from('x'));
        expect(await store.list('')).toEqual([object]);
      },
    );
  });
}

async function* piecesOf(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const piece of texts) yield Buffer.from(piece);
}

async function* failingPieces(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('half');
  throw new Error('the source broke');
}
