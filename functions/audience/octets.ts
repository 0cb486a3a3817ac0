/** The gate for a file's octets: what passes is UTF-8, in whole characters, without a byte order mark or a NUL. */
import { isUtf8 } from 'node:buffer';
import { OctetProblem } from './errors.ts';

/** Pieces are no larger, so that one huge chunk costs no more memory than many. */
const PIECE_OCTETS = 64 * 1024;

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** What tells UTF-16, with a mark or without. */
const START_OCTETS = 4;

/**
 * @param wanted ends the problem: what to do about a file that is no UTF-8
 * @throws OctetProblem at the first octet that is none of a UTF-8 text; what stands before it has been yielded
 */
export async function* utf8Pieces(
  stream: AsyncIterable<Uint8Array>,
  wanted: string,
): AsyncGenerator<Buffer, void, undefined> {
  let rest: Buffer = Buffer.alloc(0);
  let isStart = true;
  for await (const piece of pieces(stream)) {
    let octets = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    if (isStart && octets.length < START_OCTETS) {
      rest = octets;
      continue;
    }
    if (isStart) octets = withoutMark(octets, wanted);
    isStart = false;
    const whole = wholeCharacters(octets);
    rest = octets.subarray(whole);
    yield* checked(octets.subarray(0, whole), wanted);
  }
  yield* checked(isStart ? withoutMark(rest, wanted) : rest, wanted);
}

async function* pieces(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, void, undefined> {
  for await (const chunk of stream) {
    const octets = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    for (let at = 0; at < octets.length; at += PIECE_OCTETS) yield octets.subarray(at, at + PIECE_OCTETS);
  }
}

function* checked(octets: Buffer, wanted: string): Generator<Buffer, void, undefined> {
  const nul = octets.indexOf(0);
  const end = isUtf8(octets) ? octets.length : firstInvalid(octets);
  const good = nul === -1 ? end : Math.min(nul, end);
  if (good > 0) yield octets.subarray(0, good);
  if (good < octets.length) {
    const octet = (octets[good] ?? 0).toString(16).toUpperCase().padStart(2, '0');
    throw new OctetProblem(`found the octet 0x${octet}, ${wanted}`);
  }
}

function withoutMark(octets: Buffer, wanted: string): Buffer {
  const mark = octets.subarray(0, 2).toString('hex');
  if (mark === 'fffe' || mark === 'feff' || isUtf16(octets)) throw new OctetProblem(`found UTF-16, ${wanted}`);
  const hasMark = octets.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK);
  return hasMark ? octets.subarray(BYTE_ORDER_MARK.length) : octets;
}

/** Two letters of ASCII in UTF-16 without a mark: every other octet is NUL. */
function isUtf16(octets: Buffer): boolean {
  const nuls = [...octets.subarray(0, 4)].map((octet) => octet === 0);
  return nuls.join() === 'false,true,false,true' || nuls.join() === 'true,false,true,false';
}

/** How many octets belong to characters that are whole; at most three are left over (RFC 3629 section 3). */
function wholeCharacters(octets: Buffer): number {
  for (let back = 1; back <= 3 && back <= octets.length; back += 1) {
    const octet = octets[octets.length - back] ?? 0;
    if ((octet & 0xc0) === 0x80) continue;
    return sequenceLength(octet) > back ? octets.length - back : octets.length;
  }
  return octets.length;
}

function sequenceLength(lead: number): number {
  if (lead >= 0xf0) return 4;
  if (lead >= 0xe0) return 3;
  return lead >= 0xc0 ? 2 : 1;
}

function firstInvalid(octets: Buffer): number {
  let at = 0;
  while (at < octets.length) {
    const length = sequenceLength(octets[at] ?? 0);
    if (at + length > octets.length || !isUtf8(octets.subarray(at, at + length))) return at;
    at += length;
  }
  return at;
}
