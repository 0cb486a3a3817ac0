/** Several mail transactions in flight by BDAT: what leaves when, and what each reply, or none, means for whom. */
import { describe, expect, test } from 'vitest';
import { aheadScene, outcomes, recorder } from './ahead.ts';
import { mailData } from './mails.ts';
import { settled } from './memory-wire.ts';

const OFFERS = ['PIPELINING', 'CHUNKING', 'SIZE 10000000'];
const CONTENT = 'Subject: Hello\r\n\r\nHello\r\n.\r\n';

function mailOf(n: number, size = CONTENT.length): string {
  return `MAIL FROM:<m${n}@example.com> SIZE=${size}\r\nRCPT TO:<p${n}@example.org>\r\nBDAT ${size} LAST\r\n`;
}

describe('a session with CHUNKING', () => {
  test('sends a whole transaction in one write, without transparency, each but the first behind RSET', async () => {
    const { session, server, send } = await aheadScene(OFFERS);
    expect(session.mode).toBe('chunking');
    expect(await outcomes(send(1))).toEqual(['accepted']);
    expect(await outcomes(send(2))).toEqual(['accepted']);
    expect(server.writes).toEqual([`${mailOf(1)}${CONTENT}`, `RSET\r\n${mailOf(2)}${CONTENT}`]);
    expect(server.mails).toEqual([
      { reversePath: 'm1@example.com', forwardPaths: ['p1@example.org'], content: CONTENT },
      { reversePath: 'm2@example.com', forwardPaths: ['p2@example.org'], content: CONTENT },
    ]);
  });

  test('counts the octets that follow, whatever the letters', async () => {
    const { server, send } = await aheadScene(['PIPELINING', 'CHUNKING', '8BITMIME']);
    const text = Buffer.from('Subject: Hola\r\n\r\n¡Olé! Ñandú 🎉\r\n').toString('latin1');
    await send(1, { data: mailData(text.slice(0, 20), '', text.slice(20)) });
    expect(server.writes[0]).toContain(`BDAT ${text.length} LAST\r\n${text}`);
    expect(server.mails[0]?.content).toBe(text);
  });

  test('widens its window by one with each acceptance, up to its depth', async () => {
    const { session, send, answer } = await aheadScene(OFFERS, { holds: true, settings: { depth: 3 } });
    expect(session.room).toBe(1);
    const first = send(1);
    expect(session.room).toBe(0);
    await settled();
    await answer(3);
    expect(await outcomes(first)).toEqual(['accepted']);
    expect(session.room).toBe(2);
    const pair = [send(2), send(3)];
    await settled();
    await answer(8);
    await Promise.all(pair);
    expect(session.room).toBe(3);
    const four = [send(4), send(5), send(6)];
    await settled();
    await answer(12);
    await Promise.all(four);
    expect(session.room).toBe(3);
  });

  test('lets everything that is released in one turn leave in one write', async () => {
    const { session, server, send } = await aheadScene(OFFERS);
    for (let n = 1; session.room < 4; n += 1) await send(n);
    server.writes.length = 0;
    await Promise.all([send(7), send(8), send(9)]);
    expect(server.writes).toEqual([[7, 8, 9].map((n) => `RSET\r\n${mailOf(n)}${CONTENT}`).join('')]);
  });

  test('narrows its window to one with a refusal, and what was released by then waits', async () => {
    const answers = ({ verb, line }: { verb: string; line: string }) =>
      verb === 'RCPT' && line.includes('<p5@') ? '550 5.1.1 no such user' : null;
    const { session, server, send, answer } = await aheadScene(OFFERS, { holds: true, answers });
    for (let n = 1; n <= 4; n += 1) {
      const sent = send(n);
      await settled();
      await answer(4);
      await sent;
    }
    expect(session.room).toBe(5);
    const refused = send(5);
    await settled();
    const writes = server.writes.length;
    let release = (_yes: boolean): void => {};
    const later = send(6, {
      release: () =>
        new Promise((resolve) => {
          release = resolve;
        }),
    });
    const third = send(7);
    await settled();
    expect(server.writes.length).toBe(writes + 1);
    // The refusal, but not yet the reply to its BDAT.
    await answer(3);
    expect(session.room).toBe(0);
    release(true);
    await settled();
    expect(server.writes.length).toBe(writes + 1);
    // The reply to BDAT, and those to the seventh.
    await answer(5);
    expect(await outcomes(refused)).toEqual(['refused']);
    expect(await outcomes(third)).toEqual(['accepted']);
    // After a refusal RSET is said alone.
    expect(server.writes.at(-1)).toBe('RSET\r\n');
    await answer(1);
    expect(server.writes.at(-1)).toBe(`${mailOf(6)}${CONTENT}`);
    await answer(3);
    expect(await outcomes(later)).toEqual(['accepted']);
  });

  test.each(['no', 'error'])('writes nothing of a transaction that is withheld by %s, and goes on', async (how) => {
    const { session, server, send } = await aheadScene(OFFERS);
    const withheld = send(1, {
      release: async () => {
        if (how === 'error') throw new Error('the disk is full');
        return false;
      },
    });
    expect((await withheld).recipients).toMatchObject([{ outcome: 'unsent', error: { code: 'ERR_SMTP_WITHHELD' } }]);
    expect(server.writes).toEqual([]);
    expect(session.usable).toBe(true);
    expect(await outcomes(send(2))).toEqual(['accepted']);
  });

  test('asks for the release before the first octet leaves', async () => {
    const { server, send } = await aheadScene(OFFERS);
    const seen: number[] = [];
    await send(1, {
      release: async () => {
        seen.push(server.writes.length);
        return true;
      },
    });
    expect(seen).toEqual([0]);
  });

  test('gives each recipient its own reply, and the final one to those who were taken', async () => {
    const answers = ({ verb, line }: { verb: string; line: string }) => {
      if (verb === 'RCPT' && line.includes('gone')) return '550 5.1.1 no such user';
      return verb === 'RCPT' && line.includes('later') ? '450 4.2.1 try again later' : null;
    };
    const { send } = await aheadScene(OFFERS, { answers });
    const forwardPaths = ['gone@example.org', 'here@example.org', 'later@example.org'];
    const { recipients } = await send(1, { forwardPaths });
    expect(recipients).toMatchObject([
      { outcome: 'refused', step: 'RCPT', reply: { code: 550 } },
      { outcome: 'accepted', queueId: 'Q1' },
      { outcome: 'deferred', step: 'RCPT', reply: { code: 450 } },
    ]);
  });

  test('records commands and replies of each transaction with it, mail data by its count alone', async () => {
    const { session, send } = await aheadScene(OFFERS);
    await send(1);
    const [one, two] = [recorder(), recorder()];
    expect(session.room).toBe(2);
    await Promise.all([send(2, one), send(3, two)]);
    expect(one.lines).toEqual([
      'C: RSET',
      `C: MAIL FROM:<m2@example.com> SIZE=${CONTENT.length}`,
      'C: RCPT TO:<p2@example.org>',
      `C: BDAT ${CONTENT.length} LAST`,
      'C: <mail data>',
      'S: 250 ok',
      'S: 250 ok',
      'S: 250 ok',
      'S: 250 2.0.0 Ok: queued as Q2',
    ]);
    expect(two.lines).toContain('S: 250 2.0.0 Ok: queued as Q3');
  });
});

