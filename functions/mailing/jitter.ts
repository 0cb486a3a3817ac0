/** Waits that differ a little, so that those who were put off together do not come back together. */
import { fieldsDigest } from './digest.ts';

/** A wait grows by up to a fifth. */
const MOST = 0.2;

/** @param fields whose wait it is: the same fields wait as long wherever it is computed @returns whole milliseconds */
export function jittered(ms: number, ...fields: readonly string[]): number {
  const chance = Number.parseInt(fieldsDigest(...fields).slice(0, 8), 16) / 2 ** 32;
  return Math.round(ms * (1 + MOST * chance));
}
