/** Base64 in lines of 76 octets: RFC 2045 §6.8. */

const OCTETS_PER_LINE = 57;
const ALPHABET = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', 'latin1');
const PAD = 0x3d;

/** Exact octets of `octets` when encoded; between two lines stands a CRLF, behind the last one none. */
export function base64Octets(octets: number): number {
  if (octets === 0) return 0;
  return Math.ceil(octets / 3) * 4 + 2 * (Math.ceil(octets / OCTETS_PER_LINE) - 1);
}

/** Encodes into `target` from `at`, lines set apart by CRLF; gives the index behind the last octet. */
export function writeBase64(source: Uint8Array, target: Uint8Array, at: number): number {
  let to = at;
  for (let line = 0; line < source.length; line += OCTETS_PER_LINE) {
    if (line > 0) {
      target[to++] = 0x0d;
      target[to++] = 0x0a;
    }
    const end = Math.min(line + OCTETS_PER_LINE, source.length);
    for (let from = line; from < end; from += 3) {
      const first = source[from] ?? 0;
      const second = source[from + 1] ?? 0;
      const third = source[from + 2] ?? 0;
      target[to++] = ALPHABET[first >> 2] ?? 0;
      target[to++] = ALPHABET[((first & 3) << 4) | (second >> 4)] ?? 0;
      target[to++] = from + 1 < end ? (ALPHABET[((second & 15) << 2) | (third >> 6)] ?? 0) : PAD;
      target[to++] = from + 2 < end ? (ALPHABET[third & 63] ?? 0) : PAD;
    }
  }
  return to;
}