const LARGE = mailData('Subject: Hello\r\n\r\n', `${'x'.repeat(900)}\r\n`.repeat(200));

describe('after a refusal', () => {
  const answers = ({ verb, line }: { verb: string; line: string }) =>
    verb === 'RCPT' && line.includes('<p1@') ? '550 5.1.1 no such user' : null;

  test('RSET is said alone, so that its refusal costs nothing', async () => {
    const { session, server, wire, send } = await aheadScene(OFFERS, {
      answers: (command) => (command.verb === 'RSET' ? '554 Too many nonmail commands' : answers(command)),
    });
    expect(await outcomes(send(1))).toEqual(['refused']);
    expect(await outcomes(send(2))).toEqual(['unsent']);
    expect(server.writes.at(-1)).toBe('RSET\r\n');
    expect([session.usable, wire.closed]).toEqual([false, 'destroyed']);
  });

  test('the next mail goes without another RSET, and tells of the one that was said', async () => {
    const { server, send } = await aheadScene(OFFERS, { answers });
    await send(1);
    const two = recorder();
    expect(await outcomes(send(2, two))).toEqual(['accepted']);
    expect(server.writes.slice(1)).toEqual(['RSET\r\n', `${mailOf(2)}${CONTENT}`]);
    expect(two.lines.slice(0, 3)).toEqual([
      'C: RSET',
      'S: 250 ok',
      `C: MAIL FROM:<m2@example.com> SIZE=${CONTENT.length}`,
    ]);
  });
});

