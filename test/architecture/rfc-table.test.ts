/** What the page says of the RFCs can be looked up: each file that it names is there, and each Yes has its test. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');
const section = page.slice(page.indexOf('\n## What the RFCs ask of a sender\n')).split(/\n## /)[1] ?? '';
const rows = section
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.includes('| obeyed in |'))
  .map((line) => line.split('|').map((cell) => cell.trim()));
const filesOf = (cell: string | undefined): string[] =>
  [...(cell ?? '').matchAll(/`([^`]+)`/g)].map(([, file = '']) => file);

describe('What the RFCs ask of a sender', () => {
  it('has five columns, and Yes, Partial or No in one of them', () => {
    expect(rows.length).toBeGreaterThan(40);
    for (const cells of rows) {
      expect(cells).toHaveLength(7);
      expect(cells[3]).toMatch(/^(?:Yes|Partial|No)(?:: |$)/);
    }
  });

  it.each(rows.map(([, what, , holds, obeyedIn, shownBy]) => ({ what, holds, obeyedIn, shownBy })))(
    '$what: names files that are there',
    ({ holds, obeyedIn, shownBy }) => {
      const files = [
        ...filesOf(obeyedIn).map((file) => `functions/${file}`),
        ...filesOf(shownBy).map((file) => `test/${file}`),
      ];
      expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
      if (holds?.startsWith('No')) return;
      expect(filesOf(obeyedIn)).not.toEqual([]);
      expect(filesOf(shownBy).every((file) => file.endsWith('.test.ts'))).toBe(true);
      expect(filesOf(shownBy)).not.toEqual([]);
    },
  );
});
