/** What EHLO offers beside the ways of mail data: used where it is there, and where it is not, not said. */
import { expect } from 'vitest';
import { CommandError, type Envelope, MailDataError } from '#smtp';
import { type Bench, cell, securitiesOf, usual } from './cells.ts';
import { FROM_ALICE_TO_BOB, send } from './client.ts';
import { lineBody, mailOf } from './mails.ts';
import type { Security } from './servers.ts';

export function extensions(bench: Bench): void {
  for (const security of securitiesOf(bench.kind)) {
    eightBitMime(bench, security);
    size(bench, security);
    smtpUtf8(bench, security);
    dsn(bench, security);
    deliverBy(bench, security);
    recipients(bench, security);
  }
}

const ACCEPTED = { recipients: [{ outcome: 'accepted' }], error: null };
const NOT_OFFERED = 'not offered: refused before sending';

/** The MAIL command of a transaction. */
const mailCommand = (said: readonly string[]) => said.find((line) => line.startsWith('MAIL '));

function eightBitMime(bench: Bench, security: Security): void {
  cell(bench, { row: '8BITMIME', security, proved: 'said of 8-bit mail alone' }, async () => {
    const session = await bench.open(usual(bench.kind, security));
    for (const [name, words, isSaid] of [
      ['8bit', 'Grüße', true],
      ['7bit', 'greetings', false],
    ] as const) {
      const said: string[] = [];
      const mail = mailOf(`${name}-${security}`, lineBody(words));
      expect(await send(session, mail.data, FROM_ALICE_TO_BOB, said)).toMatchObject(ACCEPTED);
      expect(mailCommand(said)?.includes(' BODY=8BITMIME')).toBe(isSaid);
      expect(await bench.delivered.take([mail.name])).toEqual([mail.octets]);
    }
    await session.quit();
  });
}

function size(bench: Bench, security: Security): void {
  cell(bench, { row: 'SIZE', security, proved: 'said; above the limit refused before sending' }, async () => {
    const session = await bench.open(usual(bench.kind, security));
    const said: string[] = [];
    const mail = mailOf(`size-${security}`, lineBody('so many octets'));
    expect(await send(session, mail.data, FROM_ALICE_TO_BOB, said)).toMatchObject(ACCEPTED);
    expect(mailCommand(said)).toContain(` SIZE=${mail.octets.length}`);
    await bench.delivered.take([mail.name]);
    const limit = session.extensions.sizeLimit ?? 0;
    expect(limit).toBeGreaterThan(0);
    await expect(send(session, repeated(limit + 1), FROM_ALICE_TO_BOB, said)).rejects.toThrow(MailDataError);
    expect(session.usable).toBe(true);
    await session.quit();
  });
}

/** Mail data of so many octets, in lines of ten and one that is shorter or longer. */
function repeated(octets: number) {
  const line = Buffer.from('12345678\r\n');
  const block = Buffer.alloc(100_000, line);
  const whole = Math.floor((octets - 20) / block.length);
  const rest = octets - whole * block.length;
  const last = Buffer.concat([
    Buffer.alloc(rest - 20 - (rest % 10), line),
    Buffer.alloc(18 + (rest % 10), 'x'),
    Buffer.from('\r\n'),
  ]);
  return { pieces: [...Array<Uint8Array>(whole).fill(block), last], octets, sevenBit: true, hasDotLine: false };
}

function smtpUtf8(bench: Bench, security: Security): void {
  const isOffered = bench.kind.keywords.includes('SMTPUTF8');
  const proved = isOffered ? 'used: addresses and header' : NOT_OFFERED;
  cell(bench, { row: 'SMTPUTF8', security, proved }, async () => {
    const session = await bench.open(usual(bench.kind, security));
    const said: string[] = [];
    const mail = mailOf(`utf8-${security}`, lineBody('Grüße aus Köln 🦊'), 'Grüße 🦊');
    const envelope = { reversePath: 'søren@mail.test', forwardPaths: ['pelé.用户@mail.test'] };
    const sending = send(session, mail.data, envelope, said);
    if (isOffered) {
      expect(await sending).toMatchObject(ACCEPTED);
      expect(mailCommand(said)).toMatch(/^MAIL FROM:<søren@mail.test>.* SMTPUTF8\b/);
      expect(await bench.delivered.take([mail.name])).toEqual([mail.octets]);
    } else {
      await expect(sending).rejects.toThrow(CommandError);
      expect(said).toEqual([]);
      expect(session.usable).toBe(true);
    }
    await session.quit();
  });
}

