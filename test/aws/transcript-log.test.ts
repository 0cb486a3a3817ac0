/** Transcripts in a log: the contract, nobody's address, what is left out by setting, and events that are too large. */
import { createSecretKey } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  MAX_EVENT_OCTETS,
  openLogLines,
  openTranscriptLog,
  readTranscriptLines,
  type TranscribedMails,
  type TranscriptLogOptions,
} from '#aws';
import { namesBy, type TranscriptEntry, type TranscriptShelf } from '#mailing';
import { VirtualClock } from '../mailing/virtual-clock.ts';
import { delivery, describeTranscriptSink, said, session } from '../ports/transcript-sink.contract.ts';
import { CapturedLog } from './captured-log.ts';

const nameOf = namesBy(createSecretKey(Buffer.alloc(32, 3)));

function shelfOn(output: CapturedLog, options: Partial<TranscriptLogOptions> = {}): TranscriptShelf {
  const log = openLogLines(output, new VirtualClock());
  const sink = openTranscriptLog({ log, nameOf, relay: 'main', ...options });
  return {
    write: (run, batch, entry) => sink.write(run, batch, entry),
    flush: () => sink.flush(),
    read: (run, batch, row) => readTranscriptLines(output.lines, { run, batch, row }),
  };
}

for (const [kind, options] of [
  ['a log with names', {}],
  ['a log in clear', { nameOf: null }],
] as const) {
  describeTranscriptSink(`TranscriptLog on ${kind}`, async () => {
    const output = new CapturedLog();
    return { join: () => shelfOn(output, options), remove: async () => {} };
  });
}

type Records = TranscriptEntry['records'];

/** `C: …`, `S: …`, `*: …`, ten ms apart. */
function conversation(...lines: string[]): Records {
  const by = { C: 'client', S: 'server', '*': 'note' } as const;
  return lines.map((line, index) => ({
    at: 1_790_000_000_000 + 10 * index,
    by: by[line.charAt(0) as keyof typeof by],
    text: line.slice(3),
    octets: line.length - 1,
  }));
}

function mail(recipient: string, outcome: 'accepted' | 'refused' | 'uncertain', ...lines: string[]): TranscriptEntry {
  const no = lines.findLast((line) => /^S: [45]/.test(line))?.slice(3) ?? null;
  const told = { recipient, outcome, reply: outcome === 'refused' ? no : null, records: conversation(...lines) };
  return { ...delivery('p-1', 7), ...told } as TranscriptEntry;
}

describe('a line', () => {
  test('has who, what, when and the conversation', () => {
    const output = new CapturedLog();
    const shelf = shelfOn(output);
    shelf.write('news-1', 3, session('p-1', conversation('S: 220 mx.test ESMTP', 'C: EHLO client.test')));
    shelf.write(
      'news-1',
      3,
      mail('ana@example.com', 'refused', 'C: RCPT TO:<ana@example.com>', 'S: 550 5.1.1 ana is not here', '*: closed'),
    );
    const ana = nameOf('ana@example.com');
    expect(output.entries).toEqual([
      {
        at: '2026-09-21T14:13:20.000Z',
        event: 'session',
        run: 'news-1',
        batch: 3,
        relay: 'main',
        session: 'p-1',
        lines: ['0 S 19 220 mx.test ESMTP', '10 C 18 EHLO client.test'],
      },
      {
        at: '2026-09-21T14:13:20.000Z',
        event: 'transaction',
        run: 'news-1',
        batch: 3,
        relay: 'main',
        session: 'p-1',
        row: 7,
        recipient: ana,
        attempt: 1,
        outcome: 'refused',
        reply: `550 5.1.1 ${ana} is not here`,
        ms: 20,
        lines: [`0 C 27 RCPT TO:<${ana}>`, `10 S 27 550 5.1.1 ${ana} is not here`, '20 * 8 closed'],
      },
    ]);
  });

  test('is one line, whatever a relay says', () => {
    const output = new CapturedLog();
    const odd = 'S: 250 a\nb\r\n{"event":"transaction"}\u001b[31m\u2028\ud800 end';
    shelfOn(output).write('run\n1', 1, mail('ana@example.com', 'refused', odd));
    expect(output.text.match(/[\n\r\u001b]/g)).toEqual(['\n']);
    expect(output.entries).toHaveLength(1);
  });
});

