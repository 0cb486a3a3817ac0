/** The machine's own time. */
import type { Clock } from '#mailing';

/** `setTimeout` takes no longer wait, and treats one as no wait at all. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

export function systemClock(): Clock {
  return { now: () => Date.now(), monotonic: () => performance.now(), after };
}

function after(ms: number, fn: () => void): () => void {
  let timer: NodeJS.Timeout;
  const wait = (left: number) => {
    const step = Math.min(left, LONGEST_TIMEOUT_MS);
    timer = setTimeout(() => (left > step ? wait(left - step) : fn()), step);
  };
  wait(ms);
  return () => clearTimeout(timer);
}
