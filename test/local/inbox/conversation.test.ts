import { describe, expect, test } from 'vitest';
import { ConversationRecorder, redactCommand } from '../../../functions/local/inbox/conversation.ts';

const secret = 'AGNhcnRlcm8AczNjcjN0';

describe('redactCommand', () => {
  test.each([
    ['EHLO client.example', 'EHLO client.example'],
    ['MAIL FROM:<> SIZE=100 BODY=8BITMIME', 'MAIL FROM:<> SIZE=100 BODY=8BITMIME'],
    ['rcpt to:<josé@example.com>', 'rcpt to:<josé@example.com>'],
    ['DATA', 'DATA'],
    ['AUTH LOGIN', 'AUTH LOGIN'],
    ['auth plain', 'AUTH PLAIN'],
    [`AUTH PLAIN ${secret}`, 'AUTH PLAIN <secret>'],
    [`auth  plain ${secret}`, 'AUTH <secret>'],
    [`AUTH PLAIN  ${secret} x`, 'AUTH PLAIN <secret>'],
    [`AUTH ${secret}`, 'AUTH <secret>'],
    [`AUTH\tPLAIN ${secret}`, '<31 octets that are not a command>'],
    [` AUTH PLAIN ${secret}`, '<32 octets that are not a command>'],
    [secret, '<20 octets that are not a command>'],
    ['Data of the report', '<18 octets that are not a command>'],
    ['MAIL FROM:<a@b.c>\u0085x', '<20 octets that are not a command>'],
    ['Dear Ana,', '<9 octets that are not a command>'],
  ])('shows %j as %j', (line, shown) => {
    expect(redactCommand(line)).toBe(shown);
  });
});

describe('ConversationRecorder', () => {
  const talk = (recorder: ConversationRecorder, ...lines: string[]): void => {
    for (const line of lines) {
      const tnx = line.startsWith('S: ') ? 'send' : 'command';
      recorder.logger.debug({ tnx, cid: 'x' }, line.slice(0, 2), line.slice(3));
    }
  };
  const texts = (lines: readonly { text: string }[]): string[] => lines.map(({ text }) => text);

  test('gives each message the opening and its own transaction', () => {
    let now = 0;
    const recorder = new ConversationRecorder(() => now++);
    recorder.begin('x');
    recorder.note('x', 'connection');
    talk(
      recorder,
      'S: 220 hi',
      'C: EHLO a',
      'S: 250-b\r\n250 AUTH PLAIN',
      'C: AUTH PLAIN',
      'S: 334 ',
      'C: /* secured */',
      'S: 235 ok',
    );
    talk(recorder, 'C: MAIL FROM:<a@b>', 'S: 250 ok', 'C: RCPT TO:<refused@b>', 'S: 550 no', 'C: RSET', 'S: 250 ok');
    talk(
      recorder,
      'C: MAIL FROM:<c@d>',
      'S: 250 ok',
      'C: MAIL FROM:<nested@d>',
      'S: 503 nested',
      'C: DATA',
      'S: 354 go',
    );
    const first = recorder.mailData('x', 12);
    expect(texts(first.opening)).toEqual([
      'connection',
      '220 hi',
      'EHLO a',
      '250-b',
      '250 AUTH PLAIN',
      'AUTH PLAIN',
      '334 ',
      '<secret>',
      '235 ok',
    ]);
    expect(texts(first.transaction)).toEqual([
      'MAIL FROM:<c@d>',
      '250 ok',
      'MAIL FROM:<nested@d>',
      '503 nested',
      'DATA',
      '354 go',
      '<mail data, 12 octets>',
      '.',
    ]);
    const replies: string[] = [];
    recorder.afterNextReply('x', (lines) => replies.push(...texts(lines)));
    talk(recorder, 'S: 250 queued', 'C: MAIL FROM:<e@f>', 'S: 250 ok');
    expect(replies).toEqual(['250 queued']);
    const second = recorder.mailData('x', 1);
    expect(second.opening).toEqual(first.opening);
    expect(texts(second.transaction)[0]).toBe('MAIL FROM:<e@f>');
  });

  test('keeps a session’s story short, however long it is', () => {
    const recorder = new ConversationRecorder(() => 0);
    recorder.begin('x');
    talk(recorder, 'C: MAIL FROM:<a@b>');
    for (let count = 0; count < 10_000; count++) talk(recorder, `C: RCPT TO:<r${count}@b>`);
    const { transaction } = recorder.mailData('x', 1);
    expect(transaction.length).toBeLessThanOrEqual(1_001);
    expect(transaction[0]?.text).toBe('MAIL FROM:<a@b>');
    expect(transaction.at(-3)?.text).toBe('RCPT TO:<r9999@b>');
  });

  test('escapes control characters in replies, and forgets sessions that ended', () => {
    const recorder = new ConversationRecorder(() => 0);
    recorder.begin('x');
    talk(recorder, 'S: 220 \u001b[31mred\u2028');
    expect(texts(recorder.mailData('x', 1).opening)[0]).toBe('220 \\u001b[31mred\\u2028');
    recorder.end('x');
    talk(recorder, 'C: NOOP');
    expect(recorder.mailData('x', 1)).toEqual({ opening: [], transaction: [] });
  });
});
