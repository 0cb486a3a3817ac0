import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { without } from './guard.ts';
import { GUARDS } from './guards.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

describe('the list of guards', () => {
  test('has 25 at the least, each under a name of its own', () => {
    expect(new Set(GUARDS.map(({ name }) => name)).size).toBe(GUARDS.length);
    expect(GUARDS.length).toBeGreaterThanOrEqual(25);
  });

  test.each(GUARDS)('finds $name in $file exactly once, and its tests are there', (guard) => {
    const text = readFileSync(`${ROOT}/${guard.file}`, 'utf8');
    expect(without(guard, text)).not.toBe(text);
    for (const file of guard.tests) expect(globSync(`${file}*`, { cwd: ROOT }), file).not.toEqual([]);
  });
});
