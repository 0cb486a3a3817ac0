import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CampaignError, escapeControls, formatProblem, type Problem } from '#mailing';

const FORBIDDEN = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

describe('formatProblem', () => {
  const problems: readonly [Problem, string][] = [
    [{ file: 'a.json', problem: 'is empty' }, 'a.json: is empty'],
    [{ file: 'a.json', line: 4, field: 'from', problem: 'is missing' }, 'a.json:4: "from": is missing'],
    [{ file: 'a.csv', row: 17, field: 'email', problem: 'is empty' }, 'a.csv row 17: "email": is empty'],
    [{ file: 'a.csv', line: 18, row: 17, problem: 'is torn' }, 'a.csv:18 row 17: is torn'],
    [{ file: 'a', line: null, row: null, field: null, problem: 'x' }, 'a: x'],
    [{ file: 'a\nb', field: 'c\rd', problem: 'e\u001b[2Jf' }, 'a\\u000ab: "c\\u000dd": e\\u001b[2Jf'],
    [{ file: 'a', field: '', problem: 'x' }, 'a: "": x'],
  ];
  for (const [problem, text] of problems) {
    test(`says ${JSON.stringify(text)}`, () => expect(formatProblem(problem)).toBe(text));
  }
});

describe('escapeControls', () => {
  const texts: readonly [what: string, text: string, expected: string][] = [
    ['a line break', 'a\r\nb', 'a\\u000d\\u000ab'],
    ['a terminal sequence', '\u001b[31mred', '\\u001b[31mred'],
    ['a C1 control', '\u009b31m', '\\u009b31m'],
    ['DEL and NUL', '\u007f\u0000', '\\u007f\\u0000'],
    ['line and paragraph separators', '\u2028\u2029', '\\u2028\\u2029'],
    ['a direction override', 'gpj.\u202eexe', 'gpj.\\u202eexe'],
    ['a direction isolate', '\u2066x\u2069', '\\u2066x\\u2069'],
  ];
  for (const [what, text, expected] of texts)
    test(`escapes ${what}`, () => expect(escapeControls(text)).toBe(expected));

  test('leaves nothing that a terminal or a log of lines would obey, and letters as they are', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(escapeControls(text)).not.toMatch(FORBIDDEN);
        if (!FORBIDDEN.test(text)) expect(escapeControls(text)).toBe(text);
      }),
    );
    expect(escapeControls('Zoë Ł 漢字 😀')).toBe('Zoë Ł 漢字 😀');
  });
});

describe('CampaignError', () => {
  test('says each problem on a line of its own, whatever stands in it', () => {
    const error = new CampaignError('a\nb', [
      { file: 'x', problem: 'one\ntwo' },
      { file: 'y', problem: 'three' },
    ]);
    expect(error.message.split('\n')).toEqual(['Cannot plan campaign a\\u000ab:', '  x: one\\u000atwo', '  y: three']);
    expect(error.code).toBe('ERR_CAMPAIGN');
    expect(error.problems).toHaveLength(2);
  });
});
