import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openState } from '#local';
import { LedgerError } from '#mailing';
import { openLedgerDatabase } from '../../functions/local/ledger-database.ts';
import { openProcessLock } from '../../functions/local/process-lock.ts';
import { SqliteLedger } from '../../functions/local/sqlite-ledger.ts';
import { all, intent, newRun, plannedRun, recipients, START, settled } from '../ports/ledger.harness.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cartero-ledger-file-'));
  file = join(folder, 'ledger.sqlite');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = () => openLedgerDatabase(file, 50);
const openLedger = (database: DatabaseSync) => {
  const lock = openProcessLock(join(folder, 'locks'), 'me');
  const ledger = new SqliteLedger(database, lock);
  const close = () => {
    ledger.close();
    lock.close();
  };
  return { ledger, close };
};

describe('openLedgerDatabase', () => {
  test.each([
    ['journal_mode', 'wal'],
    ['synchronous', 2],
    ['foreign_keys', 1],
    ['application_id', 0x43617274],
    ['user_version', 5],
  ])('PRAGMA %s is %s, also when opened again', (pragma, value) => {
    open().close();
    const database = open();
    expect(Object.values(database.prepare(`PRAGMA ${pragma}`).get() ?? {})).toEqual([value]);
    database.close();
  });

  test('the file and its companions are their user’s alone', () => {
    const database = open();
    for (const suffix of ['', '-wal', '-shm']) expect(statSync(file + suffix).mode & 0o777).toBe(0o600);
    database.close();
  });

  test.each<[string, () => void, string]>([
    ['a newer schema', () => write('PRAGMA application_id = 0x43617274; PRAGMA user_version = 99'), 'found schema 99'],
    ['another program’s tables', () => write('CREATE TABLE notes (text)'), 'the database of another program'],
    ['another program’s number', () => write('PRAGMA application_id = 7'), 'the database of another program'],
    [
      'no database',
      () => writeFileSync(file, 'a text file, longer than any header of SQLite'.repeat(9)),
      'is no SQLite database',
    ],
  ])('%s is refused with what to change, and stays as it was', (_, make, problem) => {
    make();
    const before = statSync(file).mtimeMs;
    expect(open).toThrow(LedgerError);
    expect(open).toThrow(problem);
    expect(open).toThrow('--state');
    expect(statSync(file).mtimeMs).toBe(before);
  });

  test('a ledger of schema 1 becomes one of today, its runs are going, and none has a canary', () => {
    const older = open();
    older.exec(`INSERT INTO run (id, campaign, source, content_hash, created_at, on_uncertain, expires_at)
        VALUES ('letters-1', 'letters', '/home/ana/letters', 'hash', 1, 'hold', 2);
      ALTER TABLE run DROP COLUMN control; ALTER TABLE run DROP COLUMN control_at; DROP TABLE suppression;
      ALTER TABLE run DROP COLUMN canary;
      ALTER TABLE batch DROP COLUMN not_before; ALTER TABLE batch DROP COLUMN zone;
      ALTER TABLE batch DROP COLUMN crashes; ALTER TABLE batch DROP COLUMN current_index;
      ALTER TABLE batch DROP COLUMN suspect_index; ALTER TABLE batch DROP COLUMN suspicions;
      PRAGMA user_version = 1`);
    older.close();
    const newer = open();
    expect(newer.prepare('SELECT id, control, canary FROM run').all()).toEqual([
      { id: 'letters-1', control: 'going', canary: null },
    ]);
    expect(newer.prepare('SELECT count(*) AS n FROM suppression').get()).toEqual({ n: 0 });
    newer.close();
  });

  test('batches of a ledger of schema 3 may be sent at any time', () => {
    const older = open();
    older.exec(`INSERT INTO run (id, campaign, source, content_hash, created_at, on_uncertain, expires_at)
        VALUES ('letters-1', 'letters', '/home/ana/letters', 'hash', 1, 'hold', 2);
      ALTER TABLE batch DROP COLUMN not_before; ALTER TABLE batch DROP COLUMN zone;
      ALTER TABLE batch DROP COLUMN crashes; ALTER TABLE batch DROP COLUMN current_index;
      ALTER TABLE batch DROP COLUMN suspect_index; ALTER TABLE batch DROP COLUMN suspicions;
      INSERT INTO batch (run, batch, next_at) VALUES (1, 1, 5);
      PRAGMA user_version = 3`);
    older.close();
    const newer = open();
    expect(newer.prepare('SELECT batch, next_at, not_before, zone FROM batch').all()).toEqual([
      { batch: 1, next_at: 5, not_before: 0, zone: null },
    ]);
    newer.close();
  });

  test('an empty file, left by a process that died while making it, becomes a ledger', () => {
    writeFileSync(file, '');
    open().close();
  });

  const write = (sql: string) => {
    const database = new DatabaseSync(file);
    database.exec(sql);
    database.close();
  };
});

