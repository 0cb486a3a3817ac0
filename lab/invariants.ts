/**
 * What must be true when everything has come to rest, whatever died on the way; found out from the oracle's file, the ledger
 * and the results alone. I6 and I7 are about the order of things, and need what the processes said of themselves.
 *
 *     I1  each recipient is in one outcome, and in one that is final
 *     I2  under hold and skip nobody is accepted twice
 *     I3  whoever is accepted n times has n - 1 attempts of which nobody knew how they ended
 *     I4  `accepted` says that the oracle has it
 *     I5  what the oracle has is `accepted`, or an attempt of it is in doubt
 *     I6  fences rise, and nothing is written under one that is not the newest
 *     I7  who is on the suppression list gets nothing more, but for intents that were durable before
 *     I8  to start again changes nothing
 *
 * And: doubts are not more than deaths and lost connections can make; nobody is refused, invalid or quarantined who need not
 * be, and whose mail ends each process is quarantined; a mail is the same on every attempt, and goes to whom it says.
 */
import type { LedgerRow } from './ledger.ts';
import type { OracleRecord } from './oracle/records.ts';
import type { TraceEntry } from './trace.ts';

export interface Facts {
  readonly runs: number;
  readonly openBatches: number;
  readonly rows: readonly LedgerRow[];
  /** Lines of the results files. */
  readonly results: readonly { readonly recipient: string; readonly outcome: string }[];
  readonly oracle: readonly OracleRecord[];
  /** Of each process, in the order of their starts. */
  readonly traces: readonly (readonly TraceEntry[])[];
  /** How many recipients the audience has. */
  readonly recipients: number;
  /** Recipients who are `invalid` in a run in which nothing happens. */
  readonly invalid: ReadonlySet<string>;
  /** Recipients who were put on the suppression list. */
  readonly suppressed: ReadonlySet<string>;
  /** Whose mail ends each process that makes it; `null`: nobody's. */
  readonly poison: string | null;
  /** Whether the policy was `resend` at any time, or uncertain ones were retried by a person. */
  readonly mayResend: boolean;
  /** Whether the run was cancelled at any time. */
  readonly wasCancelled: boolean;
  readonly kills: number;
  /** Connections × depth: intents that one process can have. */
  readonly placesOfProcess: number;
  /** Intents that one connection can have. */
  readonly depth: number;
}

const FINAL: ReadonlySet<string> = new Set([
  'accepted',
  'refused',
  'uncertain',
  'invalid',
  'suppressed',
  'expired',
  'quarantined',
  'cancelled',
]);

/** @returns what is wrong, a sentence each */
export function violationsOf(facts: Facts): string[] {
  const acceptances = byRecipient(facts.oracle);
  return [
    ...completeness(facts),
    ...facts.rows.flatMap((row) => truthOf(row, acceptances.get(row.recipient) ?? [], facts)),
    ...strangers(facts, acceptances),
    ...doubts(facts),
    ...fences(facts.traces),
    ...lateMails(facts),
    ...resultsOf(facts),
  ];
}

type Acceptance = Extract<OracleRecord, { kind: 'accepted' }>;

function byRecipient(oracle: readonly OracleRecord[]): Map<string, Acceptance[]> {
  const found = new Map<string, Acceptance[]>();
  for (const record of oracle) {
    if (record.kind !== 'accepted') continue;
    const known = found.get(record.recipient);
    if (known === undefined) found.set(record.recipient, [record]);
    else known.push(record);
  }
  return found;
}

function completeness({ runs, openBatches, rows, recipients }: Facts): string[] {
  return [
    ...(runs === 1 ? [] : [`I1: the same start made ${runs} runs`]),
    ...(rows.length === recipients ? [] : [`I1: ${rows.length} recipients are in the ledger, of ${recipients}`]),
    ...(openBatches === 0 ? [] : [`I1: ${openBatches} batches are not closed`]),
    ...(new Set(rows.map(({ recipient }) => recipient)).size === rows.length ? [] : ['I1: a recipient is there twice']),
    ...(new Set(rows.map(({ messageId }) => messageId)).size === rows.length ? [] : ['a Message-ID is there twice']),
  ];
}

/** I1 to I5 for one recipient. */
function truthOf(row: LedgerRow, accepted: readonly Acceptance[], facts: Facts): string[] {
  const { recipient, state, uncertainAttempts } = row;
  const wrong: string[] = [];
  const found = `${recipient} is ${state}, with ${uncertainAttempts} attempts in doubt, and accepted ${accepted.length} times`;
  if (!FINAL.has(state)) wrong.push(`I1: ${found}`);
  if (!facts.mayResend && accepted.length > 1) wrong.push(`I2: ${found}`);
  if (state === 'accepted' && accepted.length === 0) wrong.push(`I4: ${found}`);
  if (accepted.length > uncertainAttempts + (state === 'accepted' ? 1 : 0))
    wrong.push(`${accepted.length > 1 ? 'I3' : 'I5'}: ${found}`);
  if (recipient === facts.poison && !['quarantined', 'suppressed', 'cancelled'].includes(state))
    wrong.push(`${recipient} is ${state}, and its mail ends each process that makes it`);
  const reason = needlessOf(row, facts);
  if (reason !== null) wrong.push(`${recipient} is ${state}, and ${reason}`);
  if (accepted.some(({ messageId }) => messageId !== row.messageId))
    wrong.push(`${recipient} got a mail of another Message-ID than ${row.messageId}`);
  if (new Set(accepted.map(({ content }) => content)).size > 1)
    wrong.push(`${recipient} got two mails that are not the same`);
  if (accepted.some(({ to }) => !to.toLowerCase().includes(recipient.toLowerCase())))
    wrong.push(`${recipient} got the mail to ${accepted[0]?.to}`);
  return wrong;
}

