/** The page of threats can be looked up: each test that it names is there, by its file and by words of its name. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../../..');
const page = readFileSync(join(root, 'docs/threats.md'), 'utf8');
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| threat |'))
  .map((line) => line.split('|').map((cell) => cell.trim()));

/** `file.test.ts`: words; `other.test.ts`: words */
const namedBy = (cell: string): [file: string, words: string][] =>
  [...cell.matchAll(/`([^`]+\.test\.ts)`: ([^`]*?)(?=; `|$)/g)].map(([, file = '', words = '']) => [file, words]);

describe('the page of threats', () => {
  it('has three columns, and many rows', () => {
    expect(rows.length).toBeGreaterThan(35);
    for (const cells of rows) expect(cells, cells.join('|')).toHaveLength(5);
  });

  it.each(rows.map(([, threat = '', , shownBy = '']) => [threat, shownBy] as const))('%s', (_threat, shownBy) => {
    const named = namedBy(shownBy);
    expect(named).not.toEqual([]);
    for (const [file, words] of named) {
      const path = join(root, 'test', file);
      expect(existsSync(path), `test/${file}`).toBe(true);
      expect(readFileSync(path, 'utf8')).toContain(words);
    }
  });
});
