/** Canonical forms: RFC 6376's own examples, and any cut of any body beside the section's words taken one after the other. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RelaxedBody } from '../../../functions/mime/dkim/canonical-body.ts';
import { fieldsOf, relaxedField } from '../../../functions/mime/dkim/canonical-header.ts';

function relaxed(pieces: readonly Uint8Array[]): string {
  const out: Buffer[] = [];
  const body = new RelaxedBody((octets) => out.push(Buffer.from(octets)));
  for (const piece of pieces) body.push(piece);
  body.end();
  return Buffer.concat(out).toString('latin1');
}

/** RFC 6376 §3.4.4, sentence by sentence. */
function asWritten(body: string): string {
  const lines = body
    .replace(/[ \t]+\r\n/g, '\r\n')
    .replace(/[ \t]+$/, '')
    .replace(/[ \t]+/g, ' ')
    .replace(/(?:\r\n)+$/, '');
  return lines === '' ? '' : `${lines}\r\n`;
}

const octets = (text: string) => Buffer.from(text, 'latin1');

describe('relaxed header', () => {
  it('is what RFC 6376 §3.4.5 shows', () => {
    const fields = fieldsOf('A: X\r\nB : Y\t\r\n\tZ  \r\n');
    expect(fields.map(relaxedField)).toEqual(['a:X', 'b:Y Z']);
  });

  it.each([
    ['Subject:\r\n', ['subject:']],
    ['Subject: \t \r\n', ['subject:']],
    ['To:a@example.com,\r\n  b@example.com\r\nCC :  c:d \r\n', ['to:a@example.com, b@example.com', 'cc:c:d']],
    // The last octet of "à" in UTF-8 is 0xA0, which some call white space.
    ['From: \u00c3\u00a0  <\u00c3\u00a0@example.com>\r\n', ['from:\u00c3\u00a0 <\u00c3\u00a0@example.com>']],
  ])('%j', (header, canonical) => {
    expect(fieldsOf(header).map(relaxedField)).toEqual(canonical);
  });
});

describe('relaxed body', () => {
  it.each([
    // RFC 6376 §3.4.5.
    [' C \r\nD \t E\r\n\r\n\r\n', ' C\r\nD E\r\n'],
    ['', ''],
    ['\r\n', ''],
    [' \t\r\n\r\n \r\n', ''],
    ['\r\n\r\na', '\r\n\r\na\r\n'],
    ['a\r\n \t\r\n\r\nb \r\n', 'a\r\n\r\n\r\nb\r\n'],
    ['a\rb\nc\r\r\n', 'a\rb\nc\r\r\n'],
    ['a \r', 'a \r\r\n'],
    [' ', ''],
    ['\u00c3\u00a0 \r\n', '\u00c3\u00a0\r\n'],
  ])('%j is %j', (body, canonical) => {
    expect(relaxed([octets(body)])).toBe(canonical);
    expect(relaxed([...octets(body)].map((octet) => Uint8Array.of(octet)))).toBe(canonical);
  });

  it('does not depend on where a body is cut', () => {
    const word = fc.constantFrom(' ', '\t', '\r\n', '  ', '\r\n\r\n', 'a', '=', '.', '\u00a0', 'text', ' \r\n');
    const body = fc.array(word, { maxLength: 30 }).map((words) => words.join(''));
    fc.assert(
      fc.property(body, (text) => {
        const whole = octets(text);
        const wanted = asWritten(text);
        expect(relaxed([whole])).toBe(wanted);
        for (let cut = 0; cut <= whole.length; cut += 1)
          expect(relaxed([whole.subarray(0, cut), whole.subarray(cut)])).toBe(wanted);
      }),
      { numRuns: 500 },
    );
  });

  it('is the same with long pieces, of which many mails have the same', () => {
    const line = 'Many words  in a line \t\r\n \r\n';
    for (const long of [
      `a${line.repeat(3000)}z`,
      'QUJD'.repeat(9000),
      ` ${line.repeat(3000)}`,
      `${line.repeat(3000)}z`,
    ]) {
      const piece = octets(long);
      for (const before of ['', ' \r\n \r\n', 'x', 'x ', 'x\r\n\r\n']) {
        for (const behind of ['', ' \r\n', 'y', ' y', '\r\n\r\ny']) {
          const pieces = [octets(before), piece, octets(behind)];
          expect(relaxed(pieces) === asWritten(`${before}${long}${behind}`)).toBe(true);
        }
      }
    }
  });
});
