import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openState, StateError } from '#local';
import { LedgerError } from '#mailing';
import { delivery } from '../ports/transcript-sink.contract.ts';

describe('openState', () => {
  let above: string;
  beforeEach(() => {
    above = mkdtempSync(join(tmpdir(), 'cartero-state-'));
  });
  afterEach(() => rmSync(above, { recursive: true, force: true }));

  test('makes a folder for its user alone, kept out of version control', async () => {
    const folder = join(above, 'a', '.cartero');
    const state = openState(folder);
    state.transcripts.write('run', 1, delivery('s', 1));
    await state.objects.write('runs/a', Buffer.from('x'));
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(readFileSync(join(folder, '.gitignore'), 'utf8')).toBe('*\n');
    state.close();
    expect(readdirSync(folder).sort()).toEqual(['.gitignore', 'ledger.sqlite', 'locks', 'objects', 'transcripts']);
    expect(readdirSync(join(folder, 'locks'))).toEqual([]);
    expect(await openAgain(folder)).toMatchObject([{ attempt: 1 }]);
  });

  const openAgain = async (folder: string) => {
    const state = openState(folder);
    try {
      return await state.transcripts.read('run', 1, 1);
    } finally {
      state.close();
    }
  };

  test('each process has a name of its own, and close is harmless when repeated', () => {
    const states = [openState(above), openState(above)];
    expect(states[0]?.owner).not.toBe(states[1]?.owner);
    for (const state of [...states, ...states]) state.close();
  });

  test('an empty folder, a folder of dot files, and one that another process is laying out are taken', () => {
    for (const names of [[], ['.DS_Store'], ['locks', 'objects']]) {
      const folder = join(above, `folder-${names.length}`);
      for (const name of names) mkdirSync(join(folder, name), { recursive: true });
      openState(folder).close();
    }
  });

  test.each<[string, (folder: string) => void, string]>([
    [
      'with other files',
      (folder) => foreign(folder),
      'found "notes.txt" and no ledger.sqlite in it; name a new or empty folder',
    ],
    ['that is a file', (folder) => writeFileSync(folder, ''), 'it is a file; move the file away, or name another'],
  ])('a folder %s is refused with what to change, and is left alone', (_, make, problem) => {
    const folder = join(above, 'state');
    make(folder);
    expect(() => openState(folder)).toThrow(StateError);
    expect(() => openState(folder)).toThrow(`Cannot use ${JSON.stringify(folder)} as state folder: ${problem}`);
    expect(existsSync(join(folder, 'locks'))).toBe(false);
  });

  test('a folder below a file is refused', () => {
    writeFileSync(join(above, 'file'), '');
    expect(() => openState(join(above, 'file', 'state'))).toThrow('a part of its path is a file; name another folder');
  });

  test('a ledger that cannot be opened leaves no lock behind', () => {
    writeFileSync(join(above, 'ledger.sqlite'), 'a text file, longer than any header of SQLite'.repeat(9));
    expect(() => openState(above)).toThrow(LedgerError);
    expect(readdirSync(join(above, 'locks'))).toEqual([]);
  });

  const foreign = (folder: string) => {
    mkdirSync(folder);
    writeFileSync(join(folder, 'notes.txt'), 'mine');
  };
});
