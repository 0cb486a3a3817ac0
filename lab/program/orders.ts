/** What a process of the lab is told at its start. */
import type { PointName } from '../points.ts';

export interface Orders {
  /** The file for what it says of itself. */
  readonly trace: string;
  /** Where to die; nowhere by default. */
  readonly point?: PointName;
  /** At which passing of it, from 1. */
  readonly passing?: number;
  /** So much later is it for this process than for the machine, in ms; may be negative. */
  readonly clockMs: number;
  /** Whose mail ends the process whenever it is made. */
  readonly poison?: string;
}

/** The environment variable that holds them, as JSON. */
export const ORDERS = 'CARTERO_LAB_ORDERS';
