/** Every applicable cell of the fault matrix, against an oracle that knows nothing of the engine. */
import { describe, expect, it } from 'vitest';
import { APPLICABLE, CELLS, FAULTS, MODES, REASONS, reasonOf, SECURITIES, STEPS } from './cells.ts';
import { play } from './scene.ts';
import { scenesOf } from './scenes.ts';
import { judge } from './verdict.ts';

describe('the matrix', () => {
  it('has 19 steps, 24 faults, 4 modes, 2 kinds of TLS, and each cell is played or has a reason why it cannot be', () => {
    expect([STEPS.length, FAULTS.length, MODES.length, SECURITIES.length]).toEqual([19, 24, 4, 2]);
    expect(CELLS).toHaveLength(3648);
    const left = REASONS.map((reason) => CELLS.filter((cell) => reasonOf(cell) === reason).length);
    expect(left).toEqual(REASONS.map(({ cells }) => cells));
    expect(APPLICABLE.length + left.reduce((sum, cells) => sum + cells, 0)).toBe(CELLS.length);
  });
});

describe.each(MODES)('%s', (mode) => {
  describe.each(SECURITIES)('%s', (security) => {
    const cells = APPLICABLE.filter((cell) => cell.mode === mode && cell.security === security);
    it.each(cells)('$step: $fault', async (cell) => {
      for (const scene of scenesOf(cell)) judge(scene, await play(scene));
    });
  });
});
