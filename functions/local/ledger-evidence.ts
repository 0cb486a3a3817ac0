/** What became of attempts in doubt, by evidence: within a transaction that the ledger has begun. */
import type { Evidence, EvidenceFound } from '#mailing';
import { toDeliveryRecord, visibleOutcome } from './ledger-records.ts';
import type { DeliveryRow, DoubtRow, Statements } from './ledger-statements.ts';

type Lives = (holder: string | null) => boolean;

/**
 * @param run its number in the table
 * @returns what each piece of evidence came to, and the batches that nobody holds in which it has settled somebody
 */
export function establishAll(
  sql: Statements,
  run: number,
  evidence: readonly Evidence[],
  lives: Lives,
): { found: EvidenceFound[]; given: ReadonlySet<number> } {
  const given = new Set<number>();
  const found = evidence.map((each) => {
    const doubts = sql.doubts.all(run, each.key) as DoubtRow[];
    const { result, doubt } = weigh(each, doubts, lives);
    if (doubt === undefined) return { result, delivery: null };
    if (result === 'settled') {
      const { state, at, reply, enhancedStatus, queueId, problem } = each;
      const facts = [reply ?? null, enhancedStatus ?? null, queueId ?? null, problem ?? null] as const;
      sql.establish.run(state, at, ...facts, doubt.id);
      if (doubt.holder === null) given.add(doubt.batch);
    }
    const delivery = sql.delivery.get(doubt.id) as unknown as DeliveryRow;
    return { result, delivery: toDeliveryRecord(delivery, lives) };
  });
  return { found, given };
}

/** What evidence comes to, and the delivery that it speaks of. */
function weigh(
  { attempt, state }: Evidence,
  doubts: readonly DoubtRow[],
  lives: Lives,
): { result: EvidenceFound['result']; doubt?: DoubtRow } {
  const seen = (doubt: DoubtRow) => visibleOutcome(doubt.state, lives(doubt.holder));
  const doubt = doubts.find((each) => seen(each) === 'uncertain' && each.attempt === attempt) ?? doubts[0];
  if (doubt === undefined) return { result: 'nobody' };
  if (doubt.attempt !== attempt) return { result: 'other', doubt };
  if (seen(doubt) === 'uncertain') {
    // Under `resend` it may be in the holder's hands as one that is due: its next intent must not find it settled.
    const isDueThere = lives(doubt.holder) && doubt.policy === 'resend';
    return { result: isDueThere ? 'held' : 'settled', doubt };
  }
  return { result: doubt.state === state ? 'known' : 'other', doubt };
}
