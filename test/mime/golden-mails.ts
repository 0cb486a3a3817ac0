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

const logo = encodeAttachment({
  name: 'logo.gif',
  type: 'image/gif',
  content: JOHN_GIF,
  disposition: 'inline',
  contentId: 'logo@example.com',
});

const header = { date, from, to: parseNamedMailbox('person@example.org') };
const amp = '<!doctype html>\n<html ⚡4email data-css-strict>\n<body>Rich, and alive</body>\n</html>\n';
const calendar = `BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Example//Dinner//EN
METHOD:REQUEST
BEGIN:VEVENT
UID:dinner.2026@example.com
DTSTAMP:20261201T090000Z
DTSTART:20261224T190000Z
DTEND:20261224T230000Z
SUMMARY:Cena de Nochebuena\\, con todos los que este año han hecho posible la cosecha
ORGANIZER;CN="Cartero: News":mailto:news@example.com
ATTENDEE;RSVP=TRUE:mailto:person@example.org
END:VEVENT
END:VCALENDAR
`;

const withAmp: Message = {
  ...header,
  messageId: 'amp@example.com',
  subject: 'AMP',
  text: 'Plain\n',
  amp,
  html: '<p>Rich</p>\n',
};

const withEvent: Message = {
  ...header,
  messageId: 'event@example.com',
  subject: 'Dinner',
  text: 'Dinner at eight\n',
  html: '<p>Dinner at eight</p>\n',
  calendar,
};

const related: Message = {
  ...header,
  messageId: 'related@example.com',
  subject: 'HTML alone, and its image',
  html: '<p><img src="cid:logo@example.com" alt="Cartero"></p>\n',
  inline: [logo],
};

const files: Message = {
  ...header,
  messageId: 'files@example.com',
  subject: 'Two files',
  text: 'Two files\n',
  attachments: [
    encodeAttachment({
      name: 'año.csv',
      type: 'text/csv',
      content: Buffer.from('año,b\r\n'),
      disposition: 'attachment',
    }),
    encodeAttachment({
      name: 'empty.bin',
      type: 'application/octet-stream',
      content: Buffer.alloc(0),
      disposition: 'attachment',
    }),
  ],
};

const ofList: Message = {
  ...header,
  messageId: 'list@example.com',
  subject: 'News',
  list: { name: 'Noticias de otoño', id: 'news.example.com', help: 'https://example.com/help' },
  unsubscribe: 'https://example.com/unsubscribe?token=v1.k1.WyJ1bnN1YnNjcmliZSJd.dGhlIHNpZ25hdHVyZQ',
  headers: [
    ['Auto-Submitted', 'auto-generated'],
    ['Feedback-ID', 'harvest:news.example.com:list:example.com'],
  ],
  text: 'News\n',
};

const whole: Message = {
  ...header,
  messageId: 'whole@example.com',
  subject: 'Everything at once',
  text: 'Все сразу, и поэтому в base64: так короче.\n',
  amp,
  html: '<p>Rich: <img src="cid:logo@example.com" alt="Cartero"></p>\n',
  calendar,
  inline: [logo],
  attachments: files.attachments ?? [],
};

export const GOLDEN: Readonly<Record<string, Message>> = {
  'birthday-text.eml': textMail,
  'birthday-html.eml': htmlMail,
  'birthday-picture.eml': pictureMail,
  'text-and-html.eml': textAndHtml,
  'newsletter.eml': newsletter,
  'names.eml': names,
  'amp.eml': withAmp,
  'event.eml': withEvent,
  'related.eml': related,
  'files.eml': files,
  'list.eml': ofList,
  'whole.eml': whole,
};
