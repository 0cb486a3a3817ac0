/** One mail stays one mail, whatever line ends its content plays with: what counts is how many the server has taken. */
import { describe, expect, it } from 'vitest';
import { parseNamedMailbox } from '#address';
import { BodyError, composeMessage, encodeAttachment } from '#mime';
import { MailDataError } from '#smtp';
import { mailData } from '../mails.ts';
import { send } from '../sessions.ts';
import { MODES, readingServer } from './reading-server.ts';

/** What some server or other has taken for the end of mail data. */
const SEQUENCES = [
  '\n.\n',
  '\n.\r',
  '\r.\n',
  '\r.\r',
  '\n.\r\n',
  '\r.\r\n',
  '\r\n.\n',
  '\r\n.\r',
  '\r\n.\r\r\n',
  '\r\r\n.\r\r\n',
  '\r\n\0.\r\n',
  '\r\n.\0\r\n',
];
const SMUGGLED = 'MAIL FROM:<evil@z.test>\r\nRCPT TO:<victim@y.test>\r\nDATA\r\nSubject: y\r\n\r\nb\r\n';
const GREETED = 'EHLO client.example.com\r\n';

describe.each(MODES)('smuggling, %s', (mode) => {
  it.each(SEQUENCES)('by %j is refused wherever the content is cut, and nothing of it is sent', async (sequence) => {
    const mail = `Subject: x\r\n\r\na${sequence}${SMUGGLED}`;
    const end = mail.indexOf(SMUGGLED) + 1;
    const { wire, open, taken } = readingServer(mode);
    const session = await open();
    for (let at = 0; at <= end; at += 1) {
      const data = mailData(mail.slice(0, at), mail.slice(at));
      await expect(send(session, { data })).rejects.toThrow(MailDataError);
    }
    await expect(send(session, { data: mailData(...mail) })).rejects.toThrow(MailDataError);
    expect(wire.heard).toBe(GREETED);
    expect(taken).toEqual([]);
  });

  it('by the very end of mail data is content like other content, wherever it is cut', async () => {
    const mail = `Subject: x\r\n\r\na\r\n.\r\n${SMUGGLED}.\r\n`;
    for (let at = 0; at <= mail.length; at += 1) {
      const { wire, open, taken } = readingServer(mode);
      const { recipients } = await send(await open(), { data: mailData(mail.slice(0, at), mail.slice(at)) });
      expect(recipients).toMatchObject([{ outcome: 'accepted' }]);
      expect(taken).toMatchObject([{ forwardPaths: ['person@example.org'], content: mail }]);
      expect(wire.heard.match(/\r\n\.\r\n/g)?.length ?? 0).toBe(mode === 'chunking' ? 2 : 1);
    }
  });
});

const FROM = parseNamedMailbox('news@example.com');
const TO = parseNamedMailbox('person@example.org');
const MESSAGE = { date: 0, messageId: '1@example.com', from: FROM, to: TO, subject: 'Hello' };

/** Where a campaign's author, or a row of its audience, may put it. */
const PLACES: Readonly<Record<string, (text: string) => Parameters<typeof composeMessage>[0]>> = {
  'the text': (text) => ({ ...MESSAGE, text }),
  'the HTML': (text) => ({ ...MESSAGE, html: text }),
  'one of both': (text) => ({ ...MESSAGE, html: '<p>Hello</p>', text }),
  'a text beyond ASCII': (text) => ({ ...MESSAGE, text: `¡Hola! ${text}` }),
  'an attachment': (text) => ({
    ...MESSAGE,
    text: 'Hello',
    attachments: [
      encodeAttachment({ name: 'a.txt', type: 'text/plain', content: Buffer.from(text), disposition: 'attachment' }),
    ],
  }),
};

describe.each(Object.keys(PLACES))('a sequence in %s', (place) => {
  it.each([...SEQUENCES, '\r\n.\r\n'])(
    '%j: one mail with whole line ends arrives, or none is composed',
    async (sequence) => {
      for (const mode of MODES) {
        const message = () => PLACES[place]?.(`a${sequence}${SMUGGLED}`) ?? MESSAGE;
        const { wire, open, taken } = readingServer(mode);
        const session = await open();
        try {
          const data = composeMessage(message());
          expect((await send(session, { data })).recipients).toMatchObject([{ outcome: 'accepted' }]);
          expect(taken).toHaveLength(1);
          expect(taken[0]?.content).toBe(Buffer.concat(data.pieces).toString('latin1'));
          expect(wire.heard).not.toMatch(/\0|\r(?!\n)|(?<!\r)\n/);
          expect(wire.heard).not.toContain('RCPT TO:<victim@y.test>\r\n.\r\n');
        } catch (error) {
          // A lone CR or a NUL is no text; in an attachment they are octets like others.
          expect(error).toBeInstanceOf(BodyError);
          expect(place).not.toBe('an attachment');
          expect(sequence).toMatch(/\0|\r(?!\n)/);
          expect(wire.heard).toBe(GREETED);
        }
      }
    },
  );
});
