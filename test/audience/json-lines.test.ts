/** JSON Lines, and which format a file's name tells. */
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readAudience } from '#audience';
import { inflated } from '../../functions/audience/inflate.ts';
import { namesIn, namesOf, nameTwice } from '../../functions/audience/json-names.ts';
import { collected, entries, type Input, inPieces, read } from './read.ts';

const nested = (levels: number) => `${'['.repeat(levels)}1${']'.repeat(levels)}`;

const table: readonly (readonly [name: string, input: Input, expected: readonly string[]])[] = [
  [
    'rows',
    '{"email":"a@b.c","n":1,"list":[{"x":null}]}\n{"email":"b@b.c"}\n',
    ['1@1 {"email":"a@b.c","n":1,"list":[{"x":null}]}', '2@2 {"email":"b@b.c"}'],
  ],
  ['no line end at the end', '{"email":"a@b.c"}', ['1@1 {"email":"a@b.c"}']],
  [
    'Windows line ends, empty lines and a byte order mark',
    '\ufeff{"email":"a@b.c"}\r\n\r\n \t\n{"email":"b@b.c"}\r\n',
    ['1@1 {"email":"a@b.c"}', '2@4 {"email":"b@b.c"}'],
  ],
  ['other scripts', '{"email":"a@b.c","name":"Zoë 山田 😀"}', ['1@1 {"email":"a@b.c","name":"Zoë 山田 😀"}']],
  [
    'no JSON',
    '{"email":"a@b.c"\n{"email":"b@b.c"}\n',
    ['1@1 null null: is no JSON, one object on one line is wanted {}', '2@2 {"email":"b@b.c"}'],
  ],
  [
    'an object over two lines',
    '{\n"email":"a@b.c"}',
    [
      '1@1 null null: is no JSON, one object on one line is wanted {}',
      '2@2 null null: is no JSON, one object on one line is wanted {}',
    ],
  ],
  ...['[]', '"a@b.c"', '1', 'null', 'true'].map(
    (line) => [`no object: ${line}`, line, ['1@1 null null: is no JSON object, {"email": …} is wanted {}']] as const,
  ),
  ['no email', '{"mail":"a@b.c"}', ['1@1 null email: is missing, an address is wanted {"mail":"a@b.c"}']],
  [
    'email by another name',
    '{"E-mail":"a@b.c"}',
    ['1@1 null email: is missing, an address is wanted (found "E-mail", it is called "email" here) {"E-mail":"a@b.c"}'],
  ],
  [
    'an email that is no text',
    '{"email":["a@b.c"]}',
    ['1@1 null email: is no text, an address is wanted {"email":["a@b.c"]}'],
  ],
  ['null for an email', '{"email":null}', ['1@1 null email: is no text, an address is wanted {"email":null}']],
  [
    'a name twice',
    '{"email":"a@b.c","email":"b@b.c"}\n{"email":"c@b.c"}',
    ['1@1 b@b.c email: is there twice, each name once is wanted {"email":"b@b.c"}', '2@2 {"email":"c@b.c"}'],
  ],
  [
    'a name twice, written otherwise, and within another',
    '{"email":"a@b.c", "order" : {"no":1 , "n\\u006f"\t: 2}}',
    ['1@1 a@b.c no: is there twice, each name once is wanted {"email":"a@b.c","order":{"no":2}}'],
  ],
  [
    'a name in several objects, and texts that look like names',
    '{"email":"a@b.c","x":{"email":1},"y":[{"email":"\\"email\\":"},{"email":"\\\\"},":","{"]}',
    ['1@1 {"email":"a@b.c","x":{"email":1},"y":[{"email":"\\"email\\":"},{"email":"\\\\"},":","{"]}'],
  ],
  [
    'UTF-16',
    Buffer.from('{"email":"a@b.c"}', 'utf16le'),
    ['! row 1 line 1 field null: found UTF-16, UTF-8 text is wanted'],
  ],
  [
    '__proto__',
    '{"email":"a@b.c","__proto__":{"x":1}}',
    ['1@1 a@b.c __proto__: cannot be a column, another name is wanted {"email":"a@b.c","__proto__":{"x":1}}'],
  ],
  [
    'an integer that JSON rounds',
    '{"email":"a@b.c","invoice":{"no":12345678901234567890}}',
    [
      '1@1 a@b.c invoice: is an integer beyond 2^53, a text is wanted {"email":"a@b.c","invoice":{"no":12345678901234567000}}',
    ],
  ],
  ['the largest integer', '{"email":"a@b.c","n":9007199254740991}', ['1@1 {"email":"a@b.c","n":9007199254740991}']],
  ['16 levels', `{"email":"a@b.c","x":${nested(16)}}`, [`1@1 {"email":"a@b.c","x":${nested(16)}}`]],
  [
    '17 levels',
    `{"email":"a@b.c","x":${nested(17)}}`,
    [`1@1 a@b.c x: has more than 16 levels within each other, fewer are wanted {"email":"a@b.c","x":${nested(17)}}`],
  ],
  [
    'a large text',
    `{"email":"a@b.c","x":["${'x'.repeat(65_537)}"]}`,
    [`1@1 a@b.c x: has 65537 octets, 65536 at most are wanted {"email":"a@b.c","x":["${'x'.repeat(100 - 23)}`],
  ],
  [
    '257 columns',
    `{"email":"a@b.c"${Array.from({ length: 256 }, (_, i) => `,"c${i}":1`).join('')}}`,
    [
      `1@1 a@b.c null: has 257 columns, 256 at most are wanted ${`{"email":"a@b.c"${Array.from({ length: 256 }, (_, i) => `,"c${i}":1`).join('')}`.slice(0, 100)}`,
    ],
  ],
  ['nothing', '', ['! row null line null field null: found no rows, at least one is wanted']],
  ['nothing but empty lines', '\n\n', ['! row null line null field null: found no rows, at least one is wanted']],
  [
    'Latin-1',
    Buffer.from('{"email":"a@b.c"}\n{"email":"ë@b.c"}\n', 'latin1'),
    ['1@1 {"email":"a@b.c"}', '! row 2 line 2 field null: found the octet 0xEB, UTF-8 text is wanted'],
  ],
];

test.each(table)('%s', async (_name, input, expected) => {
  expect(await read(input, 'people.jsonl')).toEqual(expected);
});

describe('wherever the octets are cut', () => {
  test.each(table.filter(([, input]) => input.length < 1000))('%s', async (_name, input, expected) => {
    const { length } = Buffer.from(input);
    expect(await read(input, 'people.ndjson', 1)).toEqual(expected);
    for (let cut = 1; cut < length; cut += 1) expect(await read(input, 'people.jsonl', [cut])).toEqual(expected);
  });
});

test('a row of more than 1 MiB ends the file and is not kept', async () => {
  const input = `{"email":"a@b.c"}\n{"x":"${'x'.repeat(3_000_000)}"}`;
  for (const cut of [1000, 65_536, Number.POSITIVE_INFINITY]) {
    expect(await read(input, 'people.jsonl', cut)).toEqual([
      '1@1 {"email":"a@b.c"}',
      '! row 2 line 2 field null: found a row of more than 1048576 octets, a shorter one is wanted',
    ]);
  }
});

test('fields have no prototype', async () => {
  const found = await entries('{"email":"a@b.c"}\nx\n', 'people.jsonl');
  expect(found.map(({ fields }) => Object.getPrototypeOf(fields))).toEqual([null, null]);
});

test('what JSON.stringify writes is read back', async () => {
  const row = fc.record({ email: fc.string({ unit: 'grapheme' }), value: fc.jsonValue({ maxDepth: 4 }) });
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 1, max: 50 }),
      async (rows, cut) => {
        const text = rows.map((each) => `${JSON.stringify(each)}\n`).join('');
        const found = await collected(readAudience(inPieces(text, cut), { name: 'x.jsonl' }));
        expect(found.map(({ fields }) => ({ ...fields }))).toEqual(JSON.parse(JSON.stringify(rows)));
      },
    ),
  );
});

