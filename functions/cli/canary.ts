/** What a canary has shown, in words. */
import type { CanaryVerdict } from '#mailing';

/** Behind "the run is". */
export function canaryWords({ problems }: CanaryVerdict): string {
  return `stopped by its canary: ${problems.join('; ')}`;
}
