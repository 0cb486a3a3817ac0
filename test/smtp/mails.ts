import type { MailData } from '#smtp';

/** Mail data from text in which each octet is a character; the facts are looked up, not claimed. */
export function mailData(...pieces: string[]): MailData {
  const text = pieces.join('');
  return {
    pieces: pieces.map((piece) => Buffer.from(piece, 'latin1')),
    octets: text.length,
    sevenBit: !/[\u0080-\u00ff]/.test(text),
    hasDotLine: /(?:^|\n)\./.test(text),
  };
}

export const LETTER: MailData = mailData('Subject: Hello\r\n\r\nHello\r\n.\r\n');
/** The same on the wire, without the end-of-mail-data indicator. */
export const LETTER_ON_THE_WIRE = 'Subject: Hello\r\n\r\nHello\r\n..\r\n';