/** The first conversation's lines, without when and by whom. */
function saidIn({ entries: [first] }: CapturedLog): string[] {
  return (Object(first).lines as string[]).map((line) => line.replace(/^\d+ . \d+ /, ''));
}

describe('addresses', () => {
  const ANA = 'ana@example.com';
  const everywhere = [
    'C: MAIL FROM:<bounce+ana=example.com@news.test> SIZE=1000 BODY=8BITMIME',
    'S: 250 2.1.0 <bounce+ana=example.com@news.test> sender ok',
    'C: RCPT TO:<ana@example.com> ORCPT=rfc822;ana+40example.com',
    'S: 250 2.1.5 "ana"@EXAMPLE.COM ok',
    'C: DATA',
    'S: 354 go',
    'C: <…>',
    'S: 550 5.7.1 ANA is over quota, ask postmaster@example.net or ben@example.org, see http://x.test/?q=ana%40example.com',
    '*: the server closed behind ana@example.com',
  ];

  test('are nowhere: not in commands, not in replies, not those of others', () => {
    const output = new CapturedLog();
    const shelf = shelfOn(output);
    shelf.write('r', 1, session('p-1', conversation('S: 220 mx.test (admin@mx.test)', 'S: 235 hello login@mx.test')));
    shelf.write('r', 1, mail(ANA, 'refused', ...everywhere));
    // What is left of a return path that has the recipient in it is the sender's own domain.
    expect(output.text).not.toMatch(/\bana\b|@(?!news\.test)|%40|\+40|=40|=example/i);
    for (const address of ['admin@mx.test', 'login@mx.test', 'postmaster@example.net', 'ben@example.org', ANA])
      expect(output.text).toContain(nameOf(address));
  });

  test('are those that `trace` tells, however they are written', () => {
    const output = new CapturedLog();
    for (const recipient of ['ana@example.com', '"ana"@EXAMPLE.com'])
      shelfOn(output).write('r', 1, mail(recipient, 'accepted', `C: RCPT TO:<${recipient}>`, 'S: 250 ok'));
    expect(output.entries.map(({ recipient }) => recipient)).toEqual([nameOf(ANA), nameOf(ANA)]);
    expect(output.entries.map(({ lines }) => (lines as string[])[0]?.replace(/^0 C \d+ /, ''))).toEqual([
      `RCPT TO:<${nameOf(ANA)}>`,
      `RCPT TO:<${nameOf(ANA)}>`,
    ]);
  });

  test.each([
    'mail@example.com',
    'data@example.com',
    'ok@example.com',
    '2.1.5@example.com',
    "o'brien@example.com",
    'ñ@ñandú.test',
  ])('of %s leave commands and codes as they are', (recipient) => {
    const output = new CapturedLog();
    const lines = ['C: MAIL FROM:<news@news.test>', `C: RCPT TO:<${recipient}>`, 'S: 250 2.1.5 done', 'C: DATA'];
    shelfOn(output).write('r', 1, mail(recipient, 'refused', ...lines));
    expect(saidIn(output)).toEqual([
      `MAIL FROM:<${nameOf('news@news.test')}>`,
      `RCPT TO:<${nameOf(recipient)}>`,
      '250 2.1.5 done',
      'DATA',
    ]);
  });

  test('are in clear by the setting, and only then', () => {
    const output = new CapturedLog();
    shelfOn(output, { nameOf: null }).write('r', 1, mail(ANA, 'refused', ...everywhere));
    expect(output.entries[0]).toMatchObject({ recipient: ANA, reply: everywhere[7]?.slice(3) });
  });
});

