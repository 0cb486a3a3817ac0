import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LocalState, openState } from '#local';
import { describeSuppressionList } from '../ports/suppression-list.contract.ts';

describeSuppressionList('SuppressionTable', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cartero-suppressions-'));
  const states: LocalState[] = [];
  return {
    join: async () => {
      const state = openState(folder);
      states.push(state);
      return state.suppressions;
    },
    remove: async () => {
      for (const state of states) state.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
});
