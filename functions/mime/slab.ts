/**
 * Memory for octets that are written once and then only read. An allocation of its own for each mail costs more than
 * writing its header, so mails share slabs; a slab is freed when the last mail on it is.
 */

const SLAB_OCTETS = 256 * 1024;

let slab = Buffer.alloc(0);
let free = 0;

/**
 * Writes at the free end of a slab, and keeps what was written.
 * @param bound the most octets that `write` may write
 * @param write is given memory and where to begin in it; returns the index behind the last octet
 */
export function writeOctets(bound: number, write: (target: Buffer, at: number) => number): Buffer {
  if (bound > SLAB_OCTETS / 4) {
    const target = Buffer.allocUnsafeSlow(bound);
    const octets = write(target, 0);
    // A bound is thrice what most texts take.
    return 2 * octets > bound ? target.subarray(0, octets) : Buffer.from(target.subarray(0, octets));
  }
  if (bound > slab.length - free) {
    slab = Buffer.allocUnsafeSlow(SLAB_OCTETS);
    free = 0;
  }
  const start = free;
  free = write(slab, start);
  return slab.subarray(start, free);
}
