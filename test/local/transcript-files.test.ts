import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openTranscriptFiles } from '#local';
import { delivery, describeTranscriptSink, said, session } from '../ports/transcript-sink.contract.ts';

const newFolder = () => mkdtempSync(join(tmpdir(), 'cartero-transcripts-'));

describeTranscriptSink('TranscriptFiles', async () => {
  const folder = newFolder();
  return {
    join: () => openTranscriptFiles(folder),
    remove: async () => rmSync(folder, { recursive: true, force: true }),
  };
});

describe('TranscriptFiles', () => {
  let folder: string;
  beforeEach(() => {
    folder = newFolder();
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('writes JSON Lines, a file per batch, its user’s alone', async () => {
    const sink = openTranscriptFiles(folder);
    sink.write('news-1', 3, session('s1'));
    sink.write('news-1', 3, delivery('s1', 1));
    await sink.flush();
    const file = join(folder, 'news-1', '3.jsonl');
    const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
    expect(lines.map((line) => JSON.parse(line))).toEqual([session('s1'), delivery('s1', 1)]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'news-1')).mode & 0o777).toBe(0o700);
  });

  test.each(Array.from({ length: 8 }, (_, cut) => [cut]))(
    'a last line torn at eighth %i is skipped, and spoils no later one',
    async (cut) => {
      const first = openTranscriptFiles(folder);
      first.write('run', 1, delivery('s', 1));
      await first.flush();
      const file = join(folder, 'run', '1.jsonl');
      const line = JSON.stringify(delivery('s', 1, 2));
      appendFileSync(file, line.slice(0, Math.floor((line.length * cut) / 8)));
      const second = openTranscriptFiles(folder);
      second.write('run', 1, delivery('s', 1, 3));
      await second.flush();
      expect((await second.read('run', 1, 1)).map(({ attempt }) => attempt)).toEqual([1, 3]);
    },
  );

  test.each([
    'null',
    '7',
    '"text"',
    '[]',
    '{}',
    '{"kind":"delivery","session":"s","row":1}',
    '{"kind":"x","session":"s","records":[]}',
    '\u0000',
  ])('the line %j is skipped', async (line) => {
    const sink = openTranscriptFiles(folder);
    sink.write('run', 1, delivery('s', 1));
    await sink.flush();
    appendFileSync(join(folder, 'run', '1.jsonl'), `${line}\n`);
    expect(await sink.read('run', 1, 1)).toHaveLength(1);
  });

  test('what is gathered is written when it is much, without a flush', async () => {
    const sink = openTranscriptFiles(folder);
    sink.write('run', 1, delivery('s', 1));
    expect(readdirSync(folder)).toEqual([]);
    for (let row = 2; row < 100; row += 1) sink.write('run', 1, delivery('s', row, 1, said('x'.repeat(1000))));
    expect(await openTranscriptFiles(folder).read('run', 1, 2)).toHaveLength(1);
  });

  test('a disk that refuses stops nobody, and the loss is told', async () => {
    const losses: unknown[] = [];
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const sink = openTranscriptFiles(file, { onLoss: (error) => losses.push(error) });
    sink.write('run', 1, delivery('s', 1));
    await sink.flush();
    await sink.flush();
    expect(losses).toEqual([expect.objectContaining({ code: 'ENOTDIR' })]);
  });
});
