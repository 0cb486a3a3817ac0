/**
 * What is no reply, and what is one but looks like another: at a recipient, and where the mail's fate hangs on it. Nothing
 * malformed is ever taken for a yes, nor for a plain no.
 */
import { describe, expect, it } from 'vitest';
import { type RecipientResult, replyText } from '#smtp';
import { send } from '../sessions.ts';
import { MODES, readingServer } from './reading-server.ts';

const MALFORMED: readonly string[] = [
  '25 ok\r\n',
  '2500 ok\r\n',
  ' 250 ok\r\n',
  'abc\r\n',
  '\r\n',
  '250\tok\r\n',
  '250_ok\r\n',
  '999 x\r\n',
  '150 x\r\n',
  '600 x\r\n',
  '260 x\r\n',
  '\x00250 x\r\n',
  '\xb2\xb5\xb0 x\r\n',
  '\x1b[2J250 x\r\n',
  'garbage\r\n250 queued\r\n',
  '250 ok\n',
  '250-ok\n250 ok\r\n',
  '250 o\rk\r\n',
  '250-ok\r\n550 no such user\r\n',
  '550-no\r\n250 ok\r\n',
  '250-ok\r\n\r\n250 ok\r\n',
  `250 ${'x'.repeat(3000)}\r\n`,
  `${'250-x\r\n'.repeat(600)}250 x\r\n`,
];
const RCPT = 'RCPT TO:<person@example.org>';

describe.each(MODES)('a malformed reply, %s', (mode) => {
  // Where everything is sent ahead, the indicator has left by the time that a recipient is answered.
  const unknown: RecipientResult['outcome'] = mode === 'chunking' ? 'uncertain' : 'unsent';

  it.each(MALFORMED)('%j to a recipient says neither yes nor no, and ends the connection', async (reply) => {
    const { wire, open, time } = readingServer(mode, { answers: (command) => (command === RCPT ? reply : null) });
    const session = await open();
    const { recipients, error } = await send(session);
    expect(recipients).toMatchObject([{ outcome: unknown, error: { code: 'ERR_SMTP_PROTOCOL' } }]);
    expect(error?.message).not.toMatch(/[\p{Cc}]/u);
    await expectOver(session, wire);
    expect(time.pending).toBe(0);
  });

  it.each(MALFORMED)('%j to the end of mail data leaves it uncertain, and ends the connection', async (reply) => {
    const { wire, open, time } = readingServer(mode, { answers: (command) => (command === '.' ? reply : null) });
    const session = await open();
    const { recipients } = await send(session);
    expect(recipients).toMatchObject([{ outcome: 'uncertain', error: { code: 'ERR_SMTP_PROTOCOL' } }]);
    await expectOver(session, wire);
    expect(time.pending).toBe(0);
  });

  it.each([
    ['250\r\n', 'accepted'],
    ['259 what is this\r\n', 'accepted'],
    ['250-550 no\r\n250 421 closing\r\n', 'accepted'],
    ['250 5.1.1 no such user\r\n', 'accepted'],
    ['450 2.0.0 ok\r\n', 'deferred'],
    ['550 2.0.0 queued as 7\r\n', 'refused'],
    ['559 x\r\n', 'refused'],
  ])('%j is none: its code decides, %s', async (reply, outcome) => {
    const { open } = readingServer(mode, { answers: (command) => (command === '.' ? reply : null) });
    const { recipients, error } = await send(await open());
    expect(recipients).toMatchObject([{ outcome }]);
    expect(error).toBeNull();
  });

  it.each([
    '\x00',
    '\x07',
    '\x1b[2J\x1b]0;owned\x07',
    '\x80\x9b2J\xff',
    '\x7f',
    '\xe2\x80\xa8',
    '\xe2\x80\xae',
    '\x08\x08',
  ])('control octets %j in its text are shown escaped, in records and results', async (octets) => {
    const { open, records } = readingServer(mode, {
      answers: (command) => (command === '.' ? `550-5.7.1 a${octets}b\r\n550 5.7.1 ${octets}\r\n` : null),
    });
    const session = await open();
    const { recipients } = await send(session, { record: (entry) => records.push(entry) });
    const [result] = recipients;
    expect(result).toMatchObject({ outcome: 'refused', reply: { code: 550, enhancedStatus: '5.7.1' } });
    const shown = [...records.map(({ text }) => text), result && 'reply' in result ? replyText(result.reply) : ''];
    expect(shown.join('')).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u202e]/u);
  });
});

async function expectOver(
  session: Awaited<ReturnType<ReturnType<typeof readingServer>['open']>>,
  wire: ReturnType<typeof readingServer>['wire'],
): Promise<void> {
  expect(session.usable).toBe(false);
  expect(wire.closed).toBe('destroyed');
  const { heard } = wire;
  expect((await send(session)).recipients).toMatchObject([{ outcome: 'unsent' }]);
  expect(wire.heard).toBe(heard);
}
