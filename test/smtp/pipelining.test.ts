/** One mail behind the other with PIPELINING: what leaves when, and what each reply, or none, means for whom. */
import { describe, expect, test } from 'vitest';
import { type AheadScene, aheadScene, outcomes, recorder } from './ahead.ts';
import { mailData } from './mails.ts';
import { settled } from './memory-wire.ts';

const OFFERS = ['PIPELINING'];
const STUFFED = 'Subject: Hello\r\n\r\nHello\r\n..\r\n';

function envelopeOf(n: number): string {
  return `MAIL FROM:<m${n}@example.com>\r\nRCPT TO:<p${n}@example.org>\r\nDATA\r\n`;
}

describe('a session with PIPELINING', () => {
  test('sends content, indicator and the next envelope in one write', async () => {
    const { session, server, send } = await aheadScene(OFFERS);
    expect(session.mode).toBe('pipelining');
    expect(session.room).toBe(2);
    const [one, two] = [send(1), send(2)];
    expect(session.room).toBe(0);
    expect(await outcomes(one)).toEqual(['accepted']);
    const three = send(3);
    expect(await outcomes(two)).toEqual(['accepted']);
    expect(await outcomes(three)).toEqual(['accepted']);
    expect(server.writes).toEqual([
      envelopeOf(1),
      `${STUFFED}.\r\nRSET\r\n${envelopeOf(2)}`,
      `${STUFFED}.\r\nRSET\r\n${envelopeOf(3)}`,
      `${STUFFED}.\r\n`,
    ]);
    expect(server.mails.map(({ reversePath, content }) => [reversePath, content])).toEqual(
      [1, 2, 3].map((n) => [`m${n}@example.com`, STUFFED]),
    );
  });

  test('asks for the release after the 354, and holds the content until then', async () => {
    const { server, send } = await aheadScene(OFFERS);
    let release = (_yes: boolean): void => {};
    const sent = send(1, {
      release: () =>
        new Promise((resolve) => {
          release = resolve;
        }),
    });
    await settled();
    expect(server.writes).toEqual([envelopeOf(1)]);
    release(true);
    expect(await outcomes(sent)).toEqual(['accepted']);
  });

  test('has one indicator in flight at the most', async () => {
    const { server, send, answer } = await aheadScene(OFFERS, { holds: true });
    const asked: number[] = [];
    const release = (n: number) => async () => {
      asked.push(n);
      return true;
    };
    const [one, two] = [send(1, { release: release(1) }), send(2, { release: release(2) })];
    await settled();
    await answer(3);
    expect(asked).toEqual([1]);
    // The final reply to the first, then all but the 354 of the second.
    await answer(1);
    expect(await outcomes(one)).toEqual(['accepted']);
    await answer(3);
    expect(asked).toEqual([1]);
    await answer(1);
    expect(asked).toEqual([1, 2]);
    await settled();
    await answer(1);
    expect(await outcomes(two)).toEqual(['accepted']);
    expect(server.mails).toHaveLength(2);
  });

  test('answers a 354 with the indicator alone where no recipient was taken, and goes on', async () => {
    const answers = ({ verb, line }: { verb: string; line: string }) => {
      if (verb === '.') return null;
      return verb === 'RCPT' && line.includes('<p1@') ? '550 5.1.1 no such user' : null;
    };
    const { server, send } = await aheadScene(OFFERS, { answers });
    const release = async () => {
      throw new Error('nobody is to ask');
    };
    const [one, two] = [send(1, { release }), send(2)];
    expect(await outcomes(one)).toEqual(['refused']);
    expect(await outcomes(two)).toEqual(['accepted']);
    expect(server.writes[1]).toBe(`.\r\nRSET\r\n${envelopeOf(2)}`);
    expect(server.mails.map(({ reversePath }) => reversePath)).toEqual(['m2@example.com']);
  });

  test.each(['503 5.5.1 no recipients', '554 5.5.1 no valid recipients', '451 4.3.0 not now'])(
    'goes on with the next mail where DATA is answered %s',
    async (reply) => {
      const answers = ({ verb, mail }: { verb: string; mail: number }) =>
        verb === 'DATA' && mail === 1 ? reply : null;
      const { server, session, send } = await aheadScene(OFFERS, { answers });
      const [one, two] = [send(1), send(2)];
      expect((await one).recipients).toMatchObject([{ step: 'DATA', reply: { code: Number(reply.slice(0, 3)) } }]);
      expect(await outcomes(two)).toEqual(['accepted']);
      expect(server.writes[1]).toBe(`RSET\r\n${envelopeOf(2)}`);
      expect(session.usable).toBe(true);
    },
  );

  test('says an envelope again, alone, to a server that takes no command together with mail data', async () => {
    let isWithData = false;
    const { server, session, send } = await aheadScene(OFFERS, {
      answers: ({ verb, mail }) => {
        // In one write with the first mail's data; so is everything up to the DATA behind it.
        if (verb === '.') isWithData = mail === 1;
        if (!isWithData || verb === '.') return null;
        if (verb === 'DATA') isWithData = false;
        return '503 Bad sequence of commands - pipelined after end of DATA';
      },
    });
    const [one, two] = [send(1), send(2)];
    expect(await outcomes(one)).toEqual(['accepted']);
    expect(await outcomes(two)).toEqual(['accepted']);
    const [three, four] = [send(3), send(4)];
    expect(await outcomes(three)).toEqual(['accepted']);
    expect(await outcomes(four)).toEqual(['accepted']);
    expect(session.usable).toBe(true);
    expect(server.writes).toEqual([
      envelopeOf(1),
      `${STUFFED}.\r\nRSET\r\n${envelopeOf(2)}`,
      ...[2, 3, 4].flatMap((n) => [`RSET\r\n${envelopeOf(n)}`, `${STUFFED}.\r\n`]),
    ]);
    expect(server.mails.map(({ reversePath }) => reversePath)).toEqual([1, 2, 3, 4].map((n) => `m${n}@example.com`));
  });

  test('sends no mail data to a server that refused MAIL and goes on all the same', async () => {
    const answers = ({ verb, mail }: { verb: string; mail: number }) =>
      verb === 'MAIL' && mail === 1 ? '451 4.3.0 not now' : null;
    const { server, wire, send } = await aheadScene(OFFERS, { answers });
    const [one, two] = [send(1), send(2)];
    expect(await outcomes(one)).toEqual(['deferred']);
    expect(await outcomes(two)).toEqual(['unsent']);
    expect(server.writes).toEqual([envelopeOf(1)]);
    expect(wire.closed).toBe('destroyed');
  });

  test.each(['no', 'error'])('is cut where mail data is withheld by %s: a lone dot would send a mail', async (how) => {
    const { server, wire, send } = await aheadScene(OFFERS);
    const withheld = send(1, {
      release: async () => {
        if (how === 'error') throw new Error('the disk is full');
        return false;
      },
    });
    const behind = send(2);
    expect((await withheld).recipients).toMatchObject([{ outcome: 'unsent', error: { code: 'ERR_SMTP_WITHHELD' } }]);
    expect(await outcomes(behind)).toEqual(['unsent']);
    expect(server.writes).toEqual([envelopeOf(1)]);
    expect(wire.closed).toBe('destroyed');
  });

  test('sends large mail data block by block, and is released when only the indicator is left', async () => {
    const large = mailData('Subject: Hello\r\n\r\n', `${'x'.repeat(900)}\r\n`.repeat(600));
    const { server, send } = await aheadScene(OFFERS);
    const seen: string[] = [];
    const release = async () => {
      seen.push(server.writes.at(-1)?.slice(-4) ?? '');
      return true;
    };
    const one = send(1, { data: large, release });
    const two = send(2);
    expect(await outcomes(one)).toEqual(['accepted']);
    expect(await outcomes(two)).toEqual(['accepted']);
    expect(seen).toEqual(['xx\r\n']);
    expect(server.writes).toContain(`.\r\nRSET\r\n${envelopeOf(2)}`);
    expect(server.mails[0]?.content).toBe(Buffer.concat(large.pieces).toString('latin1'));
  });

  test('records each conversation with its own mail', async () => {
    const { send } = await aheadScene(OFFERS);
    const [one, two] = [recorder(), recorder()];
    await Promise.all([send(1, one), send(2, two)]);
    expect(two.lines).toEqual([
      'C: RSET',
      'C: MAIL FROM:<m2@example.com>',
      'C: RCPT TO:<p2@example.org>',
      'C: DATA',
      'S: 250 ok',
      'S: 250 ok',
      'S: 250 ok',
      'S: 354 go ahead',
      'C: <mail data>',
      'C: .',
      'S: 250 2.0.0 Ok: queued as Q2',
    ]);
    expect(one.lines.at(-1)).toBe('S: 250 2.0.0 Ok: queued as Q1');
  });
});

