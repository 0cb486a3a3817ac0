/** Through a proxy to the server: what both of them hear, octet for octet, and that nobody takes one for the other. */
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { openSession, type SessionSettings, SettingsError, SmtpError, type TranscriptRecord } from '#smtp';
import { parseProxy } from '../../functions/smtp/proxy.ts';
import { type Authority, createAuthority, type Identity } from './certificates.ts';
import { hearEnvelope, hearMailData, openSockets } from './mail-script.ts';
import { mailData } from './mails.ts';
import { letThrough, type ProxyKind, startProxy, turnsOf } from './proxies.ts';
import { type Client, type Script, serve } from './scripted-server.ts';
import { send } from './sessions.ts';
import { VirtualTime } from './virtual-time.ts';

const KINDS: readonly ProxyKind[] = ['socks5', 'http'];
const LOGIN = { user: 'proxy-user', password: 'Pr0xy-CANARY' };
const SERVER = { host: 'mail.example.com', port: 2525 };

let authority: Authority;
let identity: Identity;

beforeAll(async () => {
  authority = await createAuthority();
  identity = await authority.issue({ names: ['mail.example.com'] });
});

function settingsFor(
  kind: ProxyKind,
  port: number,
  options: { security?: SessionSettings['security']; login?: typeof LOGIN } = {},
): SessionSettings {
  const login = options.login === undefined ? '' : `${options.login.user}:${options.login.password}@`;
  return {
    ...SERVER,
    security: options.security ?? 'none',
    clientName: 'client.example.com',
    ca: authority.ca,
    proxy: `${kind}://${login}127.0.0.1:${port}`,
  };
}

async function sessionOf(client: Client): Promise<void> {
  await client.hear('EHLO client.example.com\r\n');
  client.say('250 mail.example.com\r\n');
  await client.hear('QUIT\r\n');
  client.say('221 bye\r\n');
  await client.leaves();
}

interface Ended {
  readonly error: SmtpError | null;
  readonly records: readonly TranscriptRecord[];
}

/** Opens and quits; whoever is told so expects an error. */
async function visit(settings: SessionSettings): Promise<Ended> {
  const time = new VirtualTime();
  const records: TranscriptRecord[] = [];
  try {
    const session = await openSession(settings, { time, record: (entry) => records.push(entry) });
    await session.quit();
    return { error: null, records };
  } catch (error) {
    if (!(error instanceof SmtpError)) throw error;
    return { error, records };
  } finally {
    expect(time.pending).toBe(0);
  }
}

/** All that a log could print. */
function toldBy({ error, records }: Ended): string {
  return told(error) + JSON.stringify(records);
}

function told(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return `${error.message}\n${error.stack}\n${JSON.stringify(error)}\n${told(error.cause)}`;
}

function everyForm({ user, password }: typeof LOGIN): string[] {
  return [password, Buffer.from(password).toString('base64'), Buffer.from(`${user}:${password}`).toString('base64')];
}

