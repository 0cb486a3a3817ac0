/** Cuts a text into segments of these lengths, and the rest. */
export function segmentsOf(text: string, lengths: readonly number[]): string[] {
  const segments: string[] = [];
  let from = 0;
  for (const length of lengths) {
    segments.push(text.slice(from, from + length));
    from += length;
  }
  return [...segments, text.slice(from)];
}
