/** Audiences: rows, problems with rows, or one error for the file; the same however the octets come. */
import { type AudienceEntry, AudienceError, isRowProblem, readAudience } from '#audience';
import { digestOf, Random } from '../random.ts';
import { documentedError, endingOf, expect, expectPrintable, type Target } from '../target.ts';

interface Read {
  readonly entries: readonly AudienceEntry[];
  readonly error: Error | null;
}

async function read(name: string, pieces: readonly Uint8Array[]): Promise<Read> {
  async function* stream(): AsyncGenerator<Uint8Array> {
    yield* pieces;
  }
  const entries: AudienceEntry[] = [];
  try {
    for await (const entry of readAudience(stream(), { name })) entries.push(entry);
    return { entries, error: null };
  } catch (error) {
    return { entries, error: documentedError(error, [AudienceError]) };
  }
}

async function run(name: string, input: Uint8Array): Promise<string> {
  const random = new Random(digestOf(input.subarray(0, 64)));
  const cut = random.below(input.length + 1);
  const whole = await read(name, [input]);
  const inTwo = await read(name, [input.subarray(0, cut), input.subarray(cut)]);
  expect(JSON.stringify(whole.entries) === JSON.stringify(inTwo.entries), `cut at ${cut}, other rows are read`);
  expect(whole.error?.message === inTwo.error?.message, `cut at ${cut}, it ends otherwise`);
  for (const [index, entry] of whole.entries.entries()) checkEntry(entry, index);
  const problems = whole.entries.filter(isRowProblem);
  const kinds = new Set(problems.map(({ problem }) => problem.replace(/\d+|"[^"]*"/g, '0')));
  return `${Math.min(whole.entries.length, 3)} ${[...kinds].sort().join(' ').slice(0, 200)} ${whole.error === null ? '' : endingOf(whole.error)}`;
}

function checkEntry(entry: AudienceEntry, index: number): void {
  expect(entry.row === index + 1, `row ${entry.row} comes as number ${index + 1}`);
  expect(entry.line >= entry.row, `row ${entry.row} in line ${entry.line}`);
  expect(Object.getPrototypeOf(entry.fields) === null, 'fields with a prototype');
  if (isRowProblem(entry)) expectPrintable(entry.problem);
  else expect(typeof entry.fields['email'] === 'string', 'a row without an email column');
}

export const csv: Target = {
  name: 'csv',
  seeds: [
    'email,name\nana@example.com,Ana\nzoe@example.com,"Zoë, the ""2nd"""\n',
    '\ufeffemail;name\r\nana@example.com;Ana\r\n',
    'email,name\nana@example.com\nben@example.com,Ben,3\n\nx@example.com,"torn',
    'name,__proto__\na,b\n',
    'Email\tname\nx\ty\n',
  ],
  words: [
    'email',
    ',',
    ';',
    '\t',
    '"',
    '""',
    '\n',
    '\r\n',
    '\r',
    '\0',
    '\ufeff',
    '__proto__',
    '\u2028',
    'a@b.test',
    ',,,,',
    '\ud7ff',
  ],
  run: (input) => run('list.csv', input),
};

export const jsonLines: Target = {
  name: 'json-lines',
  seeds: [
    '{"email":"ana@example.com","name":"Ana"}\n{"email":"zoe@example.com","tags":["a",{"b":1}]}\n',
    '{"email":1}\n[]\nnull\n{"email":"a","__proto__":{"x":1}}\n{"email":"a","n":12345678901234567890}\n',
    '\ufeff{"email":"a"}\r\n\r\n{"email":"b"}',
  ],
  words: [
    '{"email":"a@b.test"}',
    '"',
    '{',
    '}',
    '[',
    ']',
    ':',
    ',',
    '\n',
    '\\u0000',
    '\\ud800',
    '"__proto__":',
    '"toHTML":',
    '1e999',
    'null',
    '\ufeff',
    '[[',
  ],
  run: (input) => run('list.jsonl', input),
};
