/** The machine's own chance. */
import { randomBytes } from 'node:crypto';
import type { Random } from '#smtp';

export const systemRandom: Random = (octets) => randomBytes(octets);
