/** Waiting for what is outside, and no longer than is foreseen: the answer may never come. */
import type { Clock } from './ports.ts';

/**
 * What `work` comes to, unless it takes longer.
 * @param work its signal is aborted when time is up; whether it obeys makes no difference to who waits
 * @throws what `tooLate` makes, or what `work` throws before
 */
export async function within<T>(
  clock: Pick<Clock, 'after'>,
  ms: number,
  work: (signal: AbortSignal) => Promise<T>,
  tooLate: () => Error,
): Promise<T> {
  const halt = new AbortController();
  let cancel = () => {};
  const end = new Promise<never>((_resolve, reject) => {
    cancel = clock.after(ms, () => {
      reject(tooLate());
      halt.abort();
    });
  });
  try {
    return await Promise.race([work(halt.signal), end]);
  } finally {
    cancel();
  }
}
