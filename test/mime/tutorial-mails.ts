/** The three mails of an SMTP lesson: plain text, the same as HTML, and with a picture. Input of tests of composer and engine. */
import { parseNamedMailbox } from '#address';
import { encodeAttachment, type Message } from '#mime';

/** A picture of one red point. */
export const JOHN_GIF = Buffer.from(
  '47494638396101000100800000ff0000ffffff21f90400000000002c00000000010001000002024401003b',
  'hex',
);

const header = {
  date: Date.UTC(2026, 11, 7, 9, 0, 0),
  from: parseNamedMailbox('Mary Smith <mary@example.com>'),
  sender: parseNamedMailbox('Cartero News <news@example.com>'),
  replyTo: parseNamedMailbox('mary.smith@example.net'),
  to: parseNamedMailbox('John Doe <person@example.org>'),
  subject: 'Happy birthday',
};

const html =
  '<!DOCTYPE html>\n' +
  '<html>\n' +
  '<body>\n' +
  '<h1>Happy birthday</h1>\n' +
  "<p>Let's get together on the weekend to celebrate!</p>\n" +
  '</body>\n' +
  '</html>\n';

export const textMail: Message = {
  ...header,
  messageId: 'birthday.text@example.com',
  text: "Let's get together on the weekend to celebrate!\n",
};

export const htmlMail: Message = { ...header, messageId: 'birthday.html@example.com', html };

export const pictureMail: Message = {
  ...header,
  messageId: 'birthday.picture@example.com',
  html,
  attachments: [
    encodeAttachment({ name: 'john.gif', type: 'image/gif', content: JOHN_GIF, disposition: 'attachment' }),
  ],
};
