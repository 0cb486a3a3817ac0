/** Points of the ledger, the suppression list beside it, and its tables' making. */
import { DatabaseSync } from 'node:sqlite';
import { SqliteLedger } from '../../functions/local/sqlite-ledger.ts';
import { SuppressionTable } from '../../functions/local/suppression-table.ts';
import type { LedgerWrite } from '../points.ts';
import { now } from '../trace.ts';
import { around } from './around.ts';
import { pass, tell } from './death.ts';

/** The write that is being made; each is one transaction, from its BEGIN to its COMMIT without a wait. */
let write: LedgerWrite | null = null;

/** @param kindOf `null` for what writes nothing that has a name here */
function guarded<F extends (...words: never[]) => Promise<unknown>>(
  method: F,
  kindOf: (words: Parameters<F>) => LedgerWrite,
  done: (words: Parameters<F>, result: Awaited<ReturnType<F>>) => void = () => {},
): F {
  return around(method, {
    before: (words) => {
      write = kindOf(words);
      pass(`ledger.${write}:before`);
    },
    returned: () => {
      write = null;
    },
    after: (words, result) => {
      done(words, result);
      pass(`ledger.${kindOf(words)}:after`);
    },
  });
}

export function setLedgerPoints(): void {
  const ledger = SqliteLedger.prototype;
  ledger.createRun = guarded(ledger.createRun, () => 'create-run');
  ledger.addBatch = guarded(ledger.addBatch, ([, batch]) => (batch === 0 ? 'add-planning' : 'add-batch'));
  ledger.addBatches = guarded(ledger.addBatches, () => 'add-batch');
  ledger.completePlan = guarded(ledger.completePlan, () => 'complete-plan');
  ledger.claim = guarded(
    ledger.claim,
    ([, batch]) => (batch === 0 ? 'claim-planning' : 'claim'),
    ([, batch], claim) => {
      if (claim !== null) tell({ kind: 'claimed', at: now(), batch, fence: claim.fence });
    },
  );
  ledger.commit = guarded(
    ledger.commit,
    ([, { settled, intended }]) =>
      intended.length === 0 ? 'settle' : settled.length === 0 ? 'intend' : 'settle-and-intend',
    ([{ batch, fence }, { settled, intended }]) => {
      const indexes = (changes: readonly { readonly index: number }[]) => changes.map(({ index }) => index);
      tell({ kind: 'committed', at: now(), batch, fence, intended: indexes(intended), settled: indexes(settled) });
    },
  );
  ledger.release = guarded(ledger.release, ([{ batch }]) => (batch === 0 ? 'release-planning' : 'release'));
  ledger.setUncertainPolicy = guarded(ledger.setUncertainPolicy, () => 'policy');
  ledger.setControl = guarded(ledger.setControl, () => 'control');
  ledger.retry = guarded(ledger.retry, () => 'retry');
  const suppressions = SuppressionTable.prototype;
  suppressions.add = guarded(
    suppressions.add,
    () => 'suppress',
    ([entries]) => tell({ kind: 'suppressed', at: now(), recipients: entries.map(({ recipient }) => recipient) }),
  );
  setTransactionPoints();
}

function setTransactionPoints(): void {
  const database = DatabaseSync.prototype;
  database.exec = around(database.exec, {
    before: ([sql]) => {
      if (sql === 'COMMIT') pass(write === null ? 'schema:within' : `ledger.${write}:within`);
    },
    after: ([sql]) => {
      if (sql === 'COMMIT' && write === null) pass('schema:after');
      if (sql.includes('BEGIN EXCLUSIVE')) pass('lock:taken');
    },
  });
}
