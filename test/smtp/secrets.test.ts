/** A canary password goes through logins of every kind; nothing that leaves the room may carry it, in any form. */
import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MechanismName } from '#smtp';
import type { Reaction } from './memory-wire.ts';
import { scene, send } from './sessions.ts';

const credentials = { user: 'canary-user@example.com', password: 'S3cr3t-CANARY' };
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const PLAIN = base64(`\0${credentials.user}\0${credentials.password}`);
const FORMS = [credentials.password, base64(credentials.password), base64(credentials.user), PLAIN];

/** What servers say back: whole, cut as servers cut what they do not know, and in the middle of things. */
const ECHOES = FORMS.flatMap((form) => [
  `535 5.7.8 ${form} is wrong\r\n`,
  `535-${form}\r\n535 ${form}${form}\r\n`,
  `500 Command unrecognized: "AUTH PLAIN ${form.slice(0, 12)}..."\r\n`,
  `421 closing on ${form}\r\n`,
  `250 ${form}\r\n`,
  `334 ${form}\r\n`,
  `${form}\r\n`,
  `535 ${form}\n`,
]);

describe.each<MechanismName>(['PLAIN', 'LOGIN'])('AUTH %s', (mechanism) => {
  it.each(ECHOES)('lets no secret out when the server says %j', async (echo) => {
    const hears = (heard: string): Reaction => {
      if (heard.startsWith('EHLO')) return [`250-mail.example.com\r\n250 AUTH ${mechanism}\r\n`];
      if (heard === 'AUTH LOGIN\r\n') return ['334 VXNlcm5hbWU6\r\n'];
      if (heard === `${base64(credentials.user)}\r\n`) return ['334 UGFzc3dvcmQ6\r\n'];
      if (heard === 'QUIT\r\n') return [`221 bye ${credentials.password}\r\n`];
      return [echo];
    };
    const { open, records, wire } = scene({}, { hears, tlsFirst: true });
    const error = await open({ security: 'implicit-tls', credentials }).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(Error);
    expect(wire.heard).toContain(mechanism === 'PLAIN' ? PLAIN : base64(credentials.password));
    expectClean({ error, records });
  });

  it('is shown in the transcript without what is secret', async () => {
    const hears = (heard: string): Reaction => {
      if (heard.startsWith('EHLO')) return [`250-mail.example.com\r\n250 AUTH ${mechanism}\r\n`];
      if (heard === 'AUTH LOGIN\r\n') return ['334 VXNlcm5hbWU6\r\n'];
      if (heard === `${base64(credentials.user)}\r\n`) return ['334 UGFzc3dvcmQ6\r\n'];
      return ['235 ok\r\n'];
    };
    const { open, records } = scene({}, { hears, tlsFirst: true });
    await open({ security: 'implicit-tls', credentials });
    const shown = records.filter(({ by }) => by !== 'note').map(({ by, text }) => `${by} ${text}`);
    const exchange = {
      PLAIN: ['client AUTH PLAIN <…>'],
      LOGIN: ['client AUTH LOGIN', 'server 334 VXNlcm5hbWU6', 'client <…>', 'server 334 UGFzc3dvcmQ6', 'client <…>'],
    };
    expect(shown.slice(4)).toEqual([...exchange[mechanism], 'server 235 ok']);
    expectClean(records);
  });
});

describe('a part of a secret that a server echoes', () => {
  const octets = Buffer.from(credentials.password);
  const forms = [
    ...FORMS,
    octets.toString('hex'),
    octets.toString('hex').toUpperCase(),
    PLAIN.toLowerCase(),
    base64(`x${credentials.password}`).slice(2, -4),
  ];

  it('is hidden, wherever it was cut and whatever was done to its letters', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...forms),
        fc.nat(),
        fc.nat(),
        fc.boolean(),
        async (form, from, more, isUpper) => {
          const start = from % Math.max(1, form.length - 8);
          const cut = form.slice(start, start + 8 + (more % form.length));
          const part = isUpper ? cut.toUpperCase() : cut;
          const hears = (heard: string): Reaction => {
            if (heard.startsWith('EHLO')) return ['250-mail.example.com\r\n250 AUTH PLAIN\r\n'];
            return heard === 'QUIT\r\n' ? ['221 bye\r\n'] : [`535-5.7.8 "${part}"\r\n535 5.7.8 ${part}${part}\r\n`];
          };
          const { open, records } = scene({}, { hears, tlsFirst: true });
          const error = await open({ security: 'implicit-tls', credentials }).catch((thrown) => thrown);
          expect(inspect({ error, records }, { depth: null })).not.toContain(part);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('is hidden where it is split over two lines', async () => {
    const middle = Math.floor(PLAIN.length / 2);
    const hears = (heard: string): Reaction => {
      if (heard.startsWith('EHLO')) return ['250-mail.example.com\r\n250 AUTH PLAIN\r\n'];
      return [`535-${PLAIN.slice(0, middle)}\r\n535 ${PLAIN.slice(middle)}\r\n`];
    };
    const { open, records } = scene({}, { hears, tlsFirst: true });
    const error = await open({ security: 'implicit-tls', credentials }).catch((thrown) => thrown);
    expect(inspect({ error, records }, { depth: null })).not.toContain(PLAIN.slice(middle));
  });
});

describe('a session that is logged in', () => {
  it.each(['250 ok', '550 5.7.1', '451', '421'])('lets no secret out of the final reply %s', async (code) => {
    const hears = (heard: string): Reaction => {
      if (heard.startsWith('EHLO')) return ['250-mail.example.com\r\n250 AUTH PLAIN\r\n'];
      if (heard === 'DATA\r\n') return ['354 go\r\n'];
      if (heard === '.\r\n') return [`${code} ${credentials.password} queued as ${PLAIN}\r\n`];
      if (heard.startsWith('AUTH')) return ['235 ok\r\n'];
      return /^(?:MAIL|RCPT)/.test(heard) ? ['250 ok\r\n'] : 'nothing';
    };
    const { open, records } = scene({}, { hears, tlsFirst: true });
    const session = await open({ security: 'implicit-tls', credentials });
    const result = await send(session, { record: (entry) => records.push(entry) });
    expectClean({ result, records, session });
  });
});

function expectClean(evidence: unknown): void {
  const shown = `${inspect(evidence, { depth: null, showHidden: true, maxStringLength: null })}${JSON.stringify(evidence)}`;
  for (const form of FORMS) expect(shown).not.toContain(form.slice(0, 10));
}
