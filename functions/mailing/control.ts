/** What a person wants of a run, seen by whoever sends it, in whichever process. */
import type { RunControl } from './outcome.ts';
import type { Clock, Ledger } from './ports.ts';

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