describe('large mail data by BDAT', () => {
  test('waits for the envelope, and is released only then', async () => {
    const { server, send } = await aheadScene(OFFERS);
    const seen: number[] = [];
    const release = async () => {
      seen.push(server.writes.length);
      return true;
    };
    expect(await outcomes(send(1, { data: LARGE, release }))).toEqual(['accepted']);
    expect(seen).toEqual([1]);
    expect(server.writes[0]).toBe(`MAIL FROM:<m1@example.com> SIZE=${LARGE.octets}\r\nRCPT TO:<p1@example.org>\r\n`);
    expect(server.writes[1]).toBe(`BDAT ${LARGE.octets} LAST\r\n`);
    expect(server.mails[0]?.content).toBe(Buffer.concat(LARGE.pieces).toString('latin1'));
  });

  test('is not sent, nor released, where no recipient was taken', async () => {
    const answers = ({ verb }: { verb: string }) => (verb === 'RCPT' ? '550 5.1.1 no such user' : null);
    const { server, session, send } = await aheadScene(OFFERS, { answers });
    const release = async () => {
      throw new Error('nobody is to ask');
    };
    expect(await outcomes(send(1, { data: LARGE, release }))).toEqual(['refused']);
    expect(server.writes).toHaveLength(1);
    expect(session.room).toBe(1);
  });

  test('may take longer than the final reply may, and the reply has its time after it', async () => {
    const { time, wire, server, send } = await aheadScene(OFFERS, { holds: true, flush: false });
    const sent = send(1, { data: mailData('Subject: Hello\r\n\r\n', `${'x'.repeat(900)}\r\n`.repeat(2000)) });
    await settled();
    wire.say(`${server.held.splice(0).join('\r\n')}\r\n`);
    await settled();
    // Seven blocks, each of which the operating system takes in two minutes.
    for (let block = 0; block < 7; block += 1) {
      time.advance(2 * 60_000);
      wire.flush();
      await settled();
    }
    time.advance(10 * 60_000 - 1);
    expect(wire.closed).toBeNull();
    time.advance(1);
    expect(await outcomes(sent)).toEqual(['uncertain']);
    expect(time.pending).toBe(0);
  });

  test('that is withheld leaves the session in order', async () => {
    const { session, send } = await aheadScene(OFFERS);
    expect(await outcomes(send(1, { data: LARGE, release: async () => false }))).toEqual(['unsent']);
    expect(await outcomes(send(2))).toEqual(['accepted']);
    expect(session.usable).toBe(true);
  });

  test('holds what comes behind it until its own octets are out', async () => {
    const { session, server, send } = await aheadScene(OFFERS);
    for (let n = 1; session.room < 3; n += 1) await send(n);
    server.writes.length = 0;
    const sent = await Promise.all([send(7), send(8, { data: LARGE }), send(9)]);
    expect(sent.flatMap(({ recipients }) => recipients.map(({ outcome }) => outcome))).toEqual(
      Array(3).fill('accepted'),
    );
    // The small ones were asked for their release meanwhile.
    expect(server.mails.slice(-3).map(({ reversePath, content }) => [reversePath, content.length])).toEqual([
      ['m8@example.com', LARGE.octets],
      ['m7@example.com', CONTENT.length],
      ['m9@example.com', CONTENT.length],
    ]);
  });
});

/** Five in flight, of which the replies are held. */
async function fiveInFlight(answers: (command: { verb: string; line: string }) => string | null = () => null) {
  const scene = await aheadScene(OFFERS, { holds: true, answers });
  for (let n = 1; n <= 4; n += 1) {
    const sent = scene.send(n);
    await settled();
    await scene.answer(4);
    await sent;
  }
  const results = [11, 12, 13, 14, 15].map((n) => scene.send(n));
  await settled();
  const all = async () => (await Promise.all(results)).map(({ recipients }) => recipients[0]?.outcome);
  return { ...scene, all };
}

