/** Where a text lies as UTF-8 while it is being encoded. */
let scratch = Buffer.alloc(64 * 1024);

/**
 * A text as UTF-8, in memory that the next call uses again.
 * @param octets of the text in UTF-8; behind them stands a NUL, so that whoever looks ahead sees nothing of an older text
 */
export function utf8Of(text: string, octets: number): Buffer {
  if (scratch.length <= octets) scratch = Buffer.alloc(2 * octets + 1);
  scratch.write(text, 'utf8');
  scratch[octets] = 0;
  return scratch;
}
