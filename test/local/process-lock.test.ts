import files, { existsSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openProcessLock } from '#local';
import { type Child, startChild } from './child-process.ts';

describe('openProcessLock', () => {
  let folder: string;
  let children: Child[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'cartero-locks-'));
    children = [];
  });
  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(children.map(({ ended }) => ended));
    rmSync(folder, { recursive: true, force: true });
  });

  const holder = async (owner: string) => {
    const child = startChild('hold-lock.ts', folder, owner);
    children.push(child);
    expect(await child.line()).toBe('locked');
    return child;
  };

  test('a process is alive until it is killed, and dead at once after', async () => {
    const lock = openProcessLock(folder, 'me');
    const child = await holder('other');
    expect(lock.isAlive('other')).toBe(true);
    expect(lock.isAlive('other')).toBe(true);
    child.kill('SIGKILL');
    await child.ended;
    expect(lock.isAlive('other')).toBe(false);
    expect(readdirSync(folder)).toEqual(['me.lock']);
    lock.close();
  });

  test('a process that was stopped and could go on is alive', async () => {
    const lock = openProcessLock(folder, 'me');
    const child = await holder('other');
    child.kill('SIGSTOP');
    expect(lock.isAlive('other')).toBe(true);
    child.kill('SIGCONT');
    lock.close();
  });

  test('each of many processes sees the others, and who closes is dead while its process lives', async () => {
    const owners = ['a', 'b', 'c'];
    const locks = await Promise.all(owners.map(holder));
    const lock = openProcessLock(folder, 'me');
    expect(owners.map(lock.isAlive)).toEqual([true, true, true]);
    locks[1]?.tell('close');
    expect(await locks[1]?.line()).toBe('closed');
    expect(owners.map(lock.isAlive)).toEqual([true, false, true]);
    lock.close();
  });

  test('looking at a lock does not loosen it, whoever looks and however often', async () => {
    const child = await holder('other');
    for (let turn = 0; turn < 20; turn += 1) {
      const lock = openProcessLock(folder, `looker-${turn}`);
      expect(lock.isAlive('other')).toBe(true);
      lock.close();
      expect(lock.isAlive('other')).toBe(true);
    }
    child.kill('SIGKILL');
  });

  test('opening removes the files of the dead, not those of the living', async () => {
    const dead = await holder('dead');
    await holder('living');
    dead.kill('SIGKILL');
    await dead.ended;
    expect(existsSync(join(folder, 'dead.lock'))).toBe(true);
    const lock = openProcessLock(folder, 'me');
    expect(readdirSync(folder).sort()).toEqual(['living.lock', 'me.lock']);
    lock.close();
  });

  test('a lock has its name only once it is locked: of a process about to lock, nothing is touched', () => {
    const lock = openProcessLock(folder, 'me');
    writeFileSync(join(folder, 'starting.lock.new'), '');
    expect(lock.isAlive('starting')).toBe(false);
    openProcessLock(folder, 'you').close();
    expect(existsSync(join(folder, 'starting.lock.new'))).toBe(true);
    lock.close();
  });

  test('one knows oneself, others of the same process, and not who never was', () => {
    const me = openProcessLock(folder, 'me');
    const you = openProcessLock(folder, 'you');
    expect([me.isAlive('me'), me.isAlive('you'), you.isAlive('me'), me.isAlive('nobody')]).toEqual([
      true,
      true,
      true,
      false,
    ]);
    you.close();
    you.close();
    expect([me.isAlive('you'), you.isAlive('me')]).toEqual([false, true]);
    expect(statSync(join(folder, 'me.lock')).mode & 0o777).toBe(0o600);
    me.close();
    expect(readdirSync(folder)).toEqual([]);
  });

  test('a name that is taken is refused, and its holder keeps it', () => {
    const lock = openProcessLock(folder, 'me');
    expect(() => openProcessLock(folder, 'me')).toThrow('the name is taken');
    const other = openProcessLock(folder, 'other');
    expect(other.isAlive('me')).toBe(true);
    other.close();
    lock.close();
  });

  test.each(['', '..', '../me', 'a/b', 'a.lock', 'a\u0000', 'ñ', 'a'.repeat(201)])('%j is no owner', (owner) => {
    expect(() => openProcessLock(folder, owner)).toThrow(TypeError);
    const lock = openProcessLock(folder, 'me');
    expect(() => lock.isAlive(owner)).toThrow(TypeError);
    lock.close();
  });

  describe('a file that never got its name', () => {
    const madeAgo = (name: string, seconds: number) => {
      const file = join(folder, name);
      if (!existsSync(file)) writeFileSync(file, '');
      const at = Date.now() / 1000 - seconds;
      utimesSync(file, at, at);
    };

    test('is removed by the next start once it is a minute old, and left to who may be about to lock it before', () => {
      madeAgo('dead.lock.new', 90);
      madeAgo('starting.lock.new', 5);
      const lock = openProcessLock(folder, 'me');
      expect(readdirSync(folder).toSorted()).toEqual(['me.lock', 'starting.lock.new']);
      lock.close();
    });

    test('is left to who has locked it, however old it is', () => {
      const other = new DatabaseSync(join(folder, 'other.lock.new'));
      other.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
      madeAgo('other.lock.new', 3600);
      const lock = openProcessLock(folder, 'me');
      expect(readdirSync(folder)).toContain('other.lock.new');
      other.close();
      lock.close();
      openProcessLock(folder, 'later').close();
      expect(readdirSync(folder)).toEqual([]);
    });

    test('is made again where it was removed while its owner stood still', () => {
      const { renameSync } = files;
      let times = 0;
      files.renameSync = (from, to) => {
        times += 1;
        if (times === 1) rmSync(from);
        renameSync(from, to);
      };
      syncBuiltinESMExports();
      try {
        const lock = openProcessLock(folder, 'me');
        expect(times).toBe(2);
        expect(readdirSync(folder)).toEqual(['me.lock']);
        lock.close();
      } finally {
        files.renameSync = renameSync;
        syncBuiltinESMExports();
      }
    });
  });
});
