import { describe, expect, it } from 'vitest';
import { SettingsError } from '#smtp';
import { saslprep } from '../../../functions/smtp/saslprep.ts';

describe('saslprep', () => {
  it.each([
    // RFC 4013 §3.
    ['I\u00adX', 'IX'],
    ['user', 'user'],
    ['USER', 'USER'],
    ['\u00aa', 'a'],
    ['\u2168', 'IX'],
    // §2.1: other spaces are spaces; what shows nothing is nothing.
    ['a\u00a0b\u3000c\u200bd', 'a b c d'],
    ['a\u200c\u200d\ufeff\ufe0fb', 'ab'],
    // §2.2: composed or not, full width or not, it is the same.
    ['contrasen\u0303a', 'contrase\u00f1a'],
    ['\uff50\uff41\uff53\uff53', 'pass'],
    ['שלום', 'שלום'],
    ['ש1ם', 'ש1ם'],
    // §2.5: unassigned in Unicode 3.2, and let through.
    ['p\u{1f600}', 'p\u{1f600}'],
    [' !"~', ' !"~'],
  ])('makes %j to %j', (text, prepared) => expect(saslprep('password', text)).toBe(prepared));

  it.each([
    ['\u0007', 'control character'],
    ['a\u007f', 'control character'],
    ['a\u0085', 'control character'],
    ['a\u2028b', 'control character'],
    ['a\ue000', 'no text'],
    ['a\u{10fffd}', 'no text'],
    ['a\ufdd0', 'no text'],
    ['a\u{1ffff}', 'no text'],
    ['a\ud800', 'no text'],
    ['a\ufffd', 'no text'],
    ['a\u2ff0', 'no text'],
    ['a\u202e', 'no text'],
    ['a\u{e0041}', 'no text'],
    ['\u0627\u0031', 'right to left'],
    ['שa', 'right to left'],
    ['שaם', 'right to left'],
    ['1ש', 'right to left'],
    ['\u00ad', 'nothing in it'],
  ])('refuses %j, and does not quote it', (text, problem) => {
    let error: unknown;
    try {
      saslprep('password', text);
    } catch (thrown) {
      error = thrown;
    }
    if (!(error instanceof SettingsError)) throw new Error('it was taken');
    expect(error.message).toContain(problem);
    expect(error.field).toBe('password');
    expect(error.message).not.toContain(text);
  });
});
