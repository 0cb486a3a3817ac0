/** Mail data is handed to the wire in blocks of this many octets at most, each with a deadline of its own. */
const BLOCK_OCTETS = 256 * 1024;

/** The pieces in order, gathered and where needed cut, so that no block is larger than the limit. Nothing is copied. */
export function* blocksOf(pieces: readonly Uint8Array[], limit: number = BLOCK_OCTETS): Generator<Uint8Array[]> {
  let block: Uint8Array[] = [];
  let room = limit;
  for (const piece of pieces) {
    for (let from = 0; from < piece.length; ) {
      const part = from === 0 && piece.length <= room ? piece : piece.subarray(from, from + room);
      block.push(part);
      from += part.length;
      room -= part.length;
      if (room > 0) continue;
      yield block;
      block = [];
      room = limit;
    }
  }
  if (block.length > 0) yield block;
}
