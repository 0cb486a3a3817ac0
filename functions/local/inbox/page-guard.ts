/** Who may speak to the inbox page, and what a browser may do with its answers. */
import type { IncomingMessage } from 'node:http';

/**
 * Names under which the page is asked for by its own user. Any other Host is a web site whose name was pointed to this
 * machine, in order to read the inbox from a page of its own (DNS rebinding).
 */
export function ownHosts(port: number): ReadonlySet<string> {
  const names = ['127.0.0.1', 'localhost', '[::1]'];
  return new Set(names.flatMap((name) => (port === 80 ? [name, `${name}:80`] : [`${name}:${port}`])));
}

/** A change is taken from the page alone: browsers tell where a request comes from, and other sites cannot lie. */
export function isSameOrigin(request: IncomingMessage): boolean {
  return request.headers.origin === `http://${request.headers.host}`;
}

export const EVERY_ANSWER: Readonly<Record<string, string>> = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
  // Chromium looks up the names in a page's links ahead of any click, which tells the sender that a mail was opened.
  'X-DNS-Prefetch-Control': 'off',
};

export const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "frame-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Nothing at all: for what is shown as text or saved. */
export const CLOSED_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/**
 * For a message's HTML: its own styles, and images that it brings along. No scripts, frames, forms, remote loads.
 * @param partUrl absolute URL that the URLs of the message's body parts begin with
 */
export function messagePolicy(partUrl: string): string {
  return [
    "default-src 'none'",
    "style-src 'unsafe-inline'",
    'font-src data:',
    `img-src data: ${partUrl}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'self'",
    'sandbox',
  ].join('; ');
}
