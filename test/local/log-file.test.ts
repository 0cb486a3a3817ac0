/** A log of JSON Lines: whole lines, in the file that has the name, and no error for whoever writes. */

import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { LogKeysError, openLogFile, openLogKeys, openState, readLogKeys } from '#local';
import { temporaryFolder } from '../cli/cartero.ts';

/** Several reach the size at which lines are written at once. */
const LARGE = 'x'.repeat(40_000);

const lines = (file: string) =>
  readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));

function open(file: string) {
  const losses: unknown[] = [];
  const log = openLogFile(file, { onLoss: (error) => losses.push(error), gap: (lost) => ({ lost }) });
  onTestFinished(() => log.close());
  return { log, losses };
}

describe('a log', () => {
  test('is made when it has a line, for nobody else to read, and is added to', () => {
    const file = join(temporaryFolder(), 'run.log');
    const { log } = open(file);
    expect(existsSync(file)).toBe(false);
    log.write({ n: 1 });
    log.close();
    log.write({ n: 'too late' });
    log.close();
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const again = open(file).log;
    again.write({ n: 2, text: 'two\nlines' });
    again.close();
    expect(lines(file)).toEqual([{ n: 1 }, { n: 2, text: 'two\nlines' }]);
  });

  test('has its lines within a moment, also where nobody closes it', async () => {
    const file = join(temporaryFolder(), 'run.log');
    open(file).log.write({ n: 1 });
    await expect.poll(() => existsSync(file) && lines(file)).toEqual([{ n: 1 }]);
  });

  test('goes on in a new file when it was moved away, and loses nothing of both', () => {
    const file = join(temporaryFolder(), 'run.log');
    const { log, losses } = open(file);
    log.write({ n: 1, LARGE });
    renameSync(file, `${file}.1`);
    log.write({ n: 2, LARGE });
    rmSync(file);
    log.write({ n: 3, LARGE });
    expect(lines(`${file}.1`).map(({ n }) => n)).toEqual([1]);
    expect(lines(file).map(({ n }) => n)).toEqual([3]);
    expect(losses).toEqual([]);
  });

  test('stays with the file it has where no other can be made', () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'logs'));
    const { log, losses } = open(join(folder, 'logs', 'run.log'));
    log.write({ n: 1, LARGE });
    renameSync(join(folder, 'logs'), join(folder, 'old'));
    log.write({ n: 2, LARGE });
    expect(lines(join(folder, 'old', 'run.log')).map(({ n }) => n)).toEqual([1, 2]);
    expect(losses).toEqual([]);
  });

  test('that cannot be written is told once, and says how much is missing when it can be', () => {
    const folder = temporaryFolder();
    const { log, losses } = open(join(folder, 'logs', 'run.log'));
    for (const n of [1, 2, 3]) log.write({ n, LARGE });
    expect(losses).toMatchObject([{ code: 'ENOENT' }]);
    mkdirSync(join(folder, 'logs'));
    log.write({ n: 4, LARGE });
    log.write({ n: 5, LARGE });
    expect(losses).toHaveLength(1);
    expect(lines(join(folder, 'logs', 'run.log')).map(({ n, lost }) => n ?? { lost })).toEqual([{ lost: 3 }, 4, 5]);
  });

  test('on a full disk costs its lines and nothing else', () => {
    const file = join(temporaryFolder(), 'run.log');
    symlinkSync('/dev/full', file);
    const { log, losses } = open(file);
    log.write({ n: 1, LARGE });
    log.write({ n: 2, LARGE });
    expect(losses).toMatchObject([{ code: 'ENOSPC' }]);
    rmSync(file);
    log.write({ n: 3, LARGE });
    expect(lines(file).map(({ n, lost }) => n ?? { lost })).toEqual([{ lost: 2 }, 3]);
  });

  test('in a pipe that nobody reads keeps nobody waiting', () => {
    const file = join(temporaryFolder(), 'pipe');
    execFileSync('mkfifo', [file]);
    const { log, losses } = open(file);
    log.write({ LARGE });
    expect(losses).toMatchObject([{ code: 'ENXIO' }]);
  });

  test('is shared by whoever else adds lines to it', () => {
    const file = join(temporaryFolder(), 'run.log');
    const [one, other] = [open(file).log, open(file).log];
    one.write({ n: 1, LARGE });
    other.write({ n: 2, LARGE });
    appendFileSync(file, '{"n":3}\n');
    one.write({ n: 4, LARGE });
    expect(lines(file).map(({ n }) => n)).toEqual([1, 2, 3, 4]);
  });
});

describe("a state's keys of logs", () => {
  test('begin with one that nobody else can read, which stays', () => {
    const folder = temporaryFolder();
    expect(readLogKeys(folder)).toEqual([]);
    const [first, ...others] = openLogKeys(folder, 1);
    expect(others).toEqual([]);
    expect(first?.secret.export()).toHaveLength(32);
    expect(statSync(join(folder, 'log-keys.json')).mode & 0o777).toBe(0o600);
    expect(openLogKeys(folder, 2).map(({ id }) => id)).toEqual([first?.id]);
    // They are part of a state.
    openState(folder).close();
  });

  test('are refused where the file holds none', () => {
    const folder = temporaryFolder();
    appendFileSync(join(folder, 'log-keys.json'), '{}');
    expect(() => openLogKeys(folder, 1)).toThrow(LogKeysError);
    expect(() => readLogKeys(folder)).toThrow('it has no keys');
  });
});