describe.each(KINDS)('a %s proxy', (kind) => {
  const hop = (client: Client, options: { login?: typeof LOGIN; early?: string } = {}) =>
    letThrough(client, kind, SERVER, options);

  it('is told the server’s name, and what follows is the server’s', async () => {
    const script: Script = async (client) => {
      await hop(client);
      client.say('220 mail.example.com\r\n');
      await sessionOf(client);
    };
    await using proxy = await serve(script);
    const { error, records } = await visit(settingsFor(kind, proxy.port));
    expect(error).toBeNull();
    await proxy.done;
    expect(records[0]?.text).toBe(
      `connected to mail.example.com, port 2525, through the proxy ${kind}://127.0.0.1:${proxy.port}`,
    );
  });

  it('is told an address where the settings name one', async () => {
    const to = { host: '192.0.2.25', port: 25 };
    await using proxy = await serve(async (client) => {
      await letThrough(client, kind, to);
      client.say('220 mail.example.com\r\n');
      await sessionOf(client);
    });
    expect((await visit({ ...settingsFor(kind, proxy.port), ...to })).error).toBeNull();
    await proxy.done;
  });

  it('gets the login that the settings have for it, which is told to nobody', async () => {
    const script: Script = async (client) => {
      await hop(client, { login: LOGIN });
      client.say(`220 mail.example.com ${LOGIN.user}\r\n`);
      await sessionOf(client);
    };
    await using proxy = await serve(script);
    const ended = await visit(settingsFor(kind, proxy.port, { login: LOGIN }));
    expect(ended.error).toBeNull();
    await proxy.done;
    for (const form of everyForm(LOGIN)) expect(toldBy(ended)).not.toContain(form);
  });

  it.each(['implicit-tls', 'starttls'] as const)('is no party to TLS, security %s', async (security) => {
    const script: Script = async (client) => {
      await hop(client);
      if (security === 'implicit-tls') await client.secure(identity);
      client.say('220 mail.example.com\r\n');
      if (security === 'starttls') {
        await client.hear('EHLO client.example.com\r\n');
        client.say('250-mail.example.com\r\n250 STARTTLS\r\n');
        await client.hear('STARTTLS\r\n');
        client.say('220 go\r\n');
        await client.secure(identity);
      }
      await sessionOf(client);
    };
    await using proxy = await serve(script);
    expect((await visit(settingsFor(kind, proxy.port, { security }))).error).toBeNull();
    await proxy.done;
    expect((await proxy.client).servername).toBe('mail.example.com');
  });

  it('cannot show a certificate of its own name for the server’s', async () => {
    const own = await authority.issue({ names: ['127.0.0.1', 'proxy.example.com'] });
    await using proxy = await serve(async (client) => {
      await hop(client);
      await client.secure(own).catch(() => {});
    });
    const { error } = await visit(settingsFor(kind, proxy.port, { security: 'implicit-tls' }));
    expect(error).toMatchObject({ code: 'ERR_SMTP_TLS' });
    expect(error?.message).toContain("Host: mail.example.com. is not in the cert's altnames");
  });

  it('may bring the server’s first words in one segment with its own last', async () => {
    await using proxy = await serve(async (client) => {
      await hop(client, { early: '220-mail.example.com\r\n220 welc' });
      await new Promise((resolve) => setTimeout(resolve, 5));
      client.say('ome\r\n');
      await sessionOf(client);
    });
    const { error, records } = await visit(settingsFor(kind, proxy.port));
    expect(error).toBeNull();
    await proxy.done;
    expect(records.map(({ text }) => text)).toContain('220 welcome');
  });

  it('may bring all that the server has to say, and the end behind it', async () => {
    await using proxy = await serve(async (client) => {
      await hop(client, { early: '554 5.7.1 not you\r\n' });
      client.hangUp();
      await client.closed();
    });
    const { error } = await visit(settingsFor(kind, proxy.port));
    expect(error).toMatchObject({ code: 'ERR_SMTP_REPLY', step: 'greeting', reply: { code: 554 } });
    expect(heardBehind(await proxy.client, kind)).toMatch(/^(?:QUIT\r\n)?$/);
  });

  it('may lose the server before it says a word', async () => {
    for (const early of ['', '22']) {
      await using proxy = await serve(async (client) => {
        await hop(client, { early });
        client.hangUp();
        await client.closed();
      });
      const { error } = await visit(settingsFor(kind, proxy.port));
      expect(error).toMatchObject({ code: 'ERR_SMTP_CONNECTION_LOST', step: 'greeting' });
    }
  });

  it('cannot bring replies in advance: one too many ends the session', async () => {
    const early = '220 mail.example.com\r\n250 mail.example.com\r\n250 ok\r\n';
    await using proxy = await serve(async (client) => {
      await hop(client, { early });
      await client.closed();
    });
    const { error } = await visit(settingsFor(kind, proxy.port));
    expect(error).toMatchObject({ code: 'ERR_SMTP_PROTOCOL' });
    expect(heardBehind(await proxy.client, kind)).toBe('');
  });

  it('cannot bring clear text where TLS comes first', async () => {
    await using proxy = await serve(async (client) => {
      await hop(client, { early: '220 mail.example.com\r\n' });
      await client.closed();
    });
    const { error } = await visit(settingsFor(kind, proxy.port, { security: 'implicit-tls' }));
    expect(error).toMatchObject({ code: 'ERR_SMTP_TLS' });
    expect(heardBehind(await proxy.client, kind)).toBe('');
  });

  it('may answer octet by octet', async () => {
    const script: Script = async (client) => {
      for (const [heard, said] of turnsOf(kind, SERVER)) {
        await client.hear(heard);
        for (const octet of said) {
          client.say(octet);
          await new Promise((resolve) => setImmediate(resolve));
        }
      }
      client.say('220 mail.example.com\r\n');
      await sessionOf(client);
    };
    await using proxy = await serve(script);
    expect((await visit(settingsFor(kind, proxy.port))).error).toBeNull();
    await proxy.done;
  });

  it.each(['hangs up', 'resets'])('that %s after any of its octets is named, and no socket is left', async (how) => {
    const answers = turnsOf(kind, SERVER, LOGIN).map(([, said]) => said);
    const octets = answers.join('').length;
    for (let count = 0; count < octets; count += 1) {
      await using proxy = await serve(async (client) => {
        let left = count;
        for (const [heard, said] of turnsOf(kind, SERVER, LOGIN)) {
          await client.hear(heard);
          client.say(said.slice(0, left));
          left -= said.length;
          if (left <= 0) break;
        }
        if (how === 'resets') client.reset();
        else client.hangUp();
      });
      const ended = await visit(settingsFor(kind, proxy.port, { login: LOGIN }));
      expect(ended.error, `after ${count}`).toMatchObject({ code: 'ERR_SMTP_CONNECT', step: 'connect' });
      expect(ended.error?.message).toContain(`the proxy ${kind}://127.0.0.1:${proxy.port} `);
      for (const form of everyForm(LOGIN)) expect(toldBy(ended)).not.toContain(form);
      await (await proxy.client).closed();
    }
    await vi.waitFor(() => expect(openSockets()).toEqual([]));
  });

  it('that says nothing is given up at the connection’s deadline', async () => {
    for (const silentAt of turnsOf(kind, SERVER).keys()) {
      const time = new VirtualTime();
      let isSilent: () => void = () => {};
      const silent = new Promise<void>((resolve) => {
        isSilent = resolve;
      });
      await using proxy = await serve(async (client) => {
        for (const [heard, said] of turnsOf(kind, SERVER).slice(0, silentAt + 1)) {
          await client.hear(heard);
          if (heard !== turnsOf(kind, SERVER)[silentAt]?.[0]) client.say(said);
        }
        isSilent();
        await client.closed();
      });
      const opening = openSession(settingsFor(kind, proxy.port), { time, record: () => {} });
      const ended = expect(opening).rejects.toMatchObject({
        code: 'ERR_SMTP_TIMEOUT',
        step: 'connect',
        message: `Cannot connect: the proxy ${kind}://127.0.0.1:${proxy.port} did not answer within 30 s`,
      });
      await silent;
      time.advance(29_999);
      expect(time.pending).toBe(1);
      time.advance(1);
      await ended;
      await (await proxy.client).closed();
      expect(time.pending).toBe(0);
    }
  });

  it('leaves no socket where the session is aborted while it is asked', async () => {
    for (const at of turnsOf(kind, SERVER).keys()) {
      const abort = new AbortController();
      await using proxy = await serve(async (client) => {
        for (const [heard, said] of turnsOf(kind, SERVER).slice(0, at)) {
          await client.hear(heard);
          client.say(said);
        }
        await client.hear(turnsOf(kind, SERVER)[at]?.[0] ?? '');
        abort.abort();
        await client.closed();
      });
      const options = { time: new VirtualTime(), record: () => {}, signal: abort.signal };
      await expect(openSession(settingsFor(kind, proxy.port), options)).rejects.toMatchObject({
        code: 'ERR_SMTP_CONNECTION_LOST',
      });
      await proxy.done;
    }
    await vi.waitFor(() => expect(openSockets()).toEqual([]));
  });

  it('that is not there is named', async () => {
    const gone = await serve(async () => {});
    await gone[Symbol.asyncDispose]();
    const { error } = await visit(settingsFor(kind, gone.port, { login: LOGIN }));
    expect(error?.message).toBe(
      `Cannot connect: the proxy ${kind}://127.0.0.1:${gone.port} failed: connect ECONNREFUSED 127.0.0.1:${gone.port} (mail.example.com, port 2525)`,
    );
  });

  it('carries 5 MB whole over two connections', async () => {
    const line = `${'x'.repeat(76)}\r\n`.repeat(64_000);
    const content = `Subject: x\r\n\r\n${line}`;
    await using server = await serve(async (client) => {
      await client.secure(identity);
      await hearEnvelope(client);
      await hearMailData(client, content);
    });
    await using proxy = await startProxy(kind);
    const settings = { ...settingsFor(kind, proxy.port, { security: 'implicit-tls' }), port: server.port };
    const session = await openSession(settings, { time: new VirtualTime(), record: () => {} });
    expect((await send(session, { data: mailData(content) })).recipients).toMatchObject([{ outcome: 'accepted' }]);
    await session.quit();
    await server.done;
    expect(proxy.asked).toEqual([`mail.example.com:${server.port}`]);
  });
});

