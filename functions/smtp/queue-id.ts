import type { Reply } from './reply.ts';

/** How servers name a mail in the text of their final 250. */
const FORMS: readonly RegExp[] = [
  /\bqueued as <?([\w.-]{1,128})/i, // Postfix, smtp-server with a queue
  /\bid=([\w.-]{1,128})/, // Exim
  /\bqueued \(([\w.-]{1,128})\)/i, // Haraka
  /^(?:\d\.\d\.\d:? )?([\w.-]{1,128}) Message accepted for delivery/i, // sendmail, OpenSMTPD
  /^Ok ([0-9a-f][\w-]{15,128})$/, // Amazon SES
  / ([\w.-]{1,128}) - gsmtp$/, // Google
];

/**
 * The name under which the server's own logs know the mail. For people to look at: nothing is decided by it, since the
 * text of a reply is not the protocol's (RFC 5321 §4.2).
 * @returns `null` where the text has none of the known forms
 */
export function queueIdOf(reply: Reply): string | null {
  const text = (reply.lines.at(-1) ?? '').slice(0, 512);
  for (const form of FORMS) {
    const id = form.exec(text)?.[1];
    if (id !== undefined) return id;
  }
  return null;
}