/** The first mail's indicator has left with the second's envelope; no reply to either has come. */
async function twoInFlight(): Promise<AheadScene & { all: () => Promise<(string | undefined)[]> }> {
  const scene = await aheadScene(OFFERS, { holds: true });
  const results = [scene.send(1), scene.send(2)];
  await settled();
  await scene.answer(3);
  const all = async () => (await Promise.all(results)).map(({ recipients }) => recipients[0]?.outcome);
  return { ...scene, all };
}

describe('with one indicator in flight and an envelope behind it', () => {
  test('a lost connection leaves the first uncertain and the second unsent', async () => {
    const { wire, all } = await twoInFlight();
    wire.cut();
    expect(await all()).toEqual(['uncertain', 'unsent']);
  });

  test('a 421 as final reply defers the first, and the second is unsent', async () => {
    const { wire, all } = await twoInFlight();
    wire.say('421 4.7.0 closing\r\n');
    wire.cut();
    expect(await all()).toEqual(['deferred', 'unsent']);
  });

  test('a reply too many makes the first uncertain', async () => {
    const { wire, all } = await twoInFlight();
    wire.say('250 ok\r\n250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n250 and one more\r\n');
    expect(await all()).toEqual(['uncertain', 'unsent']);
  });

  test('garbage makes the first uncertain', async () => {
    const { wire, all } = await twoInFlight();
    wire.say('garbage\r\n');
    expect(await all()).toEqual(['uncertain', 'unsent']);
  });

  test('an early reply behind the 354 is nobody’s: nothing more leaves', async () => {
    const { wire, server, all } = await twoInFlight();
    const writes = server.writes.length;
    wire.say('250 queued\r\n250 reset\r\n250 ok\r\n250 ok\r\n354 go ahead\r\n');
    // Before the content of the second is written.
    wire.say('250 2.0.0 Ok: queued as fake\r\n');
    expect(await all()).toEqual(['accepted', 'unsent']);
    expect(server.writes).toHaveLength(writes);
  });

  test('silence ends at the deadline of the final reply, with no timer left', async () => {
    const { wire, time, all } = await twoInFlight();
    time.advance(10 * 60_000 - 1);
    expect(wire.closed).toBeNull();
    time.advance(1);
    expect(await all()).toEqual(['uncertain', 'unsent']);
    expect(time.pending).toBe(0);
  });
});
