/** The matrix itself. Its cells are played in the files beside this one, a file for each mode, so that they run side by side. */
import { expect, it } from 'vitest';
import { APPLICABLE, CELLS, type Cell, FAULTS, MODES, REASONS, reasonOf, SECURITIES, STEPS } from './cells.ts';
import { fateOf } from './oracle.ts';

it('has 19 steps, 24 faults, 4 modes, 2 kinds of TLS, and each cell is played or has a reason why it cannot be', () => {
  expect([STEPS.length, FAULTS.length, MODES.length, SECURITIES.length]).toEqual([19, 24, 4, 2]);
  expect(CELLS).toHaveLength(3648);
  expect(new Set(CELLS.map((cell) => JSON.stringify(cell))).size).toBe(3648);
  const left = REASONS.map((reason) => CELLS.filter((cell) => reasonOf(cell) === reason).length);
  expect(left).toEqual(REASONS.map(({ cells }) => cells));
  expect(APPLICABLE).toHaveLength(3072);
});

it('foresees a fate for each cell that is played', () => {
  const fatesOf = (cell: Cell): string[] =>
    [true, false].flatMap((hasLeft) =>
      (['RSET', 'idle'] as const).map((rest) =>
        fateOf(cell, { mail: 1, recipient: 0, recipients: 1, rest }, { hasLeft, isJoined: false }),
      ),
    );
  const unforeseen = APPLICABLE.filter((cell) => fatesOf(cell).every((fate) => fate === '-' || fate === ''));
  expect(unforeseen).toEqual([]);
});
