import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolError, type Reply, ReplyParser, replyText } from '#smtp';
import { segmentsOf } from './segments.ts';

function octets(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

/** What a parser makes of the segments: its replies, or the word `refused`. */
function parsed(...segments: readonly string[]): Reply[] | 'refused' {
  const parser = new ReplyParser();
  try {
    const replies = segments.flatMap((segment) => parser.push(octets(segment)));
    return replies.map(({ code, lines, enhancedStatus }) => ({ code, lines, enhancedStatus }));
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError);
    return 'refused';
  }
}

const ACCEPTED: readonly (readonly [string, Reply[]])[] = [
  ['250 ok\r\n', [{ code: 250, lines: ['ok'], enhancedStatus: null }]],
  ['250\r\n', [{ code: 250, lines: [''], enhancedStatus: null }]],
  ['250 \r\n', [{ code: 250, lines: [''], enhancedStatus: null }]],
  ['250-a\r\n250-\r\n250 b\r\n', [{ code: 250, lines: ['a', '', 'b'], enhancedStatus: null }]],
  ['250-a\r\n250\r\n', [{ code: 250, lines: ['a', ''], enhancedStatus: null }]],
  ['550 5.1.1 no\r\n', [{ code: 550, lines: ['5.1.1 no'], enhancedStatus: '5.1.1' }]],
  ['550 5.1.1\r\n', [{ code: 550, lines: ['5.1.1'], enhancedStatus: '5.1.1' }]],
  ['250 5.1.1 x\r\n', [{ code: 250, lines: ['5.1.1 x'], enhancedStatus: null }]],
  ['550 2.0.0 x\r\n', [{ code: 550, lines: ['2.0.0 x'], enhancedStatus: null }]],
  ['550 5.1.1x\r\n', [{ code: 550, lines: ['5.1.1x'], enhancedStatus: null }]],
  ['550 5.1.1234 x\r\n', [{ code: 550, lines: ['5.1.1234 x'], enhancedStatus: null }]],
  ['550 5.1 x\r\n', [{ code: 550, lines: ['5.1 x'], enhancedStatus: null }]],
  ['452 4.5.3 too many\r\n', [{ code: 452, lines: ['4.5.3 too many'], enhancedStatus: '4.5.3' }]],
  ['250 2.1.5 ok\r\n', [{ code: 250, lines: ['2.1.5 ok'], enhancedStatus: '2.1.5' }]],
  ['354 3.0.0 go\r\n', [{ code: 354, lines: ['3.0.0 go'], enhancedStatus: null }]],
  ['559 x\r\n', [{ code: 559, lines: ['x'], enhancedStatus: null }]],
  ['250 a\0b\x1b[31m\r\n', [{ code: 250, lines: ['a\0b\x1b[31m'], enhancedStatus: null }]],
  ['250 caf\xc3\xa9\r\n', [{ code: 250, lines: ['café'], enhancedStatus: null }]],
  ['250 caf\xe9\r\n', [{ code: 250, lines: ['café'], enhancedStatus: null }]],
  [
    '250 a\r\n354 b\r\n',
    [
      { code: 250, lines: ['a'], enhancedStatus: null },
      { code: 354, lines: ['b'], enhancedStatus: null },
    ],
  ],
  [`250 ${'x'.repeat(2042)}\r\n`, [{ code: 250, lines: ['x'.repeat(2042)], enhancedStatus: null }]],
];

const REFUSED: readonly string[] = [
  '25 ok\r\n',
  '2500 ok\r\n',
  ' 250 ok\r\n',
  'abc\r\n',
  '\r\n',
  '\n',
  '250\tok\r\n',
  '250 ok\n',
  '250-a\n250 b\r\n',
  '250 a\rb\r\n',
  '250 a\r\r\n',
  '999 x\r\n',
  '150 x\r\n',
  '600 x\r\n',
  '260 x\r\n',
  '\xb2\xb5\xb0 x\r\n',
  '\x150 x\r\n',
  '\x1b[2J250 x\r\n',
  '250-ok\r\n550 no such user\r\n',
  '550-no\r\n250 ok\r\n',
  '250-a\r\n\r\n',
  '250-a\r\nhello\r\n250 b\r\n',
  'garbage\r\n250 queued\r\n',
  `250 ${'x'.repeat(2043)}\r\n`,
  `${'250-x\r\n'.repeat(512)}250 x\r\n`,
  `${`250-${'x'.repeat(2000)}\r\n`.repeat(40)}250 x\r\n`,
  '\x15\x03\x01\x00\x02\x02\x46',
];

