/** The simulation's ledger is a ledger: it keeps the contract that SQLite's keeps. */
import { describeLedger } from '../ports/ledger.contract.ts';
import { describeLedgerControl } from '../ports/ledger.control.ts';
import type { LedgerStore } from '../ports/ledger.harness.ts';
import { describeLedgerMoves } from '../ports/ledger.moves.ts';
import { describePoison } from '../ports/ledger.poison.ts';
import { describePoisonProperties } from '../ports/ledger.poison-property.ts';
import { describeLedgerProperties } from '../ports/ledger.property.ts';
import { LedgerModel } from './ledger-model.ts';
import { MemoryLedger } from './memory-ledger.ts';

async function newStore(): Promise<LedgerStore> {
  const model = new LedgerModel();
  const owners = new Map<object, string>();
  const living = new Set<string>();
  return {
    join: async () => {
      const owner = `process-${owners.size + 1}`;
      const ledger = new MemoryLedger(model, { owner, isAlive: (name) => living.has(name) });
      owners.set(ledger, owner);
      living.add(owner);
      return ledger;
    },
    die: async (ledger) => {
      living.delete(owners.get(ledger) ?? '');
    },
    remove: async () => {},
  };
}

describeLedger('MemoryLedger', newStore);
describeLedgerMoves('MemoryLedger', newStore);
describeLedgerProperties('MemoryLedger', newStore, 300);
describeLedgerControl('MemoryLedger', newStore);
describePoison('MemoryLedger', newStore);
describePoisonProperties('MemoryLedger', newStore, 500);
