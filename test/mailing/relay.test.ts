/** Relays by URL and by name: what is taken, what is refused, and that no error tells a password. */
import { describe, expect, test } from 'vitest';
import { findRelay, parseRelayUrl, RelayError, relayNames } from '#mailing';

const CLIENT = 'client.example.com';
const FINGERPRINT = 'ab'.repeat(32);
const parse = (url: string) => parseRelayUrl(url, CLIENT);

function refusal(work: () => unknown): RelayError {
  try {
    work();
  } catch (error) {
    if (error instanceof RelayError) return error;
    throw error;
  }
  throw new Error('it was taken');
}

/** Everything that a log could print of an error. */
function toldBy(error: Error): string {
  const cause = error.cause instanceof Error ? toldBy(error.cause) : String(error.cause ?? '');
  return `${error.message}\n${error.stack}\n${cause}\n${JSON.stringify(error)}`;
}

describe('parseRelayUrl', () => {
  const forms: readonly [string, object][] = [
    [
      'smtps://user:password@smtp.example.com:465',
      {
        label: 'smtp.example.com:465',
        session: {
          host: 'smtp.example.com',
          port: 465,
          security: 'implicit-tls',
          clientName: CLIENT,
          credentials: { user: 'user', password: 'password' },
        },
      },
    ],
    ['smtps://smtp.example.com', { session: { host: 'smtp.example.com', port: 465, security: 'implicit-tls' } }],
    ['smtps://smtp.example.com/', { session: { port: 465 } }],
    ['SMTP://smtp.example.com', { session: { port: 587, security: 'starttls' } }],
    ['smtp://smtp.example.com:2525', { label: 'smtp.example.com:2525', session: { port: 2525 } }],
    ['smtp+insecure://127.0.0.1', { session: { host: '127.0.0.1', port: 25, security: 'none' } }],
    ['smtp+insecure://127.255.0.9:1025', { session: { host: '127.255.0.9', port: 1025 } }],
    ['smtp+insecure://localhost:25', { session: { host: 'localhost' } }],
    ['smtp+insecure://[::1]:25', { label: '::1:25', session: { host: '::1' } }],
    ['smtp+insecure://[0:0:0:0:0:0:0:1]', { session: { host: '::1' } }],
    ['smtps://[2001:db8::25]:465', { session: { host: '2001:db8::25', port: 465 } }],
    ['smtp://a%40b.c:p%2F%3A%3F%23%25@h', { session: { credentials: { user: 'a@b.c', password: 'p/:?#%' } } }],
    ['smtp://user:p@ss@h', { session: { host: 'h', credentials: { user: 'user', password: 'p@ss' } } }],
    ['smtp://user:p%C3%A4+ss@h', { session: { credentials: { user: 'user', password: 'pä+ss' } } }],
    ['smtp://h?ca=ca%20and%2Fc++.pem', { caFile: 'ca and/c++.pem' }],
    ['smtp://h?servername=mx.example.com', { session: { servername: 'mx.example.com' } }],
    ['smtp://h?name=me.example.com', { session: { clientName: 'me.example.com' } }],
    ['smtp://h?name=[192.0.2.1]', { session: { clientName: '[192.0.2.1]' } }],
    ['smtp://u:p@h?auth=login&depth=16', { session: { mechanism: 'LOGIN' } }],
    ['smtp://u:p@h?auth=PLAIN', { session: { mechanism: 'PLAIN', credentials: { user: 'u', password: 'p' } } }],
    ['smtp://u:p@h?auth=scram-sha-256-plus', { session: { mechanism: 'SCRAM-SHA-256-PLUS' } }],
    ['smtp://u:p@h?auth=SCRAM-SHA-256', { session: { mechanism: 'SCRAM-SHA-256' } }],
    ['smtp://u:p@h?auth=SCRAM-SHA-1-PLUS', { session: { mechanism: 'SCRAM-SHA-1-PLUS' } }],
    ['smtp://u:p@h?auth=SCRAM-SHA-1', { session: { mechanism: 'SCRAM-SHA-1' } }],
    ['smtp://u:p@h?auth=CRAM-MD5', { session: { mechanism: 'CRAM-MD5' } }],
    ['smtp://u:p@h?auth=oauthbearer', { session: { mechanism: 'OAUTHBEARER', credentials: { user: 'u' } } }],
    ['smtp://u:p@h?auth=XOAUTH2', { session: { mechanism: 'XOAUTH2', credentials: { user: 'u' } } }],
    ['smtp://h?auth=EXTERNAL', { session: { mechanism: 'EXTERNAL', credentials: { external: true } } }],
    ['smtp://u@h?auth=EXTERNAL', { session: { mechanism: 'EXTERNAL', credentials: { external: true, user: 'u' } } }],
    ['smtp://h?depth=16', { session: { depth: 16 } }],
    ['smtp://h?cert=mailer.pem', { clientCertificate: { certificateFile: 'mailer.pem', keyFile: 'mailer.pem' } }],
    [
      'smtp://h?cert=c.pem&key=k.pem&passphrase=open%20it',
      { clientCertificate: { certificateFile: 'c.pem', keyFile: 'k.pem', passphrase: 'open it' } },
    ],
    [`smtp://h?fingerprint=${FINGERPRINT}`, { session: { fingerprint: FINGERPRINT } }],
    ['smtp://h?proxy=socks5://127.0.0.1:1080', { session: { proxy: 'socks5://127.0.0.1:1080' } }],
    ['smtp://h?proxy=http%3A%2F%2Fu%3Ap%40h%3A3128', { session: { proxy: 'http://u:p@h:3128' } }],
    ['smtp+insecure://127.0.0.1?proxy=http://h:3128', { session: { security: 'none', proxy: 'http://h:3128' } }],
  ];
  for (const [url, expected] of forms) {
    test(`takes ${url}`, () => expect(parse(url)).toMatchObject(expected));
  }

  test('takes the password for an access token where the mechanism wants one, and has no newer one', async () => {
    for (const auth of ['OAUTHBEARER', 'XOAUTH2']) {
      const { credentials } = parse(`smtp://u:ya29.a%2Bb%3D@h?auth=${auth}`).session;
      if (credentials === undefined || !('token' in credentials)) throw new Error('there is no token source');
      expect(await credentials.token({ refresh: false })).toBe('ya29.a+b=');
      await expect(credentials.token({ refresh: true })).rejects.toThrow(RelayError);
    }
  });

  test('keeps what the URL does not say to the defaults', () => {
    expect(parse('smtp://smtp.example.com')).toEqual({
      label: 'smtp.example.com:587',
      session: { host: 'smtp.example.com', port: 587, security: 'starttls', clientName: CLIENT },
    });
  });

  const refused: readonly [string, string][] = [
    ['', 'no relay URL'],
    ['smtp.example.com:465', 'no relay URL'],
    ['https://smtp.example.com', 'no relay URL'],
    ['smtp://', 'no relay URL|no host'],
    ['smtp:///path', 'no host'],
    ['smtp://h:0', 'port is 0'],
    ['smtp://h:65536', 'no relay URL'],
    ['smtp://h:port', 'no relay URL'],
    ['smtp://h/folder', 'goes on behind the port'],
    ['smtp://h#part', 'goes on behind the port'],
    ['smtp://h%0d%0aQUIT', 'host has a sign'],
    ['smtp://h%00', 'host has a sign'],
    ['smtp://bücher.example', 'host has a sign'],
    ['smtp://h h', 'space or a control character'],
    ['smtp://u:p\t@h', 'space or a control character'],
    ['smtp://h\n', 'space or a control character'],
    ['smtp://u:%zz@h', '"%" that begins no %XX'],
    ['smtp://u:%ff@h', '"%" that begins no %XX'],
    ['smtp://user@h', 'only one of user and password'],
    ['smtp://:password@h', 'only one of user and password'],
    [
      'smtp://h?pool=3',
      'parameter "pool" is unknown; known are ca, cert, key, passphrase, fingerprint, proxy, servername, name, auth, depth',
    ],
    ['smtp://h?CA=x', 'parameter "CA" is unknown'],
    ['smtp://h?__proto__=x', 'parameter "__proto__" is unknown'],
    ['smtp://h?ca=a&ca=b', '"ca" twice'],
    ['smtp://h?ca=a&servername=', '"servername" is empty'],
    ['smtp://h?ca', '"ca" is empty'],
    ['smtp://h?name=a%0d%0ab', '"name" is not a name'],
    ['smtp://h?servername=a%00', '"servername" is not a name'],
    ['smtp://u:p@h?auth=DIGEST-MD5', '"auth" is not SCRAM-SHA-256-PLUS, .*, LOGIN or CRAM-MD5'],
    ['smtp://u:p@h?auth=SCRAM', '"auth" is not'],
    ['smtp://u:p@h?auth=PLAIN%0d%0aRSET', '"auth" is not'],
    ['smtp://u:p@h?auth=EXTERNAL', 'has a password, and auth=EXTERNAL takes none'],
    ['smtp://h?auth=PLAIN', 'names PLAIN, and no user and password'],
    ['smtp://h?auth=XOAUTH2', 'names XOAUTH2, and no user and access token'],
    ['smtp://u@h?auth=OAUTHBEARER', 'only one of user and password'],
    ['smtp+insecure://127.0.0.1?auth=EXTERNAL', 'credentials are never sent without TLS'],
    ['smtp://h?key=k.pem', '"cert" names its file'],
    ['smtp://h?passphrase=x', '"cert" names its file'],
    ['smtp://h?fingerprint=ab:cd', '"fingerprint" is not a SHA-256'],
    [`smtp://h?fingerprint=${'ab:'.repeat(32)}`, '"fingerprint" is not a SHA-256'],
    ['smtp://h?proxy=127.0.0.1:1080', '"proxy" is not a URL such as socks5://127.0.0.1:1080'],
    ['smtp://h?proxy=https://h', '"proxy" is not a URL'],
    ['smtp://h?proxy=socks5://h:99999', 'its proxy is no proxy'],
    ['smtp://h?proxy=socks5://h%2Fpath', 'its proxy goes on behind the port'],
    ['smtp://h?proxy=socks5://u%40h', 'its proxy has a user or password of 0 octets'],
    [`smtp+insecure://127.0.0.1?fingerprint=${FINGERPRINT}`, 'it has a fingerprint, which says nothing without TLS'],
    ['smtp+insecure://127.0.0.1?cert=c.pem', 'it has a client certificate, which says nothing without TLS'],
    ['smtp://h?depth=0', '"depth" is not a number'],
    ['smtp://h?depth=99999', '"depth" is not a number'],
    ['smtp://h?depth=1e3', '"depth" is not a number'],
    ['smtp+insecure://smtp.example.com', 'is not loopback'],
    ['smtp+insecure://10.0.0.1', 'is not loopback'],
    ['smtp+insecure://127.0.0.1.example.com', 'is not loopback'],
    ['smtp+insecure://127.1', 'is not loopback'],
    ['smtp+insecure://127.0.0.999', 'is not loopback'],
    ['smtp+insecure://0.0.0.0', 'is not loopback'],
    ['smtp+insecure://localhost.example.com', 'is not loopback'],
    ['smtp+insecure://[::]', 'is not loopback'],
    ['smtp+insecure://[::ffff:192.0.2.1]', 'is not loopback'],
    ['smtp+insecure://u:p@127.0.0.1', 'credentials are never sent without TLS'],
    ['smtp+insecure://u@127.0.0.1', 'credentials are never sent without TLS'],
  ];
  for (const [url, problem] of refused) {
    test(`refuses ${JSON.stringify(url)}: ${problem}`, () => {
      const error = refusal(() => parse(url));
      expect(error.message).toMatch(new RegExp(problem.replace(/[[\]?%]/g, '\\$&')));
      expect(error.code).toBe('ERR_RELAY');
      expect(error.message).not.toMatch(/[\u0000-\u001f\u007f]/);
    });
  }

  /** A password written as it is, in whatever way that spoils the URL. */
  const SECRETS = ['s3cret', 's3%cret', 's3/cret', 's3?cret', 's3#cret', 's3 cret', 's3\\cret', 's3[cret', 's3:cret'];
  const places = SECRETS.flatMap((secret) => [
    `smtp://user:${secret}@h:port`,
    `smtp://user:25${secret}@h`,
    `smtp://user:25?${secret}@h`,
    `smtp://user:25?ca=${secret}&ca=${secret}@h`,
    `smtp://user:25?auth=${secret}@h`,
    `smtp://user:25/${secret}@h`,
    `smtp://user:25#${secret}@h`,
    `smtp://user:${secret}@h?unknown=1`,
    `smtp://user:${secret}@h?depth=x`,
    `smtp://user:${secret}@h/folder`,
    `smtp://:${secret}@h`,
    `smtp://user:${secret}@`,
    `smtp://h?proxy=socks5%3A%2F%2Fuser%3A${secret}%40h:port`,
    `smtp://h?proxy=socks5://user:${secret}@h`,
    `smtp://h?proxy=ftp%3A%2F%2Fuser%3A${secret}%40h`,
    `smtp://h?proxy=http%3A%2F%2F${secret}%3A${secret}%40h:0`,
    `smtp://h?passphrase=${secret}`,
    `smtp://h?cert=c&passphrase=${secret}%00`,
    `smtp+insecure://user:${secret}@127.0.0.1`,
    `smtp+insecure://user:${secret}@smtp.example.com`,
    `http://user:${secret}@h`,
    `user:${secret}@h`,
    secret,
  ]);
  test(`tells no password in any of ${places.length} errors`, () => {
    let refusals = 0;
    for (const url of places) {
      try {
        parse(url);
      } catch (error) {
        refusals += 1;
        expect(error, url).toBeInstanceOf(RelayError);
        expect(toldBy(error as Error), url).not.toMatch(/s3|cret(?!s)/);
      }
    }
    expect(refusals).toBeGreaterThan(places.length * 0.8);
  });
});