describe('what a proxy answers', () => {
  const refusals: readonly (readonly [kind: ProxyKind, answers: readonly string[], message: string])[] = [
    ['socks5', ['\x05\xff'], 'takes none of the logins that it was offered'],
    ['socks5', ['\x05\x01'], 'answered no SOCKS5 that can be read: '],
    ['socks5', ['\x04\x00'], 'answered no SOCKS5 that can be read: '],
    ['socks5', ['HTTP/1.1 400 Bad Request\r\n\r\n'], 'answered no SOCKS5 that can be read: '],
    ['socks5', ['\x05\x02', '\x01\x01'], 'refused the user and password'],
    ...(
      [
        [1, 'general SOCKS server failure'],
        [2, 'connection not allowed by ruleset'],
        [3, 'network unreachable'],
        [4, 'host unreachable'],
        [5, 'connection refused'],
        [6, 'TTL expired'],
        [7, 'command not supported'],
        [8, 'address type not supported'],
        [9, 'a reply that RFC 1928 does not know'],
      ] as const
    ).map(
      ([code, words]) =>
        [
          'socks5',
          ['\x05\x00', `\x05${String.fromCharCode(code)}\x00\x01\x00\x00\x00\x00\x00\x00`],
          `answered "${words}"`,
        ] as const,
    ),
    ['http', ['HTTP/1.1 407 Proxy Authentication Required\r\n\r\n'], 'answered "407 Proxy Authentication Required"'],
    ['http', ['HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno'], 'answered "403 Forbidden"'],
    ['http', ['HTTP/1.1 502 \x1b[31mBad\r\n\r\n'], 'answered "502 \\u001b[31mBad"'],
    ['http', ['HTTP/1.1 302 Found\r\nLocation: http://evil.test/\r\n\r\n'], 'answered "302 Found"'],
    ['http', ['220 mail.example.com ESMTP\r\n'], 'answered no HTTP that can be read: '],
    ['http', [`HTTP/1.1 200 ok\r\nX: ${'x'.repeat(100_000)}`], 'answered no HTTP that can be read: '],
    [
      'http',
      [`HTTP/1.1 407 ${LOGIN.password} ${Buffer.from(`${LOGIN.user}:${LOGIN.password}`).toString('base64')}\r\n\r\n`],
      'answered "407 ',
    ],
  ];
  it.each(refusals)('%s %j: the client leaves without a word to any server', async (kind, answers, message) => {
    const said: string[] = [...answers];
    await using proxy = await serve(async (client) => {
      for (let answer = said.shift(); answer !== undefined; answer = said.shift()) {
        await client.hears();
        client.drain();
        client.say(answer);
      }
      await client.closed();
    });
    const ended = await visit(settingsFor(kind, proxy.port, { login: LOGIN }));
    expect(ended.error).toMatchObject({ code: 'ERR_SMTP_CONNECT', step: 'connect' });
    expect(ended.error?.message).toContain(`the proxy ${kind}://127.0.0.1:${proxy.port} ${message}`);
    expect(ended.error?.message).not.toMatch(/[\u0000-\u001f\u007f]/);
    for (const form of everyForm(LOGIN)) expect(toldBy(ended)).not.toContain(form);
    await proxy.done;
    expect((await proxy.client).heard).not.toContain('EHLO');
  });

  it.each(['200 OK', '201 Created', '299 Whatever', '200'])('HTTP %s is a tunnel', async (status) => {
    await using proxy = await serve(async (client) => {
      await client.hear(turnsOf('http', SERVER)[0]?.[0] ?? '');
      // RFC 9110 §9.3.6: such fields mean nothing here.
      client.say(`HTTP/1.1 ${status}\r\nContent-Length: 5\r\n\r\n220 mail.example.com\r\n`);
      await sessionOf(client);
    });
    expect((await visit(settingsFor('http', proxy.port))).error).toBeNull();
    await proxy.done;
  });
});