describe('with five in flight', () => {
  test('a lost connection leaves uncertain whose BDAT had left, and not who was answered', async () => {
    const { wire, answer, all } = await fiveInFlight();
    await answer(6);
    wire.cut();
    expect(await all()).toEqual(['accepted', 'uncertain', 'uncertain', 'uncertain', 'uncertain']);
  });

  test('what a 421 leaves unanswered was not processed', async () => {
    const { wire, answer, all, session } = await fiveInFlight();
    await answer(5);
    wire.say('421 4.7.0 too many errors\r\n');
    expect(session.usable).toBe(false);
    wire.cut();
    // The 421 came as the reply to the second one's MAIL.
    expect(await all()).toEqual(['accepted', 'deferred', 'unsent', 'unsent', 'unsent']);
  });

  test('a server that says 421 to each MAIL and stays decides each by its replies', async () => {
    const { wire, answer, all } = await fiveInFlight();
    await answer(4);
    for (let n = 0; n < 4; n += 1) wire.say('250 reset\r\n421 too many\r\n503 no MAIL\r\n503 no RCPT\r\n');
    expect(await all()).toEqual(['accepted', 'deferred', 'deferred', 'deferred', 'deferred']);
    expect(wire.closed).not.toBeNull();
  });

  test('a reply too many makes uncertain all that are in flight, with those it came with', async () => {
    const { wire, server, answer, all } = await fiveInFlight();
    await answer(4);
    wire.say(`${server.held.splice(0).join('\r\n')}\r\n250 and one more\r\n`);
    expect(await all()).toEqual(['accepted', 'uncertain', 'uncertain', 'uncertain', 'uncertain']);
  });

  test('octets that are no reply make uncertain all that are in flight', async () => {
    const { wire, answer, all } = await fiveInFlight();
    await answer(7);
    wire.say('garbage\r\n');
    expect(await all()).toEqual(['accepted', 'uncertain', 'uncertain', 'uncertain', 'uncertain']);
  });

  test('a server that takes a mail whose MAIL it refused is believed in nothing more', async () => {
    const { wire, answer, all } = await fiveInFlight();
    await answer(4);
    wire.say('250 reset\r\n451 not now\r\n250 ok\r\n250 queued\r\n');
    expect(await all()).toEqual(['accepted', 'uncertain', 'uncertain', 'uncertain', 'uncertain']);
  });

  test('each reply has its own deadline, and none is moved by single octets', async () => {
    const { wire, answer, all, time } = await fiveInFlight();
    await answer(7);
    // The final reply to the second may take 10 minutes (RFC 5321 §4.5.3.2.6).
    time.advance(9 * 60_000);
    wire.say('2');
    expect(wire.closed).toBeNull();
    time.advance(60_000);
    expect(wire.closed).toBe('destroyed');
    expect(await all()).toEqual(['accepted', 'uncertain', 'uncertain', 'uncertain', 'uncertain']);
    expect(time.pending).toBe(0);
  });

  test('a reset that is refused ends the session, and is no farewell: what had left is uncertain', async () => {
    const { wire, session, answer, all } = await fiveInFlight();
    await answer(4);
    wire.say('554 Too many nonmail commands\r\n');
    expect(session.usable).toBe(false);
    wire.cut();
    expect(await all()).toEqual(['accepted', 'uncertain', 'uncertain', 'uncertain', 'uncertain']);
  });

  test('a reset that is refused by a server that goes on leaves each to its own replies', async () => {
    const { wire, answer, all } = await fiveInFlight();
    await answer(4);
    wire.say('500 what\r\n250 ok\r\n250 ok\r\n250 queued\r\n');
    await answer(4);
    wire.cut(new Error('read ECONNRESET'));
    expect(await all()).toEqual(['accepted', 'accepted', 'accepted', 'uncertain', 'uncertain']);
  });

  test('quit waits for all of them', async () => {
    const { session, server, wire, answer, all } = await fiveInFlight();
    const quit = session.quit();
    await settled();
    expect(server.writes.join('')).not.toContain('QUIT');
    await answer(20);
    expect(await all()).toEqual(Array(5).fill('accepted'));
    await settled();
    await answer(1);
    await quit;
    expect(server.writes.at(-1)).toBe('QUIT\r\n');
    expect(wire.closed).toBe('ended');
  });
});

describe('what a session with CHUNKING refuses', () => {
  test('a transaction more than it has room for', async () => {
    const { session, send } = await aheadScene(OFFERS, { holds: true });
    void send(1);
    await expect(send(2)).rejects.toThrow('1 are under way');
    expect(session.underWay).toBe(1);
    session.destroy();
  });

  test('more transactions than MAILMAX', async () => {
    const { session, send } = await aheadScene([...OFFERS, 'LIMITS MAILMAX=2']);
    await send(1);
    expect(session.room).toBe(1);
    await send(2);
    expect(session.usable).toBe(false);
    expect(await session.ready()).toBe(false);
  });

  test('a reply that came before anything was asked', async () => {
    const { wire, session, send, server } = await aheadScene(OFFERS);
    const sent = send(1);
    // While the intent is being made durable and the client is about to write.
    wire.say('250 ok\r\n250 ok\r\n250 ok\r\n');
    expect(await outcomes(sent)).toEqual(['unsent']);
    expect(server.writes).toEqual([]);
    expect(session.usable).toBe(false);
  });
});