describe('a file’s name tells its format', () => {
  const csv = 'email\na@b.c\n';
  const json = '{"email":"a@b.c"}\n';
  const kind = 'found another kind of file, .csv, .jsonl or .ndjson is wanted, each also with .gz';

  test.each([
    ['a/people.csv', csv, '1@2 {"email":"a@b.c"}'],
    ['PEOPLE.CSV', csv, '1@2 {"email":"a@b.c"}'],
    ['people.jsonl', json, '1@1 {"email":"a@b.c"}'],
    ['people.ndjson', json, '1@1 {"email":"a@b.c"}'],
    ['people.csv.gz', gzipSync(csv), '1@2 {"email":"a@b.c"}'],
    ['people.jsonl.GZ', gzipSync(json), '1@1 {"email":"a@b.c"}'],
    ['two.csv.gz', Buffer.concat([gzipSync('email\n'), gzipSync('a@b.c\n')]), '1@2 {"email":"a@b.c"}'],
    ['people.json', json, `! row null line null field null: ${kind}`],
    ['people.xlsx', csv, `! row null line null field null: ${kind}`],
    ['people', csv, `! row null line null field null: ${kind}`],
    ['people.csv.zip', csv, `! row null line null field null: ${kind}`],
  ])('%s', async (name, input, expected) => {
    expect(await read(input, name, 5)).toEqual([expected]);
  });
});

