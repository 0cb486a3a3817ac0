import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LocalState, openState } from '#local';
import { describeLedger } from '../ports/ledger.contract.ts';
import { describeLedgerControl } from '../ports/ledger.control.ts';
import type { LedgerStore } from '../ports/ledger.harness.ts';
import { describeLedgerMoves } from '../ports/ledger.moves.ts';
import { describeLedgerProperties } from '../ports/ledger.property.ts';

/** Processes are states of their own on one folder: their locks are as real as another process's. */
async function newStore(): Promise<LedgerStore> {
  const folder = mkdtempSync(join(tmpdir(), 'cartero-ledger-'));
  const states: LocalState[] = [];
  return {
    join: async () => {
      const state = openState(folder);
      states.push(state);
      return state.ledger;
    },
    die: async (ledger) => states.find((state) => state.ledger === ledger)?.close(),
    remove: async () => {
      for (const state of states) state.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

describeLedger('SqliteLedger', newStore);
describeLedgerMoves('SqliteLedger', newStore);
describeLedgerProperties('SqliteLedger', newStore);
describeLedgerControl('SqliteLedger', newStore);
