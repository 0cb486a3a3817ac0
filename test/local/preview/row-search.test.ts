import { expect, test } from 'vitest';
import { readAudience } from '../../../functions/audience/mod.ts';
import { searchRows } from '../../../functions/local/preview/mod.ts';

/** 100,000 rows, and how many pieces of them were asked for. */
function audience() {
  const told = { pieces: 0 };
  async function* pieces(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('email,name\n');
    for (let piece = 0; piece < 1_000; piece++) {
      told.pieces++;
      const rows = Array.from({ length: 100 }, (_, place) => row(piece * 100 + place + 1));
      yield Buffer.from(rows.join(''));
    }
  }
  return { rows: readAudience(pieces(), { name: 'big.csv' }), told };
}

const row = (number: number) => `P${number}@example.com,${number === 5 ? 'José' : ''}\n`;

test('rows are found by a part of the address in either case, from where the page before ended', async () => {
  const { rows } = audience();
  const found = await searchRows(rows, { search: ' p9999', after: 9_999, limit: 2 });
  expect(found).toEqual({
    rows: [
      { row: 99_990, email: 'P99990@example.com', name: '', problem: null },
      { row: 99_991, email: 'P99991@example.com', name: '', problem: null },
    ],
    more: true,
  });
});

test('rows are found by a part of the name, and what is wrong with them is told', async () => {
  const found = await searchRows(audience().rows, { search: 'josÉ', after: 0, limit: 2 }, () => 'no city');
  expect(found).toEqual({
    rows: [{ row: 5, email: 'P5@example.com', name: 'José', problem: 'no city' }],
    more: false,
  });
});

test('of a large audience no more is read than is shown', async () => {
  const { rows, told } = audience();
  expect((await searchRows(rows, { search: '', after: 0, limit: 100 })).rows).toHaveLength(100);
  expect(told.pieces).toBeLessThan(20);
});
