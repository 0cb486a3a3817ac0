/**
 * Names that a JSON object has twice. JSON.parse keeps the last and says nothing (RFC 8259 section 4: what a reader makes
 * of them cannot be foretold), so that one of two addresses would get the other's mail.
 */

/** How many names the objects of a JSON text have, at any depth. The text is known to be JSON. */
export function namesIn(text: string): number {
  let count = 0;
  for (let open = text.indexOf('"'); open !== -1; ) {
    const close = closingQuote(text, open);
    if (isName(text, close)) count += 1;
    open = text.indexOf('"', close + 1);
  }
  return count;
}

/** How many names a value that was parsed has kept. */
export function namesOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const inner: unknown[] = Array.isArray(value) ? value : Object.values(value);
  let count = Array.isArray(value) ? 0 : inner.length;
  for (const each of inner) if (typeof each === 'object') count += namesOf(each);
  return count;
}

/** The first name that comes twice in its object. */
export function nameTwice(text: string): string | null {
  const objects: Set<string>[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at];
    if (sign === '{') objects.push(new Set());
    else if (sign === '}') objects.pop();
    if (sign !== '"') continue;
    const close = closingQuote(text, at);
    if (isName(text, close)) {
      const name = JSON.parse(text.slice(at, close + 1)) as string;
      const names = objects.at(-1);
      if (names?.has(name)) return name;
      names?.add(name);
    }
    at = close;
  }
  return null;
}

/** A quote behind an odd number of backslashes is one of the text. */
function closingQuote(text: string, open: number): number {
  for (let at = text.indexOf('"', open + 1); ; at = text.indexOf('"', at + 1)) {
    let before = at - 1;
    while (text[before] === '\\') before -= 1;
    if ((at - before) % 2 === 1) return at;
  }
}

function isName(text: string, close: number): boolean {
  let at = close + 1;
  while (text[at] === ' ' || text[at] === '\t' || text[at] === '\r') at += 1;
  return text[at] === ':';
}
