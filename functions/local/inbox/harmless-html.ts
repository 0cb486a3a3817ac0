/**
 * A message's HTML, made fit for the frame that shows it.
 *
 * What keeps a hostile message harmless is the browser: the frame is sandboxed without scripts or an origin, and its
 * content security policy lets nothing be loaded but the message's own images. Some elements reach around such a
 * policy, and lose their names here. Chromium opens a connection for a `link` that asks for one, and for a frame before
 * it looks whether the frame is allowed; a `meta` refresh leaves for another page. `base` goes too, so that the
 * message's images stay its own.
 */

/** Element names as HTML tokenizes them: up to white space, a slash or the tag's end. */
const REACHING_OUT = /<(\/?)(link|meta|base|iframe|frame|fencedframe|portal|object|embed)(?=[\s/>])/gi;
const CONTENT_ID = /(["'(=]\s*)cid:([^"'\s)>]+)/gi;
const DOCTYPE = /^\s*<!doctype[^>]*>/i;
/** A link that is clicked would open outside of the frame, which the sandbox forbids: nothing happens. */
const LINKS_LEAD_NOWHERE = '<base target="_blank">';

/**
 * @param html as the message has it
 * @param imageUrl the URL of the body part with that content id, which has no angle brackets; `null` for none
 */
export function harmlessHtml(html: string, imageUrl: (contentId: string) => string | null): string {
  const tamed = html.replace(REACHING_OUT, '<$1x-$2').replace(CONTENT_ID, (whole, before: string, id: string) => {
    const url = imageUrl(percentDecoded(id));
    return url === null ? whole : `${before}${url}`;
  });
  const start = DOCTYPE.exec(tamed)?.[0] ?? '';
  return `${start}${LINKS_LEAD_NOWHERE}${tamed.slice(start.length)}`;
}

/** RFC 2392 §2: a cid URL is the percent-encoded content id. */
function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
