/**
 * A newer Cartero takes over from an older one in the middle of a run: the ledger that the older one left becomes a newer
 * one, and the run goes on. The older one, started again, refuses it (`test/local/ledger-file.test.ts`).
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { cartero, jsonLines, startCartero, temporaryFolder, writeCampaign } from '../cli/cartero.ts';

const RECIPIENTS = 200;
const CONNECTIONS = 4;
const ORACLE = fileURLToPath(new URL('oracle-server.ts', import.meta.url));

async function startOracle(file: string): Promise<string> {
  const child = spawn(process.execPath, [ORACLE, file, '10'], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const [port] = (await once(child.stdout, 'data')) as [Buffer];
  return `smtp+insecure://127.0.0.1:${port.toString().trim()}`;
}

function acceptances(file: string): string[] {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
  return lines.map((line) => (JSON.parse(line) as { recipient: string }).recipient);
}

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
    const rows = Array.from({ length: RECIPIENTS }, (_, index) => `person${index}@example.com,Person ${index}\n`);
    await writeCampaign(folder, 'letters', { 'list.csv': `email,name\n${rows.join('')}` });
    const file = join(folder, 'acceptances.jsonl');
    const relay = await startOracle(file);
    const words = ['run', 'letters', '--relay', relay, '--connections', String(CONNECTIONS), '--json'];
    const first = startCartero(words, folder);
    while (acceptances(file).length < 20) await new Promise((resolve) => setTimeout(resolve, 20));
    first.child.kill('SIGKILL');
    await first.ended;
    makeOlder(join(folder, '.cartero'), version);
    const last = await cartero(words, folder);
    expect([0, 2], last.stderr).toContain(last.code);
    const status = jsonLines(await cartero(['status', '--recipients', '--json'], folder));
    const accepted = acceptances(file);
    expect(new Set(accepted).size, 'mailed twice').toBe(accepted.length);
    const outcomes = new Map(status.map(({ recipient, outcome }) => [String(recipient), String(outcome)]));
    expect(outcomes.size).toBe(RECIPIENTS);
    const wrong = [...outcomes].filter(([who, outcome]) => outcome !== 'uncertain' && !accepted.includes(who));
    expect(wrong).toEqual([]);
    const doubts = [...outcomes.values()].filter((outcome) => outcome === 'uncertain').length;
    expect(doubts).toBeLessThanOrEqual(CONNECTIONS);
  },
);
