/** The reply parser: fed whole and in parts, and beside it the grammar of RFC 5321 §4.2 as one expression a line. */
import { ProtocolError, type Reply, ReplyParser, replyText } from '#smtp';
import { digestOf, Random } from '../random.ts';
import { attempt, endingOf, expect, expectPrintable, latin1Of, type Target } from '../target.ts';

const LINE = /^([2-5][0-5][0-9])(?:([ -])[^\r]*)?\r\n$/;
const BEGINNING = /^(?:[2-5](?:[0-5](?:[0-9](?:[- \r][\s\S]*)?)?)?)?$/;

export const reply: Target = {
  name: 'reply',
  seeds: [
    '220 mail.example.com ESMTP\r\n',
    '250-mail.example.com\r\n250-SIZE 1000\r\n250 HELP\r\n',
    '550 5.1.1 no such user\r\n',
    '250\r\n421 4.3.2 closing\r\n',
    '250-a\r\n250',
    '\x15\x03\x01\x00\x02\x02\x46',
  ],
  words: [
    '250 ',
    '250-',
    '250',
    '421 4.4.2 ',
    '5.7.1',
    '\r\n',
    '\n',
    '\r',
    '25',
    '2500',
    '\x1b[2J',
    'é',
    '\u2028',
    '-',
    ' ',
  ],
  maxOctets: 80 * 1024,
  run(input) {
    const whole = parsed([input]);
    const inParts = parsed(partsOf(input));
    expect(JSON.stringify(whole.replies) === JSON.stringify(inParts.replies), 'cut elsewhere, it reads otherwise');
    expect(whole.pending === inParts.pending, 'cut elsewhere, other octets are pending');
    if (whole.replies === null) {
      expect(!isSequenceOfReplies(input), 'replies by the grammar are refused');
      return whole.ending;
    }
    for (const each of whole.replies) checkReply(each);
    expect(isSequenceOfReplies(input), 'what is no reply by the grammar is read');
    return whole.replies
      .slice(0, 3)
      .map(({ code, lines }) => `${String(code).charAt(0)}${Math.min(lines.length, 4)}`)
      .join(' ');
  },
};

function parsed(parts: readonly Uint8Array[]): { replies: Reply[] | null; pending: number; ending: string } {
  const parser = new ReplyParser();
  const { value, refused } = attempt(() => parts.flatMap((part) => parser.push(part, 'RCPT')), ProtocolError);
  if (refused !== null) return { replies: null, pending: 0, ending: endingOf(refused) };
  expect(parser.pendingOctets <= 66 * 1024, 'more than a reply is held');
  return { replies: value, pending: parser.pendingOctets, ending: '' };
}

/** Where it is cut is the input's own doing. */
function partsOf(input: Uint8Array): Uint8Array[] {
  const random = new Random(digestOf(input.subarray(0, 64)));
  const parts: Uint8Array[] = [];
  const step = random.pick([1, 3, 20, 2000]);
  for (let from = 0; from < input.length; ) {
    const to = from + 1 + random.below(step);
    parts.push(input.subarray(from, to));
    from = to;
  }
  return parts;
}

function checkReply(each: Reply): void {
  expect(each.code >= 200 && each.code <= 559, `the code ${each.code}`);
  expect(each.lines.length >= 1 && each.lines.length <= 512, `${each.lines.length} lines`);
  expect(
    each.enhancedStatus === null || each.enhancedStatus.startsWith(`${String(each.code).charAt(0)}.`),
    'its class',
  );
  const text = replyText(each);
  expectPrintable(text);
  expect(!text.includes('\n'), 'a reply is shown on one line');
}

function isSequenceOfReplies(input: Uint8Array): boolean {
  const lines = latin1Of(input).split(/(?<=\n)/);
  const rest = lines.at(-1)?.endsWith('\n') === false ? (lines.pop() ?? '') : '';
  let code: string | null = null;
  let octets = 0;
  let count = 0;
  for (const line of lines) {
    const [, own, separator] = LINE.exec(line) ?? [];
    octets += line.length;
    count += 1;
    if (own === undefined || line.length > 2048 || octets > 64 * 1024 || count > 512) return false;
    if (code !== null && code !== own) return false;
    code = separator === '-' ? own : null;
    if (code === null) octets = count = 0;
  }
  return rest.length < 2048 && BEGINNING.test(rest);
}