describe('which mails', () => {
  const written = (mails: TranscribedMails, rows: number, outcome: 'accepted' | 'uncertain') => {
    const output = new CapturedLog();
    const shelf = shelfOn(output, { mails });
    for (let row = 1; row <= rows; row += 1) {
      shelf.write('r', 1, session(`s${row}`));
      shelf.write('r', 1, { ...delivery(`s${row}`, row), outcome } as TranscriptEntry);
    }
    return output.entries;
  };

  test('all of them by default, each behind the opening of its session', () => {
    const entries = written('all', 50, 'accepted');
    expect(entries.map(({ event }) => event)).toEqual(
      Array.from({ length: 50 }, () => ['session', 'transaction']).flat(),
    );
  });

  test('none but failures, and no opening of a session that had none', () => {
    expect(written('failures', 50, 'accepted')).toEqual([]);
    expect(written('failures', 50, 'uncertain')).toHaveLength(100);
  });

  test('a share, always the same ones, and the failures', () => {
    const rows = (entries: Record<string, unknown>[]) => entries.flatMap(({ row }) => row ?? []);
    const tenth = rows(written({ share: 0.1 }, 2000, 'accepted'));
    expect(tenth.length).toBeGreaterThan(140);
    expect(tenth.length).toBeLessThan(260);
    expect(rows(written({ share: 0.1 }, 2000, 'accepted'))).toEqual(tenth);
    expect(rows(written({ share: 0.3 }, 2000, 'accepted'))).toEqual(expect.arrayContaining(tenth));
    expect(written({ share: 0 }, 50, 'accepted')).toEqual([]);
    expect(rows(written({ share: 1 }, 50, 'accepted'))).toHaveLength(50);
    expect(rows(written({ share: 0.1 }, 50, 'uncertain'))).toHaveLength(50);
  });

  test('an opening comes once for all the mails of its session', () => {
    const output = new CapturedLog();
    const shelf = shelfOn(output, { mails: 'failures' });
    shelf.write('r', 1, session('s'));
    for (let row = 1; row <= 3; row += 1)
      shelf.write('r', row, { ...delivery('s', row), outcome: row === 1 ? 'accepted' : 'refused' } as TranscriptEntry);
    expect(output.entries.map(({ event, batch, row }) => [event, batch, row])).toEqual([
      ['session', 1, undefined],
      ['transaction', 2, 2],
      ['transaction', 3, 3],
    ]);
  });
});

describe('a conversation that is larger than an event can be', () => {
  test.each([
    ['plain', 'x'.repeat(500)],
    ['octets of UTF-8', '\u{1f4e7}ñ'.repeat(120)],
    ['escaped by JSON', '\\"'.repeat(250)],
  ])('goes on in others, %s', async (_, text) => {
    const output = new CapturedLog();
    const shelf = shelfOn(output);
    const opening = said(...Array.from({ length: 900 }, (_each, index) => `${index} ${text}`));
    const records = said(...Array.from({ length: 1500 }, (_each, index) => `${index} ${text}`));
    shelf.write('r', 1, session('s', opening));
    shelf.write('r', 1, delivery('s', 1, 2, records));
    expect(output.lines.length).toBeGreaterThan(4);
    for (const line of output.lines) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(MAX_EVENT_OCTETS);
    const { length } = output.entries.filter(({ event }) => event === 'transaction');
    expect(output.entries.slice(-length).map(({ part, parts }) => [part, parts])).toEqual(
      Array.from({ length }, (_each, index) => [index + 1, length]),
    );
    expect(await shelf.read('r', 1, 1)).toEqual([{ attempt: 2, opening, transaction: records }]);
  });

  test('a line that is too large alone is cut', async () => {
    const output = new CapturedLog();
    shelfOn(output).write('r', 1, delivery('s', 1, 1, said('x'.repeat(1_000_000))));
    const [line = ''] = output.lines;
    expect(Buffer.byteLength(line)).toBeLessThan(20_000);
    expect(line).toContain('x…"');
  });
});

test('what else is in a log is passed over when transcripts are read', async () => {
  const output = new CapturedLog();
  const shelf = shelfOn(output);
  shelf.write('r', 1, session('s'));
  output.write('START RequestId: 1\n{"event":"transaction","run":"r"}\n{"torn":\nnull\n[1]\n');
  shelf.write('r', 1, delivery('s', 1));
  output.write('{"event":"transaction","run":"r","session":"s","batch":1,"row":1,"attempt":2,"lines":["what",7]}\n');
  expect(await shelf.read('r', 1, 1)).toEqual([
    { attempt: 1, opening: said('220 s'), transaction: said('250 row 1') },
    { attempt: 2, opening: said('220 s'), transaction: [] },
  ]);
});
