/** The message that goes through queues: what it is, octet for octet, and which others are refused. */
import { describe, expect, test } from 'vitest';
import { type Doorbell, DoorbellError, doorbellIn, doorbellText } from '#mailing';

const BELL: Doorbell = { relay: 'main', run: 'newsletter-1f2e3d4c5b', batch: 3, notBefore: 1_790_000_000_000 };

test('a doorbell is one line of JSON with its version', () => {
  expect(doorbellText(BELL)).toBe(
    '{"cartero":"doorbell","version":1,"relay":"main","run":"newsletter-1f2e3d4c5b","batch":3,"notBefore":1790000000000}',
  );
});

test.each(['newsletter', 'ñandú \u{1f4e7}', '\uffff\ufffe', '"\\', 'a/b c'])(
  'the run %j comes out as it went in',
  (run) => {
    const text = doorbellText({ ...BELL, run });
    expect(text).toMatch(/^[ -~]+$/);
    expect(doorbellIn(text)).toEqual({ ...BELL, run });
  },
);

const SECRET = 'ana@example.com';
const but = (change: object) => JSON.stringify({ ...JSON.parse(doorbellText(BELL)), ...change });

describe('a message that is no doorbell', () => {
  test.each([
    ['', 'its 0 characters are no JSON'],
    [`hello ${SECRET}`, 'its 21 characters are no JSON'],
    [doorbellText(BELL).slice(0, -1), 'characters are no JSON'],
    [`"${SECRET}"`, 'it is JSON, but no object'],
    ['null', 'it is JSON, but no object'],
    ['[]', 'it is JSON, but no object'],
    [`{"Records":[{"s3":"${SECRET}"}]}`, 'it is JSON with 1 key, and no "cartero": "doorbell"'],
    [but({ cartero: 'job' }), 'it is JSON with 6 keys, and no "cartero": "doorbell"'],
    [but({ version: 2 }), 'it is a doorbell of version 2'],
    [but({ version: SECRET }), 'it is a doorbell of no version'],
    [but({ relay: 7 }), '"relay" is no name'],
    [but({ relay: '' }), '"relay" is no name'],
    [but({ run: `a\n${SECRET}` }), '"run" is no name'],
    [but({ run: 'x'.repeat(513) }), '"run" is no name'],
    [but({ batch: 0 }), '"batch" is no number from 1'],
    [but({ batch: '3' }), '"batch" is no number from 1'],
    [but({ batch: 1.5 }), '"batch" is no number from 1'],
    [but({ notBefore: -1 }), '"notBefore" is no moment'],
    [but({ notBefore: null }), '"notBefore" is no moment'],
    [but({ [SECRET]: 1 }), 'it has 1 key more than it should'],
    ['{"__proto__":{"cartero":"doorbell"}}', 'no "cartero": "doorbell"'],
  ])('%j', (text, problem) => {
    const read = () => doorbellIn(text);
    expect(read).toThrow(DoorbellError);
    expect(read).toThrow(problem);
    expect(read).not.toThrow(SECRET);
  });
});
