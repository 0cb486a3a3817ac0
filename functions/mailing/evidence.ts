/**
 * Evidence that comes late: a person, or a notice, says how an attempt ended of which nobody knew. It turns that attempt's
 * own `uncertain` into the fact, and nothing else; the results files are written anew.
 */
import type { Evidence, EvidenceDesk, EvidenceFound, Ledger, ObjectStore } from './ports.ts';
import { writeResults } from './results.ts';

/** In one write of the ledger: a sender in another process waits no longer than for one. */
const AT_ONCE = 500;

/** @returns what each came to, in order @throws IllegalMoveError where there is no such run; LedgerError */
export async function establishFacts(
  { ledger, objects }: { ledger: Ledger & EvidenceDesk; objects: ObjectStore },
  run: string,
  evidence: readonly Evidence[],
): Promise<EvidenceFound[]> {
  const found: EvidenceFound[] = [];
  for (let from = 0; from < evidence.length; from += AT_ONCE) {
    found.push(...(await ledger.establish(run, evidence.slice(from, from + AT_ONCE))));
  }
  // What was known already as well: whoever wrote it down may have died before the results were.
  const changed = found.filter(({ result }) => result === 'settled' || result === 'known');
  const batches = new Set(changed.map(({ delivery }) => delivery?.batch ?? 0));
  // Who holds a batch writes its results when giving it back.
  for (const { batch, held } of await ledger.openBatches(run)) if (held) batches.delete(batch);
  for (const batch of batches) if (batch > 0) await writeResults(objects, ledger, run, batch);
  return found;
}
