/** BDAT says how many octets follow; were it another number, the rest of a mail would be commands (RFC 3030 §2). */
import { describe, expect, it } from 'vitest';
import type { MailData } from '#smtp';
import { mailData } from '../mails.ts';
import { settled } from '../memory-wire.ts';
import { send } from '../sessions.ts';
import { readingServer } from './reading-server.ts';

const INJECTED = 'RSET\r\nMAIL FROM:<evil@z.test>\r\nRCPT TO:<victim@y.test>\r\n';
const utf8 = (text: string): MailData => mailData(Buffer.from(text, 'utf8').toString('latin1'));

const CONTENTS: Readonly<Record<string, MailData>> = {
  'that ends in commands': mailData(`Subject: x\r\n\r\n${INJECTED}`),
  'in many pieces': mailData(...`Subject: x\r\n\r\n${INJECTED}`),
  'with empty pieces': mailData('', 'a\r\n', '', INJECTED, ''),
  'of characters of several octets': utf8(`Subject: x\r\n\r\ncafé €uro 😀\r\n${INJECTED}`),
  'with lines of dots': mailData(`.\r\n..\r\n...\r\n${INJECTED}.\r\n`),
  'that is a line end': mailData('\r\n'),
};

describe('the count of BDAT', () => {
  it.each(Object.entries(CONTENTS))('is that of the octets behind it: a mail %s', async (_what, data) => {
    const { commands, open, taken } = readingServer('chunking', { offers: ['8BITMIME'] });
    const session = await open();
    const results = await Promise.all([send(session, { data })]);
    expect(results[0]?.recipients).toMatchObject([{ outcome: 'accepted' }]);
    expect((await send(session)).recipients).toMatchObject([{ outcome: 'accepted' }]);
    expect(taken[0]?.content).toBe(Buffer.concat(data.pieces).toString('latin1'));
    expect(taken.map(({ forwardPaths }) => forwardPaths)).toEqual([['person@example.org'], ['person@example.org']]);
    expect(commands.filter((command) => /evil|victim/.test(command))).toEqual([]);
  });

  it.each([0, 1, 1e9, Number.NaN, -1])('is no caller’s claim: %s octets', async (octets) => {
    const data = { ...mailData(`Subject: x\r\n\r\n${INJECTED}`), octets };
    const { open, taken } = readingServer('chunking');
    const session = await open();
    expect((await send(session, { data })).recipients).toMatchObject([{ outcome: 'accepted' }]);
    expect((await send(session)).recipients).toMatchObject([{ outcome: 'accepted' }]);
    expect(taken[0]?.content).toBe(`Subject: x\r\n\r\n${INJECTED}`);
    expect(taken).toHaveLength(2);
  });
});

describe('a chunk that is not sent to its end', () => {
  /** More than goes out in one write, so that the server can speak while it is under way. */
  const large = mailData(...new Array<string>(20_000).fill(`${'x'.repeat(98)}\r\n`));

  it.each([
    ['452 4.3.1 disk full\r\n', 'a reply before its end'],
    ['421 4.3.2 closing\r\n', 'the server’s goodbye'],
    ['what\r\n', 'what is no reply'],
  ])('because of %j (%s) ends the connection, and no command follows in it', async (said) => {
    const server = readingServer('chunking');
    const session = await server.open();
    const heard = new Promise<void>((resolve) => {
      const record = ({ text }: { text: string }): void => (text === '<mail data>' ? resolve() : undefined);
      void send(session, { data: large, record }).then(({ recipients }) => {
        expect(recipients[0]?.outcome).not.toBe('accepted');
      });
    });
    await heard;
    server.wire.say(said);
    await settled();
    expect(session.usable).toBe(false);
    expect(server.wire.closed).toBe('destroyed');
    const length = server.wire.heard.length;
    const next = await send(session);
    expect(next.recipients).toMatchObject([{ outcome: 'unsent' }]);
    expect(server.wire.heard).toHaveLength(length);
    expect(server.commands.filter((command) => command === 'RSET' || command === 'QUIT')).toEqual([]);
  });
});
