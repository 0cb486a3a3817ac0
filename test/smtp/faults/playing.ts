import { describe, it } from 'vitest';
import { APPLICABLE, type Mode, SECURITIES } from './cells.ts';
import { play } from './scene.ts';
import { scenesOf } from './scenes.ts';
import { judge } from './verdict.ts';

/** A test for each cell of one mode. */
export function playCellsOf(mode: Mode): void {
  describe.each(SECURITIES)('%s', (security) => {
    const cells = APPLICABLE.filter((cell) => cell.mode === mode && cell.security === security);
    it.each(cells)('$step: $fault', async (cell) => {
      for (const scene of scenesOf(cell)) judge(scene, await play(scene));
    });
  });
}
