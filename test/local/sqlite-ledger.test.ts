import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LocalState, openState } from '#local';
import type { Ledger } from '#mailing';
import { describeLedger } from '../ports/ledger.contract.ts';
import { describeLedgerControl } from '../ports/ledger.control.ts';
import { describeEvidence } from '../ports/ledger.evidence.ts';
import type { LedgerStore } from '../ports/ledger.harness.ts';
import { describeLedgerMoves } from '../ports/ledger.moves.ts';
import { describePoison } from '../ports/ledger.poison.ts';
import { describePoisonProperties } from '../ports/ledger.poison-property.ts';
import { describeLedgerProperties } from '../ports/ledger.property.ts';
import { describeLedgerSearch } from '../ports/ledger-search.contract.ts';

const opened = new Map<Ledger, LocalState>();

/** Of a ledger that a store was asked for. */
function stateOf(ledger: Ledger): LocalState {
  const state = opened.get(ledger);
  if (state === undefined) throw new Error('no state has this ledger');
  return state;
}

/** Processes are states of their own on one folder: their locks are as real as another process's. */
async function newStore(): Promise<LedgerStore> {
  const folder = mkdtempSync(join(tmpdir(), 'cartero-ledger-'));
  const states: LocalState[] = [];
  return {
    join: async () => {
      const state = openState(folder);
      states.push(state);
      opened.set(state.ledger, state);
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
describePoison('SqliteLedger', newStore);
describePoisonProperties('SqliteLedger', newStore);
describeEvidence('SqliteLedger', newStore, (ledger) => stateOf(ledger).ledger);
describeLedgerSearch('SqliteLedger', newStore, (ledger) => stateOf(ledger).ledger);