/** RFC 3461: the notification that was asked for comes, and names the transaction. */
function dsn(bench: Bench, security: Security): void {
  const isOffered = bench.kind.keywords.includes('DSN');
  const envid = `interop.${security}=${bench.kind.folder}`;
  const proved = isOffered ? 'the notification came' : 'not offered: not said';
  const request = { ret: 'HDRS', envid, notify: ['SUCCESS', 'FAILURE'], orcpt: true } as const;
  cell(bench, { row: 'DSN', security, proved }, async () => {
    const session = await bench.open(usual(bench.kind, security));
    const said: string[] = [];
    const mail = mailOf(`dsn-${security}`, lineBody('tell me'));
    const envelope: Envelope = { ...FROM_ALICE_TO_BOB, dsn: request };
    expect(await send(session, mail.data, envelope, said)).toMatchObject(ACCEPTED);
    await bench.delivered.take([mail.name]);
    await session.quit();
    const parameters = said.filter((line) => / (RET|ENVID|NOTIFY|ORCPT)=/.test(line));
    if (!isOffered) {
      expect(parameters).toEqual([]);
      return;
    }
    expect(parameters).toEqual([
      expect.stringContaining(` RET=HDRS ENVID=interop.${security}+3D${bench.kind.folder}`),
      expect.stringContaining(' NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;bob@mail.test'),
    ]);
    // RET=HDRS: the mail's header comes back with it.
    const report = await bench.delivered.takeNameless(mail.name);
    expect(report).toMatch(/^Action: delivered/im);
    if (!bench.kind.reportsEnvelope) return;
    // Exim hands the ENVID on as it was said, in xtext.
    expect(report).toMatch(/^Original-Envelope-Id: interop\.[a-z-]+(=|\+3D)[a-z]+\r$/im);
    expect(report).toMatch(/^Original-Recipient: rfc822; ?bob@mail.test/im);
  });
}

/** RFC 2852. */
function deliverBy(bench: Bench, security: Security): void {
  const isOffered = bench.kind.keywords.includes('DELIVERBY');
  cell(
    bench,
    { row: 'DELIVERBY', security, proved: isOffered ? 'said; the notification came' : NOT_OFFERED },
    async () => {
      const session = await bench.open(usual(bench.kind, security));
      const said: string[] = [];
      const mail = mailOf(`by-${security}`, lineBody('be quick'));
      const envelope: Envelope = { ...FROM_ALICE_TO_BOB, deliverBy: { seconds: 3600, mode: 'notify' } };
      const sending = send(session, mail.data, envelope, said);
      if (isOffered) {
        expect(await sending).toMatchObject(ACCEPTED);
        expect(mailCommand(said)).toContain(' BY=3600;N');
        await bench.delivered.take([mail.name]);
        // RFC 2852: it goes on to where nobody keeps the time, and says so.
        expect(await bench.delivered.takeNameless(mail.name)).toMatch(/^Deliver-By-Date: /im);
      } else {
        await expect(sending).rejects.toThrow(CommandError);
        expect(said).toEqual([]);
      }
      await session.quit();
    },
  );
}

/** RFC 5321 §3.3: a transaction goes on with those that were accepted. */
function recipients(bench: Bench, security: Security): void {
  cell(bench, { row: 'recipients refused and deferred', security, proved: 'each by its own reply' }, async () => {
    const session = await bench.open(usual(bench.kind, security));
    const mail = mailOf(`recipients-${security}`, lineBody('for who is there'));
    const forwardPaths = [
      'bounce@mail.test',
      'bob@mail.test',
      ...(bench.kind.later === 'deferred' ? ['later@mail.test'] : []),
    ];
    const { recipients: results, error } = await send(session, mail.data, { ...FROM_ALICE_TO_BOB, forwardPaths });
    expect(results).toMatchObject([
      { outcome: 'refused', step: 'RCPT', reply: { code: 550 } },
      { outcome: 'accepted' },
      ...(bench.kind.later === 'deferred'
        ? [{ outcome: 'deferred', step: 'RCPT', reply: { code: expect.any(Number) } }]
        : []),
    ]);
    expect(error).toBeNull();
    const dead = await send(session, mail.data, { ...FROM_ALICE_TO_BOB, forwardPaths: ['bounce@mail.test'] });
    expect(dead).toMatchObject({ recipients: [{ outcome: 'refused', step: 'RCPT' }], error: null });
    const next = mailOf(`recipients-${security}-next`, lineBody('and on it goes'));
    expect(await send(session, next.data)).toMatchObject(ACCEPTED);
    expect(await bench.delivered.take([mail.name, next.name])).toEqual([mail.octets, next.octets]);
    await session.quit();
  });
}
