import { printable, quoted } from './printable.ts';

/** What a server answers to one command (RFC 5321 §4.2): one code, one or more lines of text. */
export interface Reply {
  /** 200 to 559. */
  readonly code: number;
  /** The text of each line, without code and separator, as it came: whoever shows it escapes it. */
  readonly lines: readonly string[];
  /** `class.subject.detail` (RFC 3463), e.g. `5.1.1`; `null` where absent or of another class than the code. */
  readonly enhancedStatus: string | null;
}

/** What the first digit says (RFC 5321 §4.2.1). 1yz is never valid in SMTP. */
export type Severity = 'completed' | 'intermediate' | 'transient' | 'permanent';

/** Unknown codes are acted upon by their first digit (RFC 5321 §4.3.2). */
export function severityOf(reply: Reply): Severity {
  if (reply.code < 300) return 'completed';
  if (reply.code < 400) return 'intermediate';
  return reply.code < 500 ? 'transient' : 'permanent';
}

/** 421 may answer any command, or come unasked: the server is about to close the connection (RFC 5321 §3.8). */
export function isClosing(reply: Reply): boolean {
  return reply.code === 421;
}

const ENHANCED_STATUS = /^([245])\.(\d{1,3})\.(\d{1,3})(?= |$)/;

/** @returns the enhanced status code at the start of a reply's text, where its class agrees with the basic code. */
export function enhancedStatusOf(code: number, text: string): string | null {
  const match = ENHANCED_STATUS.exec(text);
  // RFC 2034 §4: the class must agree with the first digit. Where it does not, the basic code is the one that counts.
  return match?.[1] === String(code).charAt(0) ? match[0] : null;
}

/** The reply on one printable line, its lines joined by ` / `; at most 512 characters. */
export function replyText(reply: Reply): string {
  return printable(`${reply.code} ${reply.lines.join(' / ')}`.trimEnd());
}

/** The same between double quotes, for error messages. */
export function quotedReply(reply: Reply): string {
  return quoted(`${reply.code} ${reply.lines.join(' / ')}`.trimEnd());
}