describe('SqliteLedger where the disk fails', () => {
  const limit = (database: DatabaseSync, pages: number) => database.exec(`PRAGMA max_page_count = ${pages}`);
  const pages = (database: DatabaseSync) => Number(database.prepare('PRAGMA page_count').get()?.page_count);

  test('a batch for which there is no room is not there at all, and is there when there is room', async () => {
    const database = open();
    const { ledger, close } = openLedger(database);
    await ledger.createRun(newRun('run-1'));
    limit(database, pages(database) + 2);
    const added = ledger.addBatch('run-1', 1, recipients(1000));
    await expect(added).rejects.toThrow(LedgerError);
    await expect(added).rejects.toThrow(
      `Cannot write the ledger ${JSON.stringify(file)}: the disk is full; free some space`,
    );
    expect(await ledger.openBatches('run-1')).toEqual([]);
    limit(database, 1_000_000);
    await ledger.addBatch('run-1', 1, recipients(1000));
    expect(await all(ledger.deliveries('run-1'))).toHaveLength(1000);
    close();
  });

  test('a commit for which there is no room moves nobody, and holds when tried again', async () => {
    const database = open();
    const { ledger, close } = openLedger(database);
    const run = await plannedRun(ledger, { sizes: [200] });
    const claim = await ledger.claim(run, 1, { now: START });
    if (!claim) throw new Error('not claimed');
    const all200 = claim.due.map(({ index }) => index);
    const rev = await ledger.commit(claim, { settled: [], intended: all200.map((index) => intent(index)) });
    const before = await all(ledger.deliveries(run));
    limit(database, pages(database));
    const reply = '250 2.0.0 '.padEnd(1000, 'x');
    const changes = { settled: all200.map((index) => settled(index, 'accepted', { reply })), intended: [] };
    await expect(ledger.commit({ ...claim, rev }, changes)).rejects.toThrow('the disk is full');
    expect(await all(ledger.deliveries(run))).toEqual(before);
    limit(database, 1_000_000);
    expect(await ledger.commit({ ...claim, rev }, changes)).toBe(rev + 1);
    expect(await ledger.totals(run)).toMatchObject({ accepted: 200 });
    close();
  });

  test('a lock that another process keeps ends in a LedgerError, and in nothing written', async () => {
    const { ledger, close } = openLedger(open());
    const other = open();
    other.exec('BEGIN IMMEDIATE');
    const created = ledger.createRun(newRun('run-1'));
    await expect(created).rejects.toThrow(LedgerError);
    await expect(created).rejects.toThrow('another process has kept it locked for too long');
    expect(await ledger.runs()).toEqual([]);
    other.exec('ROLLBACK');
    await ledger.createRun(newRun('run-1'));
    other.close();
    close();
  });

  test('between what a claim reads and what it writes nobody else writes', async () => {
    const { ledger, close } = openLedger(open());
    const run = await plannedRun(ledger, { sizes: [1] });
    await ledger.claim(run, 1, { now: START });
    const meanwhile: Promise<void>[] = [];
    const lookup = () => {
      meanwhile.push(expect(ledger.createRun(newRun('run-2'))).rejects.toThrow('locked for too long'));
      return false;
    };
    const other = new SqliteLedger(open(), { owner: 'other', isAlive: lookup, close: () => {} });
    expect(await other.claim(run, 1, { now: START })).toMatchObject({ fence: 2 });
    expect(meanwhile).toHaveLength(1);
    await Promise.all(meanwhile);
    expect(await ledger.runs()).toHaveLength(1);
    other.close();
    close();
  });

  test('a damaged page ends in a LedgerError that says so', async () => {
    const first = openLedger(open());
    await plannedRun(first.ledger, { sizes: [500] });
    first.close();
    const { size } = statSync(file);
    writeFileSync(file, Buffer.alloc(size - 4096, 0x5a), { flag: 'r+' });
    expect(open).toThrow(LedgerError);
  });

  test('after close every method says that it is closed', async () => {
    const { ledger, close } = openLedger(open());
    close();
    close();
    await expect(ledger.runs()).rejects.toThrow(LedgerError);
    await expect(ledger.createRun(newRun('run-1'))).rejects.toThrow('is not open');
  });
});

describe('two states on one folder', () => {
  test('work side by side', async () => {
    const [a, b] = [openState(folder), openState(folder)];
    const run = await plannedRun(a.ledger, { sizes: [1, 1] });
    const claims = [await a.ledger.claim(run, 1, { now: START }), await b.ledger.claim(run, 2, { now: START })];
    expect(claims.map((claim) => claim?.fence)).toEqual([1, 1]);
    a.close();
    expect((await b.ledger.claim(run, 1, { now: START }))?.fence).toBe(2);
    b.close();
  });
});
