import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ELSEWHERE } from './elsewhere.ts';
import * as servers from './servers.ts';

const ROOT = join(import.meta.dirname, '../..');

it.each(ELSEWHERE)('$what is proved in $file', async ({ file, word }) => {
  expect(await readFile(join(ROOT, file), 'utf8')).toContain(word);
});

it('every keyword and mechanism is offered by a server here, or proved elsewhere', async () => {
  const { MECHANISM_NAMES } = await import('#smtp');
  const kinds = Object.values(servers).filter((value) => typeof value === 'object' && 'keywords' in value);
  const offered = kinds.flatMap(({ keywords, mechanisms }) => [...keywords, ...Object.values(mechanisms).flat()]);
  const elsewhere = ELSEWHERE.map(({ what }) => what).join(' ');
  const missing = [...servers.KEYWORDS, ...MECHANISM_NAMES].filter(
    (name) => !offered.includes(name) && !elsewhere.includes(name),
  );
  expect(missing).toEqual([]);
});
