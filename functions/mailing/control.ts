/** What a person wants of a run, seen by whoever sends it, in whichever process. */
import type { RunControl } from './outcome.ts';
import type { Clock, Ledger, ObjectStore } from './ports.ts';
import { writeAllResults } from './results.ts';

/** A pause or a cancellation is to stop a run within two seconds: half a second leaves time for a busy machine. */
const POLL_MS = 500;

export interface ControlWatch {
  /** Aborted when the run is paused or cancelled. */
  readonly signal: AbortSignal;
  /** What was seen last. */
  readonly control: RunControl;
  /** Ends the watch. */
  close(): void;
}

/** @throws what the ledger throws at the first look; a later failure is met by the run's own writes */
export async function watchControl(ledger: Ledger, run: string, clock: Clock): Promise<ControlWatch> {
  const stop = new AbortController();
  let control: RunControl = 'going';
  let cancel = () => {};
  let closed = false;
  const look = async () => {
    control = (await ledger.control(run)) ?? control;
    if (control !== 'going') stop.abort();
    else if (!closed) cancel = clock.after(POLL_MS, lookAgain);
  };
  const lookAgain = () => {
    if (closed) return;
    look().catch(() => {
      if (!closed) cancel = clock.after(POLL_MS, lookAgain);
    });
  };
  await look();
  return {
    signal: stop.signal,
    get control() {
      return control;
    },
    close: () => {
      closed = true;
      cancel();
    },
  };
}

/**
 * The end of a cancelled run. Whoever was sending gives its batches back, and what is left in them is cancelled by that; who
 * died meanwhile gives nothing back, so that is done here. Harmless when repeated.
 */
export async function endCancelled(
  run: string,
  { ledger, objects, clock }: { ledger: Ledger; objects: ObjectStore; clock: Clock },
): Promise<void> {
  for (const { batch, held } of await ledger.openBatches(run)) {
    const claim = held ? null : await ledger.claim(run, batch, { now: clock.now() });
    if (claim !== null) await ledger.release(claim);
  }
  await writeAllResults(objects, ledger, run);
}
