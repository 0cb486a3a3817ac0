import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { systemClock } from '#local';

const DAY = 24 * 60 * 60_000;

describe('systemClock', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('now is epoch milliseconds and monotonic goes on', () => {
    vi.setSystemTime(1_796_115_600_000);
    const clock = systemClock();
    const before = clock.monotonic();
    vi.advanceTimersByTime(1500);
    expect(clock.now()).toBe(1_796_115_601_500);
    expect(clock.monotonic() - before).toBe(1500);
  });

  test.each([1, 2, 1000, 2 ** 31 - 1, 2 ** 31, 60 * DAY])('after %d ms calls once, not earlier', (ms) => {
    const fn = vi.fn();
    systemClock().after(ms, fn);
    vi.advanceTimersByTime(ms - 1);
    expect(fn).not.toHaveBeenCalled();
    vi.advanceTimersByTime(DAY);
    expect(fn).toHaveBeenCalledTimes(1);
  });

  test.each([1000, 60 * DAY])('what is cancelled before %d ms is not called', (ms) => {
    const fn = vi.fn();
    const cancel = systemClock().after(ms, fn);
    vi.advanceTimersByTime(ms - 1);
    cancel();
    cancel();
    vi.advanceTimersByTime(120 * DAY);
    expect(fn).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });
});
