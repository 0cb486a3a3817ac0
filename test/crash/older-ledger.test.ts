/**
 * A newer Cartero takes over from an older one in the middle of a run: the ledger that the older one left becomes a newer
 * one, and the run goes on. The older one, started again, refuses it (`test/local/ledger-file.test.ts`).
 */
import { readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { cartero, jsonLines, startCartero, temporaryFolder } from '../cli/cartero.ts';
import { expectTruth, ORACLE, startWitness, writeLargeCampaign } from './witness.ts';

const RECIPIENTS = 200;
const CONNECTIONS = 4;

/** The same runs, batches and deliveries under the older schema: what it had no column for is not there. */
function makeOlder(state: string, version: number): void {
  const file = join(state, 'ledger.sqlite');
  const older = new DatabaseSync(join(state, 'older.sqlite'));
  older.exec(readFileSync(new URL(`ledgers/version-${version}.sql`, import.meta.url), 'utf8'));
  older.exec(`PRAGMA foreign_keys = OFF; ATTACH '${file}' AS newer`);
  for (const { name } of older.prepare("SELECT name FROM main.sqlite_schema WHERE type = 'table'").all()) {
    const columns = older.prepare(`SELECT name FROM pragma_table_info('${name}', 'main')`).all();
    const list = columns.map((column) => `"${column.name}"`).join(', ');
    older.exec(`INSERT INTO main."${name}" (${list}) SELECT ${list} FROM newer."${name}"`);
  }
  older.exec('DETACH newer');
  older.close();
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true });
  renameSync(join(state, 'older.sqlite'), file);
}

test.each([1, 2, 3])(
  'a run goes on that a Cartero of schema %i was killed in',
  { timeout: 180_000 },
  async (version) => {
    const folder = temporaryFolder();
    await writeLargeCampaign(folder, RECIPIENTS);
    const relay = await startWitness(ORACLE, folder, 10);
    const words = ['run', 'letters', '--relay', relay.url, '--connections', String(CONNECTIONS), '--json'];
    const first = startCartero(words, folder);
    while (relay.accepted().size < 20) await new Promise((resolve) => setTimeout(resolve, 20));
    first.child.kill('SIGKILL');
    await first.ended;
    makeOlder(join(folder, '.cartero'), version);
    const last = await cartero(words, folder);
    expect([0, 2], last.stderr).toContain(last.code);
    const status = jsonLines(await cartero(['status', '--recipients', '--json'], folder));
    expect(expectTruth(status, relay.accepted(), RECIPIENTS)).toBeLessThanOrEqual(CONNECTIONS);
  },
);
