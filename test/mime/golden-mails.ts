/** The mails of `golden/`, by file name. */
import { parseNamedMailbox } from '#address';
import { encodeAttachment, type Message } from '#mime';
import { htmlMail, JOHN_GIF, pictureMail, textMail } from './tutorial-mails.ts';

const date = Date.UTC(2026, 11, 24, 18, 30, 5);
const from = parseNamedMailbox('Cartero News <news@example.com>');

const newsletter: Message = {
  date,
  messageId: 'newsletter.2026-12.7@example.com',
  from,
  to: parseNamedMailbox('José Ñandú <jose@correo.example>'),
  subject: '¡Hola, José! Lo mejor de diciembre, y lo que viene en enero: noticias, fechas y un regalo',
  headers: [
    ['List-Id', 'News <news.example.com>'],
    [
      'List-Unsubscribe',
      '<https://example.com/unsubscribe/5d41402abc4b2a76b9719d911017c592>, <mailto:leave@example.com>',
    ],
    ['X-Campaign', 'newsletter'],
  ],
  text: 'Hola José:\n\nEste mes, tres cosas:\n\n. una\n. dos\n. tres\n\nFrom here on it is in English.\n-- \nCartero\n',
  html: '<html><body style="margin:0">\n<p>Hola José:</p>\n<p><img src="cid:logo" alt="Cartero"></p>\n<p>Este mes, tres cosas: una, dos y tres. Y además todo lo que cabe en una línea larga de HTML, que nadie corta.</p>\n</body></html>\n',
  inline: [
    encodeAttachment({
      name: 'logo.gif',
      type: 'image/gif',
      content: JOHN_GIF,
      disposition: 'inline',
      contentId: 'logo',
    }),
  ],
  attachments: [
    encodeAttachment({
      name: 'Folleto de otoño – edición 2026.pdf',
      type: 'application/pdf',
      content: Buffer.from(`%PDF-1.4\n${'%'.repeat(100)}\n%%EOF\n`),
      disposition: 'attachment',
    }),
  ],
};

const names: Message = {
  date,
  messageId: 'names@example.com',
  from: parseNamedMailbox('"Müller, Jürgen (Köln)" <juergen@xn--mller-kva.example>'),
  sender: parseNamedMailbox('"Smith, John" <john@example.com>'),
  replyTo: parseNamedMailbox('"Dr. \\"J\\" O\'Neil \\\\ Sons" <"reply to"@example.com>'),
  to: parseNamedMailbox('山田 太郎 <taro@日本.example>'),
  subject: 'Привет, мир! Это довольно длинная тема, которая не помещается в одно закодированное слово',
  text: 'こんにちは、世界。\n',
};

const textAndHtml: Message = {
  date,
  messageId: 'alternative@example.com',
  from,
  to: parseNamedMailbox('person@example.org'),
  subject: 'Both',
  text: 'Plain\n.\n..\n',
  html: '<p>Rich</p>',
};

export const GOLDEN: Readonly<Record<string, Message>> = {
  'birthday-text.eml': textMail,
  'birthday-html.eml': htmlMail,
  'birthday-picture.eml': pictureMail,
  'text-and-html.eml': textAndHtml,
  'newsletter.eml': newsletter,
  'names.eml': names,
};
