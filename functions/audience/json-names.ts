/**
 * Names that a JSON object has twice. JSON.parse keeps the last and says nothing (RFC 8259 section 4: what a reader makes
 * of them cannot be foretold), so that one of two addresses would get the other's mail.
 */

const BACKSLASH = 0x5c;
const SPACE = 0x20;
const TAB = 0x09;
const CARRIAGE_RETURN = 0x0d;
const COLON = 0x3a;

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
  let count = 0;
  if (Array.isArray(value)) {
    for (const inner of value) count += namesOf(inner);
    return count;
  }
  for (const name in value) count += 1 + namesOf((value as Record<string, unknown>)[name]);
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
    while (text.charCodeAt(before) === BACKSLASH) before -= 1;
    if ((at - before) % 2 === 1) return at;
  }
}

function isName(text: string, close: number): boolean {
  let at = close + 1;
  let code = text.charCodeAt(at);
  while (code === SPACE || code === TAB || code === CARRIAGE_RETURN) {
    at += 1;
    code = text.charCodeAt(at);
  }
  return code === COLON;
}
