/**
 * What goes through a queue: "look at batch B". It says nothing that the ledger does not know better, so that a doorbell that is
 * lost, doubled or late harms nobody.
 *
 *     {"cartero":"doorbell","version":1,"relay":"main","run":"newsletter-1f2e3d4c5b","batch":3,"notBefore":0}
 */

export interface Doorbell {
  /** By its name in relays.json: whose queue it goes through. */
  readonly relay: string;
  readonly run: string;
  /** From 1. */
  readonly batch: number;
  /** Before this moment there is nothing to be done for it, epoch ms; 0: at once. */
  readonly notBefore: number;
}

/** A message that is no doorbell, or none that is known here. */
export class DoorbellError extends Error {
  readonly code = 'ERR_DOORBELL';
  /** Such as `"batch" is no number from 1`. Nothing of the message is quoted: it is anybody's. */
  readonly problem: string;
  constructor(problem: string) {
    super(`Cannot read the message: ${problem}, wanted is a doorbell of version ${VERSION}`);
    this.name = 'DoorbellError';
    this.problem = problem;
  }
}

const KIND = 'doorbell';
const VERSION = 1;

/** In ASCII alone: queues do not take every character. */
export function doorbellText({ relay, run, batch, notBefore }: Doorbell): string {
  const text = JSON.stringify({ cartero: KIND, version: VERSION, relay, run, batch, notBefore });
  return text.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** @throws DoorbellError */
export function doorbellIn(text: string): Doorbell {
  const message = objectIn(text);
  const { cartero, version, relay, run, batch, notBefore, ...others } = message;
  if (cartero !== KIND) throw new DoorbellError(`it is JSON with ${keysOf(message)}, and no "cartero": "${KIND}"`);
  // The numbers of a newer Cartero, which may be deployed beside this one.
  if (version !== VERSION) {
    const found = typeof version === 'number' ? `version ${version}` : 'no version';
    throw new DoorbellError(`it is a doorbell of ${found}`);
  }
  if (!isName(relay)) throw new DoorbellError('"relay" is no name');
  if (!isName(run)) throw new DoorbellError('"run" is no name');
  if (!isCount(batch) || batch === 0) throw new DoorbellError('"batch" is no number from 1');
  if (!isCount(notBefore)) throw new DoorbellError('"notBefore" is no moment in epoch milliseconds');
  if (Object.keys(others).length > 0) throw new DoorbellError(`it has ${keysOf(others)} more than it should`);
  return { relay, run, batch, notBefore };
}

function objectIn(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new DoorbellError(`its ${text.length} characters are no JSON`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new DoorbellError('it is JSON, but no object');
  return value as Readonly<Record<string, unknown>>;
}

function keysOf(message: object): string {
  const count = Object.keys(message).length;
  return count === 1 ? '1 key' : `${count} keys`;
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= 512 && !/[\u0000-\u001f\u007f]/.test(value);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