/** Why a recipient need not be in its outcome. */
function needlessOf({ recipient, state, uncertainAttempts }: LedgerRow, facts: Facts): string | null {
  const saidNo = facts.oracle.some(
    (record) => record.kind === 'no' && record.recipient === recipient && record.code >= 500,
  );
  if (state === 'refused' && !saidNo) return 'the relay never refused';
  if (state === 'invalid' && !facts.invalid.has(recipient)) return 'its row is in order';
  if (state === 'suppressed' && !facts.suppressed.has(recipient)) return 'nobody put it on the list';
  if (state === 'cancelled' && !facts.wasCancelled) return 'the run was not cancelled';
  if (state === 'uncertain' && uncertainAttempts === 0) return 'has no attempt in doubt';
  if (state === 'expired') return 'there was time left';
  if (state === 'quarantined' && recipient !== facts.poison) return 'its mail ends no process';
  return null;
}

function strangers({ rows }: Facts, acceptances: ReadonlyMap<string, unknown>): string[] {
  const known = new Set(rows.map(({ recipient }) => recipient));
  return [...acceptances.keys()].filter((each) => !known.has(each)).map((each) => `I5: ${each} is not in the ledger`);
}

/** The window is known: deaths leave no more in doubt than their processes had places, cut connections no more than theirs. */
export function mostDoubtsOf({ oracle, kills, placesOfProcess, depth }: Facts): number {
  return kills * placesOfProcess + oracle.filter(({ kind }) => kind === 'cut').length * depth;
}

function doubts(facts: Facts): string[] {
  const most = mostDoubtsOf(facts);
  const found = facts.rows.reduce((sum, { uncertainAttempts }) => sum + uncertainAttempts, 0);
  return found <= most
    ? []
    : [`${found} attempts are in doubt after ${facts.kills} deaths, ${most} at the most are wanted`];
}

function fences(traces: Facts['traces']): string[] {
  const wrong: string[] = [];
  const newest = new Map<number, number>();
  const entries = traces.flat().filter((entry) => entry.kind === 'claimed' || entry.kind === 'committed');
  for (const entry of entries.toSorted((one, other) => one.at - other.at)) {
    const { batch, fence } = entry;
    const known = newest.get(batch) ?? 0;
    if (entry.kind === 'claimed' && fence <= known)
      wrong.push(`I6: batch ${batch} was taken under ${fence} after ${known}`);
    if (entry.kind === 'committed' && fence !== known)
      wrong.push(`I6: batch ${batch} was written under ${fence}, and ${known} was the newest`);
    newest.set(batch, Math.max(known, fence));
  }
  return wrong;
}

/** I7. Each acceptance belongs to the latest intent before it. */
function lateMails({ rows, oracle, traces }: Facts): string[] {
  const entries = traces.flat();
  const listed = new Map(
    entries.flatMap((entry) =>
      entry.kind === 'suppressed' ? entry.recipients.map((recipient) => [recipient, entry.at] as const) : [],
    ),
  );
  if (listed.size === 0) return [];
  const places = new Map(rows.map(({ batch, index, recipient }) => [recipient, { batch, index }]));
  return byTime(oracle).flatMap(({ recipient, at }) => {
    const since = listed.get(recipient);
    const place = places.get(recipient);
    if (since === undefined || place === undefined || at < since) return [];
    const intents = entries.flatMap((entry) =>
      entry.kind === 'committed' && entry.batch === place.batch && entry.intended.includes(place.index)
        ? [entry.at]
        : [],
    );
    const latest = Math.max(...intents.filter((each) => each < at));
    return latest > since ? [`I7: ${recipient} got a mail that was begun after it was put on the list`] : [];
  });
}

function byTime(oracle: readonly OracleRecord[]): Acceptance[] {
  return oracle.filter((record) => record.kind === 'accepted').toSorted((one, other) => one.at - other.at);
}

function resultsOf({ rows, results }: Facts): string[] {
  const told = new Map(results.map(({ recipient, outcome }) => [recipient, outcome]));
  return rows
    .filter(({ recipient, state }) => told.get(recipient) !== state)
    .map(({ recipient, state }) => `${recipient} is ${state}, and ${told.get(recipient) ?? 'nothing'} in the results`);
}