describe('gzip', () => {
  const whole = gzipSync('email\na@b.c\n');

  test.each([
    ['no gzip', 'email\na@b.c\n', 'found incorrect header check, a whole gzip file is wanted'],
    ['nothing', '', 'found unexpected end of file, a whole gzip file is wanted'],
    ['a torn file', whole.subarray(0, -4), 'found unexpected end of file, a whole gzip file is wanted'],
    [
      'a flipped bit',
      whole.map((octet, index) => (index === whole.length - 7 ? octet ^ 1 : octet)),
      'found incorrect data check, a whole gzip file is wanted',
    ],
    [
      'a bomb',
      gzipSync(`email\n${'a@b.c\n'.repeat(1_000_000)}`),
      'found a gzip file that inflates to more than 100 times its size, a plainer file is wanted',
    ],
  ])('%s ends the file', async (_name, input, problem) => {
    expect((await read(input, 'people.csv.gz')).at(-1)).toMatch(
      new RegExp(`^! row .* line \\d+ field null: ${problem}$`),
    );
  });

  test('a bomb of any ratio is stopped by its size', async () => {
    const stream = inflated(inPieces(gzipSync('x'.repeat(100_000))), {
      ratio: 1000,
      freeOctets: 0,
      totalOctets: 70_000,
    });
    await expect(collected(stream)).rejects.toThrow('inflates to more than 70000 octets');
  });

  test('a reader that stops early closes the file', async () => {
    let closed = false;
    const source = async function* () {
      try {
        while (true) yield gzipSync('email\na@b.c\n');
      } finally {
        closed = true;
      }
    };
    for await (const entry of readAudience(source(), { name: 'people.csv.gz' })) if (entry.row > 2) break;
    await expect.poll(() => closed).toBe(true);
  });

  test.each(['people.csv', 'people.csv.gz'])('an error of the source of %s is thrown as it is', async (name) => {
    const broken = async function* () {
      yield new Uint8Array();
      throw new Error('disk gone');
    };
    await expect(collected(readAudience(broken(), { name }))).rejects.toThrow('disk gone');
  });
});

test('no name is told to come twice in what JSON itself has written', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 4 }), (json) => {
      const written = JSON.stringify(JSON.parse(json));
      expect(namesIn(written)).toBe(namesOf(JSON.parse(written)));
      expect(nameTwice(written)).toBeNull();
    }),
  );
});

test('a name that is added again is found', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }), { minKeys: 1, maxKeys: 5 }),
      fc.nat(),
      (fields, at) => {
        const names = Object.keys(fields);
        const name = names[at % names.length] ?? '';
        const text = `${JSON.stringify(fields).slice(0, -1)},${JSON.stringify(name)}:0}`;
        expect(namesIn(text)).toBe(namesOf(JSON.parse(text)) + 1 + namesOf(fields[name]));
        expect(nameTwice(text)).toBe(name);
      },
    ),
  );
});
