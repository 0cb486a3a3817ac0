/** What Handlebars makes of a value in HTML, sign for sign, and sooner: most values have nothing to be escaped, and few have more than two. */
const UNSAFE = /[&<>"'`=]/;

/** By code. */
const ESCAPES: readonly (string | undefined)[] = Array.from({ length: 128 }, (_, code) =>
  new Map([
    ['&', '&amp;'],
    ['<', '&lt;'],
    ['>', '&gt;'],
    ['"', '&quot;'],
    ["'", '&#x27;'],
    ['`', '&#x60;'],
    ['=', '&#x3D;'],
  ]).get(String.fromCharCode(code)),
);

export function escapedForHtml(text: string): string {
  if (!UNSAFE.test(text)) return text;
  let escaped = '';
  let from = 0;
  for (let at = 0; at < text.length; at += 1) {
    const safe = ESCAPES[text.charCodeAt(at)];
    if (safe === undefined) continue;
    escaped += text.slice(from, at) + safe;
    from = at + 1;
  }
  return escaped + text.slice(from);
}
