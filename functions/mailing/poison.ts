/**
 * A mail that ends its process whenever it is made: poison. Who dies says nothing, so the ledger counts the deaths.
 *
 *     claim dies, nothing settled ─► crashes + 1 ─► at CAREFUL_AFTER the batch is worked with care: one mail at a time,
 *          ▲                                        nothing else in the process's hands, its row durable as `current`
 *          │                                                │                              before the mail is made
 *     any settlement: all is forgotten                      └─ dies with it QUARANTINED_AFTER times ─► `quarantined`
 *
 * A claim that was given back is no crash, whether it was stopped, paused or shut, and undoes none: it counts as if it had
 * never been. Care ends with the claim in which something is settled, and within it after CAREFUL_MAILS mails. So who kills
 * processes at random slows a batch by that much, and a mail behind many others meets its process alone sooner or later:
 * each death either settles somebody or is counted.
 */

/** After so many crashed claims in a row a batch is worked with care. */
export const CAREFUL_AFTER = 2;

/** A row that was current in so many crashes, with nothing settled between them, is quarantined. */
export const QUARANTINED_AFTER = 3;

/** A claim goes on as usual after so many mails one at a time: about as many as a process has in hand otherwise. */
export const CAREFUL_MAILS = 64;

/** What a batch knows of the deaths of its holders. */
export interface CrashRecord {
  /** Claims in a row that settled nothing and were not given back, with the one that lasts. */
  readonly crashes: number;
  /** Index of the row that is worked alone now; `null` where none is. */
  readonly current: number | null;
  /** The row that was current in the last crashes, and in how many; `null` and 0 where none was. */
  readonly suspect: number | null;
  readonly suspicions: number;
}

export const NO_CRASHES: CrashRecord = { crashes: 0, current: null, suspect: null, suspicions: 0 };

/** What the next claim finds, before it is given. */
export interface CrashFindings {
  readonly record: CrashRecord;
  /** Index of the row to be quarantined, `null` where none is. */
  readonly quarantined: number | null;
}

/** @param isSettled whether the row of that index cannot be handed out any more, as by a doubt that is held */
export function afterCrash(
  { crashes, current, suspect, suspicions }: CrashRecord,
  isSettled: (index: number) => boolean,
): CrashFindings {
  const record = { crashes, current: null, suspect, suspicions };
  if (current === null) return { record, quarantined: null };
  if (isSettled(current)) return { record: { ...record, suspect: null, suspicions: 0 }, quarantined: null };
  const count = current === suspect ? suspicions + 1 : 1;
  if (count >= QUARANTINED_AFTER) return { record: NO_CRASHES, quarantined: current };
  return { record: { ...record, suspect: current, suspicions: count }, quarantined: null };
}

/** Once a claim is given: it counts as crashed until it settles something, or is given back. */
export function claimed(record: CrashRecord): CrashRecord {
  return { ...record, crashes: record.crashes + 1 };
}

/** Whether the claim that is about to be given is to be worked with care. */
export function needsCare({ crashes, suspect }: CrashRecord): boolean {
  return crashes >= CAREFUL_AFTER || suspect !== null;
}

/** Given back: the crashes before it stay, where it settled nothing. */
export function givenBack(record: CrashRecord): CrashRecord {
  return { ...record, crashes: Math.max(record.crashes - 1, 0), current: null };
}

/** Why it was quarantined, for people. */
export const QUARANTINE_PROBLEM = `the process ended ${QUARANTINED_AFTER} times while this mail alone was being made or sent`;