describe('a proxy’s URL', () => {
  const taken: readonly (readonly [string, object])[] = [
    ['socks5://127.0.0.1:1080', { kind: 'socks5', host: '127.0.0.1', port: 1080, login: null }],
    ['socks5://proxy.example.com', { port: 1080 }],
    ['http://proxy.example.com:3128/', { kind: 'http', port: 3128, label: 'http://proxy.example.com:3128' }],
    ['http://proxy.example.com', { port: 80 }],
    ['socks5://[2001:db8::1]:1080', { host: '2001:db8::1', label: 'socks5://[2001:db8::1]:1080' }],
    ['socks5://u%40x:p%3A%2F%C3%A4@h', { login: { user: 'u@x', password: 'p:/ä' }, label: 'socks5://h:1080' }],
    ['http://token:@h:8080', { login: { user: 'token', password: '' } }],
  ];
  it.each(taken)('%s is taken', (url, expected) => expect(parseProxy(url)).toMatchObject(expected));

  const secret = 'S3cr3t-CANARY';
  const refused: readonly (readonly [string, string])[] = [
    ['', 'is no proxy'],
    ['proxy.example.com:1080', 'is no proxy'],
    ['https://h:443', 'is no proxy'],
    ['socks4://h', 'is no proxy'],
    ['socks5h://h', 'is no proxy'],
    [`ftp://u:${secret}@h`, 'is no proxy'],
    [`socks5://u:${secret}@h:99999`, 'is no proxy'],
    [`socks5://u:${secret}@h:0`, 'port 0'],
    [`socks5://u:${secret}@h/path`, 'goes on behind the port'],
    [`http://u:1${secret}?@h`, 'is no proxy|goes on behind the port'],
    [`socks5://u:${secret}\r\n@h`, 'control character'],
    [`socks5://u:%zz${secret}@h`, 'begins no %XX'],
    [`socks5://${secret}@h`, 'password of 0 octets'],
    [`socks5://u:${'x'.repeat(256)}@h`, 'password of 256 octets'],
    [`http://a%3Ab:${secret}@h`, 'has a ":" in its user'],
    [`socks5://u:${secret}@`, 'is no proxy|names no host'],
    [`socks5://u:${secret}@b%C3%BCcher.example`, 'names no host'],
  ];
  it.each(refused)('%j is refused, and not quoted', (url, problem) => {
    const settings = { ...SERVER, security: 'none', clientName: 'client.example.com', proxy: url } as const;
    let error: unknown;
    try {
      parseProxy(settings.proxy);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(SettingsError);
    expect(String(error)).toMatch(new RegExp(problem.replaceAll('?', '\\?')));
    expect(told(error)).not.toContain('CANARY');
  });
});

/** What the client said once the proxy had let it through. */
function heardBehind(client: Client, kind: ProxyKind): string {
  const asked = turnsOf(kind, SERVER)
    .map(([heard]) => heard)
    .join('');
  expect(client.heard.slice(0, asked.length)).toBe(asked);
  return client.heard.slice(asked.length);
}