describe('findRelay', () => {
  const find = (name: string, relays: unknown) =>
    findRelay(name, 'infra/relays.json', JSON.stringify({ relays }, null, 2), CLIENT);
  const PLAIN = { host: 'smtp.example.com', port: 465, security: 'implicit-tls' };
  const INSECURE = { host: '127.0.0.1', port: 25, security: 'none' };

  test('gives the name of the secret that has the login, and no login', () => {
    const found = find('default', { default: { ...PLAIN, security: 'implicit-tls', secret: 'a/b' } });
    expect(found?.secret).toBe('a/b');
    expect(found?.session).not.toHaveProperty('credentials');
  });

  test('gives the relay of that name, with its limits', () => {
    const relay = find('campus', {
      campus: {
        ...PLAIN,
        name: 'me.example.com',
        servername: 'mx.example.com',
        ca: 'campus.pem',
        pace: { messagesPerSecond: 12.5 },
        connections: 3,
        depth: 32,
        cert: 'mailer.pem',
        key: 'mailer-key.pem',
        fingerprint: FINGERPRINT,
        proxy: 'socks5://127.0.0.1:1080',
      },
    });
    expect(relay).toEqual({
      label: 'campus (smtp.example.com:465)',
      caFile: 'campus.pem',
      messagesPerSecond: 12.5,
      connections: 3,
      clientCertificate: { certificateFile: 'mailer.pem', keyFile: 'mailer-key.pem' },
      session: {
        host: 'smtp.example.com',
        port: 465,
        security: 'implicit-tls',
        clientName: 'me.example.com',
        servername: 'mx.example.com',
        depth: 32,
        fingerprint: FINGERPRINT,
        proxy: 'socks5://127.0.0.1:1080',
      },
    });
  });

  for (const name of ['other', 'toString', 'constructor', '__proto__']) {
    test(`has no relay "${name}" where the file does not name it`, () => {
      expect(find(name, { default: PLAIN })).toBeNull();
    });
  }

  const insecure: readonly [string, object, string | null][] = [
    ['loopback', { host: '127.0.0.1' }, null],
    ['loopback by IPv6', { host: '::1' }, null],
    ['another host', { host: 'smtp.example.com' }, 'is not loopback'],
    ['another host that says no', { host: 'smtp.example.com', allowInsecure: false }, 'is not loopback'],
    ['another host that allows it', { host: 'smtp.example.com', allowInsecure: true }, null],
  ];
  for (const [what, settings, problem] of insecure) {
    test(`${problem === null ? 'takes' : 'refuses'} ${what} without TLS`, () => {
      const work = () => find('default', { default: { port: 25, security: 'none', ...settings } });
      if (problem === null) expect(work()?.session).toMatchObject({ security: 'none', clientName: CLIENT });
      else expect(refusal(work).message).toContain(problem);
    });
  }

  const refused: readonly [string, unknown, string][] = [
    [
      'a login without TLS',
      { default: { ...PLAIN, security: 'none', host: '127.0.0.1', secret: 'a/b' } },
      'credentials are never sent without TLS',
    ],
    [
      'a proxy with a login',
      { default: { ...PLAIN, proxy: 'socks5://u:s3cret@127.0.0.1:1080' } },
      '"relays.default.proxy": is not in the form wanted',
    ],
    ['a proxy that is none', { default: { ...PLAIN, proxy: 'socks5://h:0' } }, 'its proxy has the port 0'],
    ['a key without its certificate', { default: { ...PLAIN, key: 'k.pem' } }, '"cert" names its file'],
    ['half a fingerprint', { default: { ...PLAIN, fingerprint: 'AB:CD' } }, '"relays.default.fingerprint": is not'],
    [
      'a fingerprint without TLS',
      { default: { ...INSECURE, fingerprint: FINGERPRINT } },
      'it has a fingerprint, which',
    ],
    ['a certificate without TLS', { default: { ...INSECURE, cert: 'c.pem' } }, 'it has a client certificate, which'],
    ['a depth of 0', { default: { ...PLAIN, depth: 0 } }, '"relays.default.depth": must be >= 1'],
    ['a depth beyond measure', { default: { ...PLAIN, depth: 10_000 } }, '"relays.default.depth": must be <= 9999'],
    [
      'an unknown key',
      { default: { ...PLAIN, hots: 'x' } },
      'relays.json:7: "relays.default.hots": unknown key, did you mean "host"?',
    ],
    [
      'a missing key',
      { default: { host: 'h', port: 25 } },
      'relays.json:3: "relays.default": the key "security" is missing',
    ],
    ['another security', { default: { ...PLAIN, security: 'tls' } }, 'want one of implicit-tls, starttls, none'],
    [
      'a host with a line break',
      { default: { ...PLAIN, host: 'a\r\nb' } },
      '"relays.default.host": is not in the form wanted',
    ],
    ['a port out of range', { default: { ...PLAIN, port: 65536 } }, '"relays.default.port": must be <= 65535'],
    ['a name with a line break', { 'a\r\nb': PLAIN }, 'this key has a sign'],
    ['a pace of 0', { default: { ...PLAIN, pace: { messagesPerSecond: 0 } } }, 'must be > 0'],
  ];
  for (const [what, relays, problem] of refused) {
    test(`refuses ${what}`, () => {
      const { message } = refusal(() => find('default', relays));
      expect(message).toContain(problem);
      expect(message).not.toMatch(/[\u0000-\u001f]/);
    });
  }

  test('refuses what is not JSON, at its line', () => {
    const error = refusal(() => findRelay('default', 'infra/relays.json', '{\n  "relays": {\n}', CLIENT));
    expect(error.message).toContain('infra/relays.json:3: this is not JSON');
  });

  const secrets: readonly [string, string][] = [
    ['a key of its own', '{"relays":{"default":{"host":"h","port":25,"security":"none","password":"s3cret"}}}'],
    ['a proxy', '{"relays":{"default":{"host":"h","port":25,"security":"none","proxy":"socks5://u:s3cret@h"}}}'],
    ['a host', '{"relays":{"default":{"host":"u:s3cret@h","port":25,"security":"none"}}}'],
    ['a torn file', '{"relays":{"default":{"password":"s3cret'],
    ['a text where a number is wanted', '{"relays":{"default":{"host":"h","port":"s3cret","security":"none"}}}'],
  ];
  for (const [place, text] of secrets) {
    test(`tells no password that stands in ${place}`, () => {
      expect(toldBy(refusal(() => findRelay('default', 'relays.json', text, CLIENT)))).not.toContain('s3cret');
    });
  }
});

describe('relayNames', () => {
  test('tells every name, and asks for no credentials', () => {
    const relays = {
      default: { host: 'smtp.example.com', port: 587, security: 'starttls' },
      ses: { host: 'ses.example.com', port: 465, security: 'implicit-tls', secret: 'cartero/ses' },
    };
    expect(relayNames('relays.json', JSON.stringify({ relays }))).toEqual(['default', 'ses']);
  });

  test('refuses a file that is not in order', () => {
    expect(refusal(() => relayNames('relays.json', '{')).message).toContain('relays.json:1');
  });
});
