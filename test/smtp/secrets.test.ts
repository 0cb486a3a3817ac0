/** A canary password goes through logins of every kind; nothing that leaves the room may carry it, in any form. */
import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SmtpError } from '#smtp';
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

describe.each(['PLAIN', 'LOGIN'] as const)('AUTH %s', (mechanism) => {
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

/** Each form in which a password may come back, worked out here once more. */
function formsOf(user: string, password: string): string[] {
  const octets = Buffer.from(password);
  const hex = octets.toString('hex');
  return [
    base64(`\0${user}\0${password}`),
    base64(user),
    password,
    encodeURIComponent(password),
    encodeURIComponent(password).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`),
    hex,
    hex.replace(/../g, '%$&'),
    // As PLAIN carries it behind names of other lengths.
    ...['', '1', '12'].map((name) => base64(`${name}${password}`).slice([0, 2, 3][name.length])),
  ];
}

/** Opens a session whose login is answered by these octets. */
async function answered(reply: string, login = credentials) {
  const hears = (heard: string): Reaction => {
    if (heard.startsWith('EHLO')) return ['250-mail.example.com\r\n250 AUTH PLAIN\r\n'];
    return heard === 'QUIT\r\n' ? ['221 bye\r\n'] : [Buffer.from(reply).toString('latin1')];
  };
  const { open, records } = scene({}, { hears, tlsFirst: true });
  const error = await open({ security: 'implicit-tls', credentials: login }).catch((thrown) => thrown);
  if (!(error instanceof SmtpError)) throw new Error('the session was opened', { cause: error });
  return { error, records };
}

describe('a part of a secret that a server echoes', () => {
  const LETTERS = [(text: string) => text, (text: string) => text.toUpperCase(), (text: string) => text.toLowerCase()];
  const password = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter((text) => !/\p{Cc}/u.test(text));
  const login = fc.record({ user: fc.string({ unit: 'grapheme-ascii', minLength: 1 }), password });

  it('is hidden whole, wherever it was cut and whatever was done to its letters', async () => {
    const property = fc.asyncProperty(
      fc.oneof(fc.constant(credentials), login),
      fc.nat(),
      fc.nat(),
      fc.nat(),
      fc.constantFrom(...LETTERS),
      async (names, which, from, more, change) => {
        const forms = formsOf(names.user, names.password);
        const form = Array.from(forms[which % forms.length] ?? '');
        const start = from % Math.max(1, form.length - 7);
        const part = form.slice(start, start + 8 + (more % form.length));
        const echo = part.map(change);
        // What has no small letter of its own, such as the capital ß made of two, is another text.
        fc.pre(part.length >= 8 && part.every((letter, at) => letter.toLowerCase() === echo[at]?.toLowerCase()));
        const middle = more % echo.length;
        const [head, tail] = [echo.slice(0, middle).join(''), echo.slice(middle).join('')];
        const { error, records } = await answered(`535-"${head}${tail}"\r\n535-${head}\r\n535 ${tail}\r\n`, names);
        expect(error.reply?.lines.join('').replaceAll('<…>', '')).toMatch(/^"{0,2}$/);
        const shown = records.filter(({ text }) => text.startsWith('535')).map(({ text }) => text.slice(4));
        expect(shown.join('').replaceAll('<…>', '')).toMatch(/^"{0,2}$/);
      },
    );
    await fc.assert(property, { numRuns: 500 });
  });

  it.each([
    ['a form of fewer characters', 's3cret', 'no s3cret', 'no <…>'],
    ['its other case', 's3cret', 'no S3CRET', 'no <…>'],
    ['its hex form', 'abc', 'no 616263', 'no <…>'],
    ['its place in something longer', 'secret', `no ${base64('xsecret')}`, 'no eH<…>'],
    ['the same without what fills it up', 'secret', `no ${base64('xsecret').replace(/=+$/, '')}`, 'no eH<…>'],
    ['a letter that others write as two', 'pa\u00df-\u0130-wort', 'no \u0130 pa\u00df-\u0130-wort', 'no \u0130 <…>'],
    ['its base64 without what fills it up', 'secre', 'no c2VjcmU', 'no <…>'],
    ['seven characters of a longer one', 'S3cr3t-CANARY', 'no S3cr3t-', 'no S3cr3t-'],
  ])('is hidden from eight characters on, and whole where it has fewer: %s', async (_what, password, text, shown) => {
    const { error } = await answered(`535 ${text}\r\n`, { user: 'someone', password });
    expect(error.reply?.lines).toEqual([shown]);
  });

  it('is hidden where its octets are no longer read as UTF-8', async () => {
    const login = { user: 'someone', password: 'contraseña' };
    const hears = (heard: string): Reaction => {
      if (heard.startsWith('EHLO')) return ['250-mail.example.com\r\n250 AUTH PLAIN\r\n'];
      return heard === 'QUIT\r\n' ? ['221 bye\r\n'] : ['535 \xff contrase\xc3\xb1a\r\n'];
    };
    const { open } = scene({}, { hears, tlsFirst: true });
    await expect(open({ security: 'implicit-tls', credentials: login })).rejects.toMatchObject({
      reply: { lines: ['\xff <…>'] },
    });
  });

  it('is hidden in a line that is no reply', async () => {
    const { error } = await answered(`what is "${PLAIN.slice(4)}"?\r\n`);
    expect(error.message).toContain('"what is "<…>"?');
  });

  it('is hidden again and again over lines of a few characters', async () => {
    const lines = Array.from(PLAIN, (letter, at) => `535${at < PLAIN.length - 1 ? '-' : ' '}${letter}\r\n`);
    const { error } = await answered(lines.join(''));
    expect(new Set(error.reply?.lines)).toEqual(new Set(['<…>']));
  });
});

describe('a secret that is spelled like a keyword', () => {
  it.each(['starttls', 'auth plain', '8bitmime', 'pipelining'])('%j hides none from the client', async (password) => {
    const offer = ['250-mail.example.com', '250-STARTTLS', '250-PIPELINING', '250-8BITMIME', '250 AUTH PLAIN', ''];
    const hears = (heard: string): Reaction => {
      if (heard.startsWith('EHLO')) return [offer.join('\r\n')];
      return [heard === 'STARTTLS\r\n' ? '220 go\r\n' : '235 ok\r\n'];
    };
    const { open } = scene({}, { hears });
    const session = await open({ security: 'starttls', credentials: { user: 'someone', password } });
    expect(session.extensions.has('8BITMIME')).toBe(true);
    expect(session.extensions.has('PIPELINING')).toBe(true);
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

describe('a refusal of a session that is logged in', () => {
  it.each(['MAIL FROM', 'RCPT TO', 'DATA', '.', 'RSET'])(
    'lets no part of a secret out when it answers %s',
    async (command) => {
      for (const part of formsOf(credentials.user, credentials.password).map((form) => form.slice(-9).toUpperCase())) {
        const refuses = (heard: string): boolean =>
          heard.startsWith(command) || (command === 'RSET' && heard === 'DATA\r\n');
        const hears = (heard: string): Reaction => {
          if (heard.startsWith('EHLO')) return ['250-mail.example.com\r\n250 AUTH PLAIN\r\n'];
          if (heard.startsWith('AUTH')) return ['235 ok\r\n'];
          if (refuses(heard)) return [`550-5.7.1 (${part})\r\n550 5.7.1 ${part}\r\n`];
          return heard.startsWith('Subject') ? 'nothing' : [heard === 'DATA\r\n' ? '354 go\r\n' : '250 ok\r\n'];
        };
        const { open, records } = scene({}, { hears, tlsFirst: true });
        const session = await open({ security: 'implicit-tls', credentials });
        const result = await send(session, { record: (entry) => records.push(entry) });
        expect(records.map(({ text }) => text)).toContain('550-5.7.1 (<…>)');
        expect(inspect({ result, records }, { depth: null })).not.toContain(part);
      }
    },
  );
});

function expectClean(evidence: unknown): void {
  const shown = `${inspect(evidence, { depth: null, showHidden: true, maxStringLength: null })}${JSON.stringify(evidence)}`;
  for (const form of FORMS) expect(shown).not.toContain(form.slice(0, 10));
}
