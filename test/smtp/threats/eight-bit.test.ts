/** No octet above 127 goes to a server that has not said that it takes it, whatever the caller says of its mail. */
import { describe, expect, it } from 'vitest';
import { parseNamedMailbox } from '#address';
import { composeMessage } from '#mime';
import { mailData } from '../mails.ts';
import { ENVELOPE, send } from '../sessions.ts';
import { MODES, readingServer } from './reading-server.ts';

const ABOVE_127 = /[\u0080-\u00ff]/;
const EIGHT_BIT = mailData('Subject: x\r\n\r\ncaf\xc3\xa9\r\n');

describe.each(MODES)('8-bit mail data, %s', (mode) => {
  it.each([true, false])(
    'is refused where 8BITMIME is not offered, be it called 7-bit (%s) or not',
    async (sevenBit) => {
      const { wire, open } = readingServer(mode);
      const session = await open();
      await expect(send(session, { data: { ...EIGHT_BIT, sevenBit } })).rejects.toMatchObject({
        code: 'ERR_SMTP_MAIL_DATA',
        field: '8-bit',
      });
      expect(wire.heard).toBe('EHLO client.example.com\r\n');
    },
  );

  it('is announced where it is offered', async () => {
    const { commands, open, taken } = readingServer(mode, { offers: ['8BITMIME'] });
    expect((await send(await open(), { data: EIGHT_BIT })).recipients).toMatchObject([{ outcome: 'accepted' }]);
    expect(commands).toContain('MAIL FROM:<news@example.com> BODY=8BITMIME');
    expect(taken).toMatchObject([{ content: 'Subject: x\r\n\r\ncaf\xc3\xa9\r\n' }]);
  });

  it.each(['jürgen@example.org', '用户@example.org', '"ü"@example.org'])(
    'has its kin in addresses: %s is refused where SMTPUTF8 is not offered',
    async (path) => {
      const { wire, open } = readingServer(mode, { offers: ['8BITMIME'] });
      const session = await open();
      await expect(send(session, { forwardPaths: [path] })).rejects.toMatchObject({ code: 'ERR_SMTP_COMMAND' });
      await expect(
        session.transact({ ...ENVELOPE, reversePath: path }, EIGHT_BIT, {
          release: async () => true,
          record: () => {},
        }),
      ).rejects.toMatchObject({ code: 'ERR_SMTP_COMMAND' });
      expect(wire.heard).toBe('EHLO client.example.com\r\n');
    },
  );

  it('does not come of what people write: it is encoded', async () => {
    const { wire, open } = readingServer(mode);
    const data = composeMessage({
      date: 0,
      messageId: '1@example.com',
      from: parseNamedMailbox('Zoë <zoe@bücher.example>'),
      to: parseNamedMailbox('"Ünal, Ğ" <person@example.org>'),
      subject: '¡Hola! 用户 😀',
      headers: [['X-Campaign', 'mañana']],
      text: 'ñ\n'.repeat(1000),
      html: '<p>ñ 用户</p>',
    });
    expect((await send(await open(), { data })).recipients).toMatchObject([{ outcome: 'accepted' }]);
    expect(wire.heard).not.toMatch(ABOVE_127);
  });
});
