/** Each reader's own ways, shown on messages that nobody of us has composed. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asReadBy, OWN_WAYS, sourceOf } from './own-ways.ts';
import { openReaders, type Reader, readBy } from './readers.ts';
import type { Reading } from './reading.ts';

let readers: readonly Reader[] = [];
beforeAll(() => {
  readers = openReaders();
});
afterAll(() => {
  for (const reader of readers) reader.close();
});

function at(reading: Reading, path: string): unknown {
  const [, first = '', rest = ''] = /^([^.]*)\.?(.*)$/.exec(path) ?? [];
  const value = (reading as unknown as Record<string, unknown>)[first];
  // A media type has a slash and no dot.
  return rest.split('.').reduce<unknown>((found, key) => (key === '' ? found : Reflect.get(Object(found), key)), value);
}

describe('in a message by hand', () => {
  it.each(OWN_WAYS.map((way) => [way.reader, way.what, way] as const))('%s %s', async (name, _what, { proof }) => {
    const octets = Buffer.from(proof.message, 'latin1');
    for (const reader of readers) {
      const read = at(await readBy(reader, octets), proof.path);
      if (reader.name === name) expect(read).toBe(proof.read);
      // GMime alone is asked for the message's own part; who else agrees with what is meant shows that it can be read.
      else if (asReadBy(reader.name, proof.path, proof.meant, sourceOf(octets)) === proof.meant)
        expect(read, reader.name).toBe(proof.meant);
    }
    expect(asReadBy(name, proof.path, proof.meant, sourceOf(octets))).toBe(proof.read);
  });
});

describe("what Python's newer functions get wrong, and its older ones, which are asked, do not", () => {
  const read = (message: string, expression: string) =>
    execFileSync('/usr/bin/python3', [
      '-c',
      `import sys; from email import policy, message_from_string as read; m = read(sys.argv[1], policy=policy.default); print(repr(${expression}))`,
      message,
    ])
      .toString()
      .trim();

  it('makes one blank of several in an encoded-word of a name', () => {
    expect(read('To: =?utf-8?Q?a__=C3=A9?= <a@b.c>\n\n', "m['to'].addresses[0].display_name")).toBe("'a é'");
  });

  it('takes angle brackets and blanks off a file name', () => {
    const name = (value: string) => `Content-Disposition: attachment; filename="${value}"\n\n`;
    expect(read(name('<a>'), 'm.get_filename()')).toBe("'a'");
    expect(read(name('a '), 'm.get_filename()')).toBe("'a'");
  });
});

it('the table of README.md has each of them', () => {
  const table = readFileSync(join(import.meta.dirname, 'README.md'), 'utf8');
  for (const { reader, what, rfc } of OWN_WAYS) expect(table).toContain(`| ${reader} | ${what} | ${rfc} |`);
});
