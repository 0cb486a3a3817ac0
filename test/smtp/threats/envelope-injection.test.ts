/** Envelopes that would name somebody else, or say another command: not one octet of them is sent. */
import { describe, expect, it } from 'vitest';
import { CommandError, type Envelope } from '#smtp';
import { LETTER } from '../mails.ts';
import { ENVELOPE, send } from '../sessions.ts';
import { MODES, readingServer } from './reading-server.ts';

const CONTROLS = [
  ...Array.from({ length: 32 }, (_, code) => String.fromCharCode(code)),
  '\x7f',
  '\u0085',
  '\u2028',
  '\u2029',
  // CR and LF once their upper halves are cut off.
  '\u560d\u560a',
];

/** Paths that mailers have taken apart, repaired or passed on. */
const HOSTILE: readonly string[] = [
  'b@y.test>\r\nRCPT TO:<evil@z.test',
  'b@y.test\0evil',
  'b@y.test> NOTIFY=NEVER x',
  'b@y.test\nRCPT TO:<evil@z.test>',
  'b@y.test\r\nDATA\r\n',
  '"b\r\nc"@y.test',
  '"b@y.test>\r\nRCPT TO:<evil@z.test"@y.test',
  'evil@z.test b@y.test',
  'evil@z.test,b@y.test',
  '<evil@z.test>b@y.test',
  'b@y.test<evil@z.test>',
  '@z.test:b@y.test',
  '"evil@z.test> x"@y.test',
  'evil@z.test>@y.test',
  ...CONTROLS.flatMap((control) => [`b${control}c@y.test`, `b@y${control}z.test`, `b@y.test${control}`]),
];

/** What JSON and other people's code bring where a string is wanted. */
const NO_STRINGS: readonly unknown[] = [
  { toString: () => 'b@y.test>\r\nRCPT TO:<evil@z.test' },
  ['b@y.test>\r\nRCPT TO:<evil@z.test'],
  new String('b@y.test'),
  null,
  undefined,
  7,
];

const GREETED = 'EHLO client.example.com\r\n';

describe.each(MODES)('a hostile envelope, %s', (mode) => {
  const refused = async (envelope: Envelope, field: string): Promise<void> => {
    const { wire, open, taken } = readingServer(mode);
    const session = await open();
    const sent = session.transact(envelope, LETTER, { release: async () => true, record: () => {} });
    const error: unknown = await sent.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CommandError);
    expect(error).toMatchObject({ field });
    expect(String(error)).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
    expect(wire.heard).toBe(GREETED);
    // The next mail is sent as if nothing had been.
    expect((await send(session)).recipients).toMatchObject([{ outcome: 'accepted' }]);
    expect(taken).toMatchObject([ENVELOPE]);
  };

  it.each(HOSTILE)('that has %j as a forward-path sends nothing, nor anything for those beside it', async (path) => {
    await refused({ ...ENVELOPE, forwardPaths: ['a@y.test', path, 'c@y.test'] }, 'forward-path');
  });

  it.each(HOSTILE)('that has %j as its reverse-path sends nothing', async (path) => {
    await refused({ ...ENVELOPE, reversePath: path }, 'reverse-path');
  });

  it.each(NO_STRINGS)('that has %o where a string is wanted sends nothing', async (value) => {
    await refused({ ...ENVELOPE, forwardPaths: [value as string] }, 'forward-path');
    await refused({ ...ENVELOPE, reversePath: value as string }, 'reverse-path');
  });
});
