/** CSV: what is read, what is a row's problem, and what ends the file. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readAudience } from '#audience';
import { collected, entries, type Input, inPieces, read } from './read.ts';

const utf16 = (text: string) => Buffer.from(text, 'utf16le');
const latin1 = (text: string) => Buffer.from(text, 'latin1');

const table: readonly (readonly [name: string, input: Input, expected: readonly string[]])[] = [
  ['one row', 'email\na@b.c\n', ['1@2 {"email":"a@b.c"}']],
  ['no line end at the end', 'email\na@b.c', ['1@2 {"email":"a@b.c"}']],
  [
    'Windows line ends',
    'email,name\r\na@b.c,Ann\r\nb@b.c,Bo\r\n',
    ['1@2 {"email":"a@b.c","name":"Ann"}', '2@3 {"email":"b@b.c","name":"Bo"}'],
  ],
  [
    'both line ends',
    'email,name\na@b.c,Ann\r\nb@b.c,Bo\n',
    ['1@2 {"email":"a@b.c","name":"Ann"}', '2@3 {"email":"b@b.c","name":"Bo"}'],
  ],
  ['a byte order mark', '\ufeffemail\na@b.c\n', ['1@2 {"email":"a@b.c"}']],
  ['a byte order mark before a quote', '\ufeff"email"\na@b.c\n', ['1@2 {"email":"a@b.c"}']],
  [
    'a second byte order mark, which is text',
    'email,name\na@b.c,\ufeffx\n',
    ['1@2 {"email":"a@b.c","name":"\ufeffx"}'],
  ],
  ['blanks as written', 'email, name\n a@b.c , Ann \n', ['1@2 {"email":" a@b.c "," name":" Ann "}']],
  ['empty fields', 'email,name\n,\n', ['1@2 {"email":"","name":""}']],
  ['an empty quoted field', 'email\n""\n', ['1@2 {"email":""}']],
  ['quotes', 'email,name\na@b.c,"Ann ""A"", B"\n', ['1@2 {"email":"a@b.c","name":"Ann \\"A\\", B"}']],
  [
    'quoted line ends',
    'email,name\na@b.c,"x\ny\r\nz"\nb@b.c,w\n',
    ['1@2 {"email":"a@b.c","name":"x\\ny\\r\\nz"}', '2@5 {"email":"b@b.c","name":"w"}'],
  ],
  ['quoted line ends in the header', '"email","a\nb"\na@b.c,x\n', ['1@3 {"email":"a@b.c","a\\nb":"x"}']],
  ['empty lines', '\n\nemail\r\n\r\na@b.c\n\n\nb@b.c\n\n', ['1@5 {"email":"a@b.c"}', '2@8 {"email":"b@b.c"}']],
  ['other scripts', 'email,name\na@b.c,Zoë 山田 😀 שלום\n', ['1@2 {"email":"a@b.c","name":"Zoë 山田 😀 שלום"}']],
  ['U+FFFD as written', 'email,name\na@b.c,\ufffd\n', ['1@2 {"email":"a@b.c","name":"\ufffd"}']],
  ['a carriage return inside of a field', 'email,name\na@b.c,x\ry\n', ['1@2 {"email":"a@b.c","name":"x\\ry"}']],
  ['an injection, as written', 'email\n"a@b.c\r\nRCPT TO:<e@z>"\n', ['1@2 {"email":"a@b.c\\r\\nRCPT TO:<e@z>"}']],
  ['other separators, as one column', 'email\na;b\tc\n', ['1@2 {"email":"a;b\\tc"}']],
  [
    'names of Object.prototype',
    'email,toString,valueOf\na@b.c,x,y\n',
    ['1@2 {"email":"a@b.c","toString":"x","valueOf":"y"}'],
  ],
  // What is wrong with one row.
  [
    'too few columns',
    'email,name\na@b.c\nb@b.c,Bo\n',
    ['1@2 a@b.c null: has 1 column, 2 are wanted {"email":"a@b.c"}', '2@3 {"email":"b@b.c","name":"Bo"}'],
  ],
  [
    'too many columns',
    'email,name\na@b.c,Ann,x\nb@b.c,Bo\n',
    ['1@2 a@b.c null: has 3 columns, 2 are wanted {"email":"a@b.c","name":"Ann"}', '2@3 {"email":"b@b.c","name":"Bo"}'],
  ],
  [
    'too few columns to have an address',
    'name,email\nAnn\n',
    ['1@2 null null: has 1 column, 2 are wanted {"name":"Ann"}'],
  ],
  [
    'a line of blanks',
    'email,name\n  \na@b.c,Ann\n',
    ['1@2    null: has 1 column, 2 are wanted {"email":"  "}', '2@3 {"email":"a@b.c","name":"Ann"}'],
  ],
  [
    'a field of 64 KiB',
    `email,name\na@b.c,${'x'.repeat(65_536)}\n`,
    [`1@2 {"email":"a@b.c","name":"${'x'.repeat(65_536)}"}`],
  ],
  [
    'a larger field',
    `email,name\na@b.c,${'x'.repeat(65_537)}\nb@b.c,Bo\n`,
    [
      `1@2 a@b.c name: has 65537 octets, 65536 at most are wanted {"email":"a@b.c","name":"${'x'.repeat(100 - 25)}`,
      '2@3 {"email":"b@b.c","name":"Bo"}',
    ],
  ],
  [
    'a field of fewer characters but more octets',
    `email,name\na@b.c,${'☃'.repeat(21_846)}\n`,
    [`1@2 a@b.c name: has 65538 octets, 65536 at most are wanted {"email":"a@b.c","name":"${'☃'.repeat(100 - 25)}`],
  ],
  // What ends the file.
  ['nothing', '', ['! row null line null field null: found no rows, a header row and at least one more are wanted']],
  [
    'nothing but empty lines',
    '\n\r\n',
    ['! row null line null field null: found no rows, a header row and at least one more are wanted'],
  ],
  [
    'nothing but a byte order mark',
    '\ufeff',
    ['! row null line null field null: found no rows, a header row and at least one more are wanted'],
  ],
  [
    'a header alone',
    'email,name\n',
    ['! row null line null field null: found no rows below the header, at least one is wanted'],
  ],
  [
    'a header alone, not ended',
    'email,name',
    ['! row null line null field null: found no rows below the header, at least one is wanted'],
  ],
  [
    'no email column',
    'mail,name\na@b.c,Ann\n',
    ['! row null line 1 field email: found the columns "mail", "name", a column "email" is wanted'],
  ],
  ...['Email', 'E-Mail', 'EMAIL', ' email', 'e_mail '].map(
    (column) =>
      [
        `the column email by the name ${JSON.stringify(column)}`,
        `name,${column}\nAnn,a@b.c\n`,
        [`! row null line 1 field email: found the column "${column}", it is called "email" here`],
      ] as const,
  ),
  [
    'no email column but line ends',
    '\n\n"na\nme"\na\n',
    ['! row null line 3 field email: found the columns "na\\nme", a column "email" is wanted'],
  ],
  [
    'semicolons',
    'email;name\na@b.c;Ann\n',
    ['! row null line 1 field null: the columns seem to be separated by ";", commas are wanted'],
  ],
  [
    'tabs',
    'Email\tname\na@b.c\tAnn\n',
    ['! row null line 1 field null: the columns seem to be separated by tabs, commas are wanted'],
  ],
  [
    "Excel's line for semicolons",
    'sep=;\nemail;name\na@b.c;Ann\n',
    ['! row null line 1 field null: the columns seem to be separated by ";", commas are wanted, and no line "sep=;"'],
  ],
  [
    "Excel's line for commas",
    '\ufeffsep=,\r\nemail,name\r\na@b.c,Ann\r\n',
    ['! row null line 1 field null: found the line "sep=," of Excel, the row of column names is wanted first'],
  ],
  ['semicolons in other columns', 'email,a;b\na@b.c,x\n', ['1@2 {"email":"a@b.c","a;b":"x"}']],
  [
    'only carriage returns',
    'email\ra@b.c\r',
    ['! row null line 1 field email: found the columns "email\\ra@b.c\\r", a column "email" is wanted'],
  ],
  [
    'a column twice',
    'email,name,name\na@b.c,x,y\n',
    ['! row null line 1 field name: found the column twice, different names are wanted'],
  ],
  [
    'a column without a name',
    'email,\na@b.c,x\n',
    ["! row null line 1 field null: found no name for column 2, each column's name is wanted"],
  ],
  ...['__proto__', 'constructor', 'prototype', 'toHTML'].map(
    (name) =>
      [
        `the column ${name}`,
        `email,${name}\na@b.c,x\n`,
        [`! row null line 1 field ${name}: found a name that cannot be a column, another is wanted`],
      ] as const,
  ),
  [
    '256 columns',
    `email${Array.from({ length: 255 }, (_, i) => `,c${i}`).join('')}\n${','.repeat(254)}\n`,
    [
      `1@2  null: has 255 columns, 256 are wanted {"email":"",${Array.from({ length: 254 }, (_, i) => `"c${i}":""`)
        .join(',')
        .slice(0, 100 - 12)}`,
    ],
  ],
  [
    '257 columns',
    `email${Array.from({ length: 256 }, (_, i) => `,c${i}`).join('')}\n`,
    ['! row null line 1 field null: found 257 columns, 256 at most are wanted'],
  ],
  [
    'a quote that is not closed',
    'email,name\na@b.c,Ann\nb@b.c,"Bo\nc@b.c,Cy\n',
    [
      '1@2 {"email":"a@b.c","name":"Ann"}',
      '! row 2 line 3 field name: found a quote that is not closed, text without quotes or within "…" is wanted',
    ],
  ],
  [
    'a quote that is not closed behind line ends',
    'email,a,b\na@b.c,"x\ny",z\n\n"b@\nb.c","x\ny","torn\nmore',
    [
      '1@2 {"email":"a@b.c","a":"x\\ny","b":"z"}',
      '! row 2 line 7 field b: found a quote that is not closed, text without quotes or within "…" is wanted',
    ],
  ],
  [
    'a quote that is not closed in the header',
    'name,"email\na@b.c\n',
    ['! row null line 1 field null: found a quote that is not closed, text without quotes or within "…" is wanted'],
  ],
  [
    'text behind a closing quote',
    'email,name\n\na@b.c,"Ann"x\n',
    ['! row 1 line 3 field name: found text behind a closing quote, text without quotes or within "…" is wanted'],
  ],
  [
    'a quote inside of a text',
    'email,name\r\na@b.c,"x\r\ny"\r\nb@b.c,An"n\r\n',
    [
      '1@2 {"email":"a@b.c","name":"x\\r\\ny"}',
      '! row 2 line 4 field name: found a quote inside of a text without quotes, text without quotes or within "…" is wanted',
    ],
  ],
  [
    'UTF-16, little end first',
    utf16('\ufeffemail\na@b.c\n'),
    ['! row null line 1 field null: found UTF-16, UTF-8 text is wanted; a spreadsheet saves it as "CSV UTF-8"'],
  ],
  [
    'UTF-16, big end first',
    utf16('\ufeffemail\na@b.c\n').swap16(),
    ['! row null line 1 field null: found UTF-16, UTF-8 text is wanted; a spreadsheet saves it as "CSV UTF-8"'],
  ],
  [
    'UTF-16 without a mark',
    utf16('email\na@b.c\n'),
    ['! row null line 1 field null: found UTF-16, UTF-8 text is wanted; a spreadsheet saves it as "CSV UTF-8"'],
  ],
  [
    'Latin-1',
    latin1('email,name\na@b.c,Ann\nb@b.c,Zoë\nc@b.c,Cy\n'),
    [
      '1@2 {"email":"a@b.c","name":"Ann"}',
      '! row 2 line 3 field null: found the octet 0xEB, UTF-8 text is wanted; a spreadsheet saves it as "CSV UTF-8"',
    ],
  ],
  [
    'Latin-1 at the end',
    latin1('email,name\na@b.c,Zoë'),
    ['! row 1 line 2 field null: found the octet 0xEB, UTF-8 text is wanted; a spreadsheet saves it as "CSV UTF-8"'],
  ],
  [
    'an overlong form',
    Buffer.from([...Buffer.from('email\na@b.c\n'), 0xc0, 0xaf]),
    [
      '1@2 {"email":"a@b.c"}',
      '! row 2 line 3 field null: found the octet 0xC0, UTF-8 text is wanted; a spreadsheet saves it as "CSV UTF-8"',
    ],
  ],
  [
    'a surrogate',
    Buffer.from([...Buffer.from('email\n'), 0xed, 0xa0, 0x80, 10]),
    ['! row 1 line 2 field null: found the octet 0xED, UTF-8 text is wanted; a spreadsheet saves it as "CSV UTF-8"'],
  ],
  [
    'a NUL',
    'email\na@b.c\nb\0@b.c\n',
    [
      '1@2 {"email":"a@b.c"}',
      '! row 2 line 3 field null: found the octet 0x00, UTF-8 text is wanted; a spreadsheet saves it as "CSV UTF-8"',
    ],
  ],
];

test.each(table)('%s', async (_name, input, expected) => {
  expect(await read(input)).toEqual(expected);
});

describe('wherever the octets are cut', () => {
  const short = table.filter(([, input]) => input.length < 1000);

  test.each(short)('%s', async (_name, input, expected) => {
    const { length } = Buffer.from(input);
    expect(await read(input, 'people.csv', 1)).toEqual(expected);
    for (let cut = 1; cut < length; cut += 1) expect(await read(input, 'people.csv', [cut])).toEqual(expected);
  });
});

describe('large rows', () => {
  const tooLong = 'found a row of more than 1048576 octets (is a quote not closed?), a shorter one is wanted';
  const wide = (octets: number) => ',x'.repeat(octets / 2);
  const big = (octets: number) => `email,name\na@b.c,Ann\n${'b@b.c'}${wide(octets)}\nc@b.c,Cy\n`;

  test.each([1, 1000, 65_536, 70_000, Number.POSITIVE_INFINITY].filter((cut) => cut !== 1))(
    'of more than 1 MiB end the file, in pieces of %d',
    async (cut) => {
      expect(await read(big(2 ** 20 + 100), 'people.csv', cut)).toEqual([
        '1@2 {"email":"a@b.c","name":"Ann"}',
        `! row 2 line 3 field null: ${tooLong}`,
      ]);
    },
  );

  test('of less are read', async () => {
    const [, row, next] = await read(big(2 ** 20 - 100));
    expect(row).toMatch(/^2@3 b@b.c null: has 524239 columns, 2 are wanted/);
    expect(next).toBe('3@4 {"email":"c@b.c","name":"Cy"}');
  });

  test.each([
    ['a quote that swallows the file', `email,name\na@b.c,"${'x\n'.repeat(3_000_000)}`],
    ['columns without end', `email,name\na@b.c${','.repeat(5_000_000)}`],
    ['a header without end', `${'x'.repeat(5_000_000)}`],
  ])('without end are not kept: %s', async (_name, input) => {
    let octets = 0;
    const counted = async function* () {
      for await (const piece of inPieces(input, 65_536)) {
        octets += piece.length;
        yield piece;
      }
    };
    await expect(collected(readAudience(counted(), { name: 'people.csv' }))).rejects.toThrow(
      'more than 1048576 octets',
    );
    expect(octets).toBeLessThan(1.3 * 2 ** 20);
  });
});

test('fields have no prototype', async () => {
  const [row] = await entries('email\na@b.c\n');
  expect(Object.getPrototypeOf(row?.fields)).toBeNull();
});

test('what any CSV writer writes is read back', async () => {
  const text = fc.string({
    unit: fc.constantFrom('a', '"', ',', '\n', '\r', ' ', 'é', '😀', ';', "'", '\ufeff'),
    maxLength: 8,
  });
  const lists = fc.array(fc.tuple(text, text, text), { minLength: 1, maxLength: 8 });
  const writer = fc.record({
    lineEnd: fc.constantFrom('\n', '\r\n'),
    alwaysQuote: fc.boolean(),
    cut: fc.integer({ min: 1, max: 40 }),
  });
  await fc.assert(
    fc.asyncProperty(lists, writer, async (rows, { lineEnd, alwaysQuote, cut }) => {
      const quoted = (field: string) =>
        alwaysQuote || /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
      const file = [['email', 'b', 'c'], ...rows].map((row) => row.map(quoted).join(',') + lineEnd).join('');
      const found = await collected(readAudience(inPieces(file, cut), { name: 'x.csv' }));
      expect(found.map(({ fields }) => [fields.email, fields.b, fields.c])).toEqual(rows);
      const lines = found.map(({ line }) => line);
      expect(lines).toEqual(
        rows.map((_, index) => 2 + rows.slice(0, index).flat().join('').split('\n').length - 1 + index),
      );
    }),
    { numRuns: 300 },
  );
});

test('octets of any kind give rows or an AudienceError', async () => {
  const octet = fc.oneof(fc.constantFrom(...Buffer.from('email,"\r\na@b')), fc.integer({ min: 0, max: 255 }));
  await fc.assert(
    fc.asyncProperty(fc.array(octet, { maxLength: 60 }), fc.integer({ min: 1, max: 9 }), async (octets, cut) => {
      const input = Buffer.from([...Buffer.from('email,a\n'), ...octets]);
      expect(await read(input, 'x.csv', cut)).toEqual(await read(input));
    }),
    { numRuns: 500 },
  );
});

test('what a terminal would obey is shown escaped in errors, in DEL, C1 and separators too', async () => {
  const [error] = await read('na\u009b2Jme,a\u007f,b\u2028\n');
  expect(error).toBe(
    '! row null line 1 field email: found the columns "na\\u009b2Jme", "a\\u007f", "b\\u2028", a column "email" is wanted',
  );
});
