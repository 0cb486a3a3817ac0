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
 * @param write is given the memory; returns how many octets it has written, from the beginning
 */
export function writeOctets(bound: number, write: (target: Buffer) => number): Buffer {
  if (bound > SLAB_OCTETS / 4) {
    const target = Buffer.allocUnsafeSlow(bound);
    return target.subarray(0, write(target));
  }
  if (bound > slab.length - free) {
    slab = Buffer.allocUnsafeSlow(SLAB_OCTETS);
    free = 0;
  }
  const target = slab.subarray(free, free + bound);
  const octets = write(target);
  free += octets;
  return target.subarray(0, octets);
}