describe('ReplyParser', () => {
  it.each(ACCEPTED)('reads %j, whole, octet by octet and cut at every offset', (text, replies) => {
    expect(parsed(text)).toEqual(replies);
    expect(parsed(...text)).toEqual(replies);
    for (let at = 0; at <= text.length; at += 1) expect(parsed(text.slice(0, at), text.slice(at))).toEqual(replies);
  });

  it.each(REFUSED)('refuses %j, whole, octet by octet and cut anywhere', (text) => {
    expect(parsed(text)).toBe('refused');
    expect(parsed(...text)).toBe('refused');
    const step = text.length < 3000 ? 1 : 997;
    for (let at = 1; at < text.length; at += step) expect(parsed(text.slice(0, at), text.slice(at))).toBe('refused');
  });

  it('reads any sequence of replies however it is cut', () => {
    const text = fc.string({ unit: fc.constantFrom('a', ' ', '-', '5', '.', '\0', '\x1b', '\xe9'), maxLength: 12 });
    const reply = fc.record({
      code: fc.tuple(fc.integer({ min: 2, max: 5 }), fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 9 })),
      lines: fc.array(text, { minLength: 1, maxLength: 5 }),
    });
    const property = fc.property(fc.array(reply, { maxLength: 5 }), fc.array(fc.nat(40)), (replies, lengths) => {
      const written = replies.map(({ code, lines }) => {
        const last = lines.length - 1;
        return lines.map((line, index) => `${code.join('')}${index < last ? '-' : ' '}${line}\r\n`).join('');
      });
      const read = parsed(...segmentsOf(written.join(''), lengths));
      expect(read).not.toBe('refused');
      const codes = read === 'refused' ? [] : read.map(({ code, lines }) => ({ code, lines }));
      expect(codes).toEqual(replies.map(({ code, lines }) => ({ code: Number(code.join('')), lines })));
    });
    fc.assert(property, { numRuns: 500 });
  });

  it('makes the same of any octets however they are cut', () => {
    const unit = fc.constantFrom('2', '5', '0', '-', ' ', 'x', '\r', '\n', '250 ok\r\n', '250-', '\r\n');
    const property = fc.property(fc.string({ unit, maxLength: 40 }), fc.array(fc.nat(5)), (text, lengths) => {
      expect(parsed(...segmentsOf(text, lengths))).toEqual(parsed(text));
    });
    fc.assert(property, { numRuns: 2000 });
  });

  it('counts the octets that wait for the rest of a reply', () => {
    const parser = new ReplyParser();
    expect(parser.push(octets('250-a\r\n25'))).toEqual([]);
    expect(parser.pendingOctets).toBe(9);
    expect(parser.push(octets('0 b\r\n'))).toHaveLength(1);
    expect(parser.pendingOctets).toBe(0);
  });

  it('refuses an endless line at once', () => {
    const parser = new ReplyParser();
    expect(() => parser.push(Buffer.alloc(64 * 1024, '2'))).toThrow(ProtocolError);
  });

  it('keeps no more than a line of what a server drips', () => {
    const parser = new ReplyParser();
    const drip = (): void => {
      for (let at = 0; at < 100_000; at += 1) parser.push(octets(at < 4 ? ('250 '[at] ?? '') : 'x'));
    };
    expect(drip).toThrow(ProtocolError);
    expect(parser.pendingOctets).toBeLessThanOrEqual(2048);
  });

  it('does not hold on to the segment that an unfinished line came in', () => {
    const parser = new ReplyParser();
    const segment = octets('250 o');
    parser.push(segment);
    segment.fill(0);
    expect(parser.push(octets('k\r\n'))[0]?.lines).toEqual(['ok']);
  });

  it('quotes what it refuses with control characters escaped and secrets hidden', () => {
    const parser = new ReplyParser({ redact: (text) => text.replace('S3cr3t', '<…>') });
    const error = thrownBy(() => parser.push(octets('bad \x1b[2J S3cr3t\r\n'), 'AUTH'));
    expect(error).toMatchObject({ code: 'ERR_SMTP_PROTOCOL', step: 'AUTH' });
    expect(error.message).toBe(
      'Cannot log in: server sent "bad \\u001b[2J <…>\\u000d\\u000a", which is no reply: reply code is wanted',
    );
  });

  it('says so when the server speaks TLS', () => {
    const error = thrownBy(() => new ReplyParser().push(octets('\x15\x03\x01\x00\x02'), 'greeting'));
    expect(error.message).toContain('the server speaks TLS here from the first octet');
  });
});

describe('replyText', () => {
  it.each([
    [{ code: 250, lines: [''], enhancedStatus: null }, '250'],
    [{ code: 550, lines: ['5.1.1 a', 'b'], enhancedStatus: '5.1.1' }, '550 5.1.1 a / b'],
    [{ code: 250, lines: ['a\nb\x9b\u202e'], enhancedStatus: null }, '250 a\\u000ab\\u009b\\u202e'],
    [{ code: 250, lines: ['\ud800'], enhancedStatus: null }, '250 \ufffd'],
    [{ code: 250, lines: ['x'.repeat(1000)], enhancedStatus: null }, `250 ${'x'.repeat(508)}…`],
  ])('shows %j on one line', (reply, shown) => {
    expect(replyText(reply)).toBe(shown);
  });
});

function thrownBy(fn: () => unknown): ProtocolError {
  try {
    fn();
  } catch (error) {
    if (error instanceof ProtocolError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
