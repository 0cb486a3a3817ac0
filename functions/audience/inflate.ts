/** Gunzip with a limit: a small file cannot become an endless one. */
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { OctetProblem } from './errors.ts';

export interface InflationLimits {
  /** Octets out for each octet in; text compresses to a tenth, seldom to a thirtieth. */
  readonly ratio: number;
  /** Octets out before the ratio counts: small files may be very regular. */
  readonly freeOctets: number;
  /** Octets out in all. */
  readonly totalOctets: number;
}

export const INFLATION_LIMITS: InflationLimits = { ratio: 100, freeOctets: 1 << 20, totalOctets: 16 * 2 ** 30 };

/** @throws OctetProblem for what is no whole gzip file, or inflates beyond the limits */
export async function* inflated(
  stream: AsyncIterable<Uint8Array>,
  limits: InflationLimits = INFLATION_LIMITS,
): AsyncGenerator<Uint8Array, void, undefined> {
  let octetsIn = 0;
  let octetsOut = 0;
  const counted = async function* () {
    for await (const chunk of stream) {
      octetsIn += chunk.length;
      yield chunk;
    }
  };
  const gunzip = createGunzip({ chunkSize: 64 * 1024 });
  // Its failure destroys `gunzip`, whose iteration below throws it.
  pipeline(counted, gunzip).catch(() => undefined);
  try {
    for await (const chunk of gunzip as AsyncIterable<Buffer>) {
      octetsOut += chunk.length;
      if (octetsOut > limits.totalOctets) throw new OctetProblem(tooMuch(`${limits.totalOctets} octets`));
      if (octetsOut > limits.freeOctets && octetsOut > octetsIn * limits.ratio) {
        throw new OctetProblem(tooMuch(`${limits.ratio} times its size`));
      }
      yield chunk;
    }
  } catch (cause) {
    throw isZlibError(cause)
      ? new OctetProblem(`found ${cause.message}, a whole gzip file is wanted`, { cause })
      : cause;
  }
}

function tooMuch(limit: string): string {
  return `found a gzip file that inflates to more than ${limit}, a plainer file is wanted`;
}

function isZlibError(error: unknown): error is Error & { code: string } {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return typeof code === 'string' && code.startsWith('Z_');
}
