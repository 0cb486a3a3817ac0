/** Names as a hand meant them: what a problem suggests where a name is not known. */

/** One letter too many, too few, changed or swapped: the slips of a hand that knew the word. */
export function isNear(known: string, written: string): boolean {
  const a = known.toLowerCase();
  const b = written.toLowerCase();
  if (a === b) return true;
  let start = 0;
  while (start < a.length && a[start] === b[start]) start += 1;
  const restA = a.slice(start);
  const restB = b.slice(start);
  return (
    restA.slice(1) === restB ||
    restA === restB.slice(1) ||
    restA.slice(1) === restB.slice(1) ||
    (restA.slice(2) === restB.slice(2) && restA[0] === restB[1] && restA[1] === restB[0])
  );
}

/** The one of `known` that was likely meant by a name that is none of them, `null` for none; two letters are too few to tell. */
export function nearName(known: Iterable<string>, written: string): string | null {
  if (written.length < 3) return null;
  for (const candidate of known) if (candidate.length > 2 && isNear(candidate, written)) return candidate;
  return null;
}
