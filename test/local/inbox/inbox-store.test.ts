import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { InboxError, InboxStore, type ReceptionFacts } from '../../../functions/local/inbox/mod.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inbox-'));
});
afterEach(() => rm(folder, { recursive: true }));

const said = {
  opening: [{ at: 1, by: 'server', text: '220 hi' }],
  transaction: [{ at: 2, by: 'client', text: 'DATA' }],
} as const;

function facts(to: string): ReceptionFacts {
  const session = { id: 's', client: '127.0.0.1', clientName: 'client.example', tls: null, user: null };
  return { at: 1_000, reversePath: 'from@example.com', forwardPaths: [to], session };
}

async function add(
  store: InboxStore,
  to: string,
  message: string | Uint8Array[] = 'Subject: hi\r\n\r\n',
): Promise<number> {
  const incoming = await store.receive();
  for (const chunk of typeof message === 'string' ? [Buffer.from(message)] : message) await incoming.write(chunk);
  return (await incoming.commit(facts(to), said)).id;
}

const ids = async (store: InboxStore, query = {}): Promise<number[]> =>
  (await store.list(query)).messages.map(({ id }) => id);

describe('InboxStore', () => {
  test('keeps the octets as they came, and what the head says', async () => {
    const store = await InboxStore.open(join(folder, 'made', 'when missing'));
    const octets = Buffer.from(
      'From: =?utf-8?q?Jos=C3=A9?= <jose@example.com>\r\nTo: a@example.com,\r\n b@example.com\r\n' +
        'Subject: =?utf-8?b?wqFIb2xhIQ==?=\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n' +
        '--x\r\nContent-Type:\r\n text/html\r\n\r\n<p>\xff\r\n--x--\r\n',
      'latin1',
    );
    const id = await add(store, 'a@example.com', [octets.subarray(0, 3), octets.subarray(3, 90), octets.subarray(90)]);
    expect(Buffer.from((await store.read(id)) ?? []).equals(octets)).toBe(true);
    expect(await store.find(id)).toEqual({
      id: 1,
      octets: octets.byteLength,
      ...facts('a@example.com'),
      from: 'José <jose@example.com>',
      to: 'a@example.com, b@example.com',
      subject: '¡Hola!',
      hasHtml: true,
      hasAttachment: true,
    });
  });

  test('keeps a message of many chunks, larger than what it holds in memory', async () => {
    const store = await InboxStore.open(folder);
    const chunks = Array.from({ length: 90 }, (_, index) => Buffer.alloc(10_000, 65 + (index % 26)));
    const id = await add(store, 'a@example.com', [Buffer.from('Subject: large\r\n\r\n'), ...chunks]);
    expect(
      Buffer.from((await store.read(id)) ?? [])
        .subarray(18)
        .equals(Buffer.concat(chunks)),
    ).toBe(true);
    expect(await store.find(id)).toMatchObject({ subject: 'large', octets: 900_018 });
  });

  test('lists newest first, in windows', async () => {
    const store = await InboxStore.open(folder);
    for (let number = 1; number <= 7; number++) await add(store, `r${number}@example.com`);
    const first = await store.list({ limit: 3 });
    expect([first.total, first.messages.map(({ id }) => id), first.next]).toEqual([7, [7, 6, 5], 5]);
    const second = await store.list({ limit: 3, before: 5 });
    expect([second.messages.map(({ id }) => id), second.next]).toEqual([[4, 3, 2], 2]);
    const third = await store.list({ limit: 3, before: 2 });
    expect([third.messages.map(({ id }) => id), third.next]).toEqual([[1], null]);
    expect(await store.list({ before: 1 })).toEqual({ total: 7, messages: [], next: null });
  });

  test.each([
    ['ANA@', [2]],
    ['  offer ', [3, 1]],
    ['from@example.com', [3, 2, 1]],
    ['.*', []],
    ['', [3, 2, 1]],
  ])('finds %j in sender, recipient and subject', async (search, expected) => {
    const store = await InboxStore.open(folder);
    await add(store, 'bob@example.com', 'Subject: Offer\r\n\r\nana@\r\n');
    await add(store, 'ana@example.com');
    await add(store, 'eve@example.com', 'From: Offers <o@example.com>\r\n\r\n');
    expect(await ids(store, { search })).toEqual(expected);
  });

  test('adds the last reply to the conversation', async () => {
    const store = await InboxStore.open(folder);
    const id = await add(store, 'a@example.com');
    expect(await store.conversation(id)).toEqual(said);
    const reply = { at: 3, by: 'server', text: '250 ok' } as const;
    store.appendReply(id, [reply]);
    expect(await store.conversation(id)).toEqual({ opening: said.opening, transaction: [...said.transaction, reply] });
  });

  test('two stores on one folder take different numbers and see each other’s messages', async () => {
    const [one, two] = [await InboxStore.open(folder), await InboxStore.open(folder)];
    const taken = await Promise.all(
      [one, two, two, one, one, two].map((store, index) => add(store, `r${index}@example.com`)),
    );
    expect(new Set(taken).size).toBe(6);
    expect((await ids(one)).length).toBe(6);
    expect(await ids(two)).toEqual(await ids(one));
    const version = await one.version();
    await add(two, 'late@example.com');
    expect(await one.version()).not.toBe(version);
    expect((await one.list({ search: 'late@' })).messages).toHaveLength(1);
  });

  test('opened again, goes on with the numbers', async () => {
    await add(await InboxStore.open(folder), 'a@example.com');
    const again = await InboxStore.open(folder);
    expect(await add(again, 'b@example.com')).toBe(2);
    expect(await ids(again)).toEqual([2, 1]);
  });

  test('shows no message that is not whole, and no other files', async () => {
    const store = await InboxStore.open(folder);
    await writeFile(join(folder, '000007.eml'), 'half a mess');
    await writeFile(join(folder, '000008.jsonl'), '{"id":8,"half');
    await writeFile(join(folder, 'ca.pem'), 'x');
    await writeFile(join(folder, '../000009.jsonl.txt'), 'x');
    expect((await store.list()).messages).toEqual([]);
    expect(await add(await InboxStore.open(folder), 'a@example.com')).toBe(9);
  });

  test('leaves nothing of a message that is discarded', async () => {
    const store = await InboxStore.open(folder);
    const incoming = await store.receive();
    await incoming.write(Buffer.from('x'));
    await incoming.discard();
    expect(await readdir(folder)).toEqual([]);
  });

  test('clears messages, and nothing else', async () => {
    const store = await InboxStore.open(folder);
    const id = await add(store, 'a@example.com');
    await writeFile(join(folder, 'ca.pem'), 'x');
    await store.clear();
    expect(await readdir(folder)).toEqual(['ca.pem']);
    expect([await store.find(id), await store.read(id), await store.conversation(id)]).toEqual([null, null, null]);
    expect(() => store.appendReply(id, [])).toThrow('ENOENT');
    expect(await add(store, 'b@example.com')).toBe(2);
  });

  test('says so where it cannot be', async () => {
    await writeFile(join(folder, 'file'), '');
    await expect(InboxStore.open(join(folder, 'file'))).rejects.toThrow(InboxError);
  });
});
