/** Whom the client believes to be the server, over real TLS on loopback. */
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { openSession, type PeerCertificate, type SessionSettings, SmtpError, type TranscriptRecord } from '#smtp';
import { type Authority, createAuthority, createSelfSigned, type Identity } from './certificates.ts';
import { type Script, serve, type TlsOptions } from './scripted-server.ts';
import { VirtualTime } from './virtual-time.ts';

let authority: Authority;
let stranger: Authority;
let good: Identity;

beforeAll(async () => {
  [authority, stranger] = await Promise.all([createAuthority(), createAuthority()]);
  good = await authority.issue({ names: ['mail.example.com', '127.0.0.1'] });
});

afterEach(() => vi.unstubAllEnvs());

interface Ended {
  /** `ready`, or the error's code. */
  readonly how: string;
  readonly message: string;
  readonly error: SmtpError | null;
  readonly heard: string;
  readonly servername: string | false | null;
  readonly peer: PeerCertificate | null;
  readonly records: readonly TranscriptRecord[];
}

const CREDENTIALS = { user: 'user', password: 'S3cr3t-CANARY' };

/** Opens a session to a server that follows the script, and quits. */
async function open(script: Script, settings: Partial<SessionSettings> = {}): Promise<Ended> {
  await using server = await serve(script);
  const time = new VirtualTime();
  const records: TranscriptRecord[] = [];
  let how = 'ready';
  let message = '';
  let failure: SmtpError | null = null;
  let peer: PeerCertificate | null = null;
  try {
    const session = await openSession(
      {
        host: '127.0.0.1',
        port: server.port,
        security: 'implicit-tls',
        clientName: 'client.example.com',
        ca: authority.ca,
        credentials: CREDENTIALS,
        ...settings,
      },
      { time, record: (entry) => records.push(entry) },
    );
    peer = session.peer;
    await session.quit();
  } catch (error) {
    if (!(error instanceof SmtpError)) throw error;
    how = error.code;
    message = error.message;
    failure = error;
  }
  expect(time.pending).toBe(0);
  const client = await server.client;
  await client.closed();
  return { how, message, error: failure, heard: client.heard, servername: client.servername, peer, records };
}

/** A server that greets once TLS stands, and knows AUTH PLAIN. */
function greets(identity: Identity, options: TlsOptions = {}): Script {
  return async (client) => {
    await client.secure(identity, options);
    client.say('220 mail.example.com\r\n');
    await client.hear('EHLO client.example.com\r\n');
    client.say('250-mail.example.com\r\n250 AUTH PLAIN\r\n');
    await client.hear('AUTH PLAIN AHVzZXIAUzNjcjN0LUNBTkFSWQ==\r\n');
    client.say('235 ok\r\n');
    await client.hear('QUIT\r\n');
    client.say('221 bye\r\n');
  };
}

describe('a certificate', () => {
  it('is good where chain and name are', async () => {
    const { how, peer, records, servername } = await open(greets(good), { servername: 'mail.example.com' });
    expect(how).toBe('ready');
    expect(servername).toBe('mail.example.com');
    expect(peer).toMatchObject({
      subject: 'CN=mail server, O=Example',
      issuer: 'CN=Test CA',
      names: 'DNS:mail.example.com, IP Address:127.0.0.1',
      protocol: 'TLSv1.3',
    });
    expect(peer?.fingerprint).toMatch(/^(?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    const notes = records.filter(({ by }) => by === 'note').map(({ text }) => text);
    expect(notes).toContain('certificate subject: CN=mail server, O=Example');
    expect(notes).toContain('certificate issuer: CN=Test CA');
    expect(notes).toContain(`certificate SHA-256 fingerprint: ${peer?.fingerprint}`);
    expect(notes).toContain(`certificate valid: ${peer?.validFrom} to ${peer?.validTo}`);
    expect(notes).toContain(`TLS: TLSv1.3, ${peer?.cipher}`);
  });

  it('is asked for by name, and by no name where the host is an address', async () => {
    expect((await open(greets(good))).servername).toBe(false);
    expect((await open(greets(good), { servername: 'mail.example.com.' })).servername).toBe('mail.example.com');
  });

  it('may be shown over TLS 1.2', async () => {
    const { how, peer } = await open(greets(good, { maxVersion: 'TLSv1.2' }));
    expect(how).toBe('ready');
    expect(peer?.protocol).toBe('TLSv1.2');
  });

  const faults: readonly (readonly [fault: string, identity: () => Promise<Identity>, servername: string | null])[] = [
    ['self-signed', () => createSelfSigned(['127.0.0.1']), null],
    ['of an unknown authority', () => stranger.issue({ names: ['127.0.0.1'] }), null],
    ['of another name', () => authority.issue({ names: ['other.example.com'] }), 'mail.example.com'],
    ['of another address', () => authority.issue({ names: ['127.0.0.2'] }), null],
    ['of a name where an address is wanted', () => authority.issue({ names: ['mail.example.com'] }), null],
    ['of an address written as a name', () => authority.issue({ names: ['x127.0.0.1'] }), null],
    ['expired', () => authority.issue({ names: ['127.0.0.1'], days: [-30, -1] }), null],
    ['not yet valid', () => authority.issue({ names: ['127.0.0.1'], days: [1, 30] }), null],
    [
      'named by its common name only',
      () => authority.issue({ names: null, subject: 'CN=mail.example.com' }),
      'mail.example.com',
    ],
    ['of a wildcard two labels deep', () => authority.issue({ names: ['*.example.com'] }), 'a.mail.example.com'],
  ];
  it.each(faults)('that is %s is refused, and nothing is said', async (_fault, make, servername) => {
    const identity = await make();
    for (const environment of ['', '0']) {
      vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', environment);
      const { how, heard, message } = await open(quietly(greets(identity)), servername === null ? {} : { servername });
      expect(how).toBe('ERR_SMTP_TLS');
      expect(message).toMatch(/^Cannot start TLS: /);
      expect(heard).toBe('');
    }
  });

  it.each([
    ['self-signed', () => createSelfSigned(['127.0.0.1']), 'self-signed certificate'],
    [
      'of an unknown authority',
      async () => (await createAuthority('Unknown CA')).issue({ names: ['127.0.0.1'] }),
      'unable to verify the first certificate',
    ],
  ] as const)('that is %s is refused without advice on how to start Node', async (_fault, make, why) => {
    const { message, error, records } = await open(quietly(greets(await make())));
    expect(message).toBe(`Cannot start TLS: ${why}`);
    expect(records.at(-1)?.text).toBe(message);
    expect(error?.cause).toMatchObject({ message: expect.stringContaining(why) });
  });

  it('is not verified with the names of the system when the settings name a root', async () => {
    const { how } = await open(quietly(greets(good)), { ca: stranger.ca });
    expect(how).toBe('ERR_SMTP_TLS');
  });

  it('of the system is what counts where the settings name no root', async () => {
    const script = quietly(greets(good));
    await using server = await serve(script);
    const { port } = server;
    const settings = { host: '127.0.0.1', port, security: 'implicit-tls', clientName: 'client.example.com' } as const;
    await expect(openSession(settings, { time: new VirtualTime(), record: () => {} })).rejects.toThrow(
      'Cannot start TLS',
    );
  });
});

describe('TLS', () => {
  it('older than 1.2 is refused', async () => {
    const { how, heard, message } = await open(
      quietly(greets(good, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' })),
    );
    expect(how).toBe('ERR_SMTP_TLS');
    expect(heard).toBe('');
    // OpenSSL's words without its addresses, files and lines.
    expect(message).toMatch(/^Cannot start TLS: [a-z0-9 ]+$/);
  });

  it('that the server does not speak is refused with the setting to change', async () => {
    const { how, message, records } = await open(async (client) => client.say('220 mail.example.com ESMTP\r\n'));
    expect(how).toBe('ERR_SMTP_TLS');
    expect(message).toBe(
      'Cannot start TLS: wrong version number; the server speaks no TLS here, security "starttls" may be what this port wants',
    );
    expect(records.at(-1)?.text).toBe(message);
  });

  it('that the server leaves in the middle is refused', async () => {
    const { how } = await open(async (client) => client.hangUp());
    expect(how).toBe('ERR_SMTP_TLS');
  });
});

describe('STARTTLS', () => {
  /** Offers STARTTLS, and says this to it. */
  const answers = (reply: string, then: Script = async () => {}): Script => {
    return async (client) => {
      client.say('220 mail.example.com\r\n');
      await client.hear('EHLO client.example.com\r\n');
      client.say('250-mail.example.com\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n');
      await client.hear('STARTTLS\r\n');
      client.say(reply);
      await then(client);
    };
  };
  const IN_CLEAR = 'EHLO client.example.com\r\nSTARTTLS\r\n';

  it.each([
    ['a reply injected behind its 220', '220 go\r\n250-mail.example.com\r\n250 AUTH LOGIN\r\n', 'ERR_SMTP_PROTOCOL'],
    ['the beginning of one', '220 go\r\n250-SMTPUTF8 ', 'ERR_SMTP_PROTOCOL'],
    ['a single octet', '220 go\r\n2', 'ERR_SMTP_PROTOCOL'],
    ['a bare line end', '220 go\r\n\r\n', 'ERR_SMTP_PROTOCOL'],
    ['four digits', '2200 go\r\n', 'ERR_SMTP_PROTOCOL'],
    ['221', '221 go\r\n', 'ERR_SMTP_TLS_REQUIRED'],
    ['250', '250 go\r\n', 'ERR_SMTP_TLS_REQUIRED'],
    ['251', '251 go\r\n', 'ERR_SMTP_TLS_REQUIRED'],
    ['354', '354 go\r\n', 'ERR_SMTP_TLS_REQUIRED'],
    ['421', '421 closing\r\n', 'ERR_SMTP_TLS_REQUIRED'],
  ])('met by %s: nothing more is said', async (_what, reply, code) => {
    const { how, heard } = await open(answers(reply), { security: 'starttls' });
    expect(how).toBe(code);
    expect(heard).toBe(IN_CLEAR);
  });

  it.each(['454 4.7.0 not available\r\n', '500 what\r\n', '502 not implemented\r\n', '501 no\r\n'])(
    'refused with %j: the session is left in order',
    async (reply) => {
      const script = answers(reply, async (client) => {
        await client.hear('QUIT\r\n');
        client.say('221 bye\r\n');
      });
      const { how, heard, error } = await open(script, { security: 'starttls' });
      expect(how).toBe('ERR_SMTP_TLS_REQUIRED');
      expect(error?.reply?.code).toBe(Number(reply.slice(0, 3)));
      expect(heard).toBe(`${IN_CLEAR}QUIT\r\n`);
    },
  );

  it('not offered leaves the session in order, and no reply is there to quote', async () => {
    const script: Script = async (client) => {
      client.say('220 mail.example.com\r\n');
      await client.hear('EHLO client.example.com\r\n');
      client.say('250-mail.example.com\r\n250 AUTH PLAIN\r\n');
      await client.hear('QUIT\r\n');
      client.say('221 bye\r\n');
    };
    const { how, heard, error } = await open(script, { security: 'starttls' });
    expect(how).toBe('ERR_SMTP_TLS_REQUIRED');
    expect(error?.reply).toBeUndefined();
    expect(heard).toBe('EHLO client.example.com\r\nQUIT\r\n');
  });

  it('accepted, then clear text in a segment of its own: nothing of it counts', async () => {
    const script = answers('220 go\r\n', async (client) => {
      await client.hears();
      client.say('250-mail.example.com\r\n250 AUTH LOGIN\r\n');
    });
    const { how, message } = await open(script, { security: 'starttls' });
    expect(how).toBe('ERR_SMTP_TLS');
    expect(message).not.toContain('CANARY');
  });

  it('is not given up for a server that refuses EHLO', async () => {
    const script: Script = async (client) => {
      client.say('220 mail.example.com\r\n');
      await client.hear('EHLO client.example.com\r\n');
      client.say('502 EHLO what\r\n');
      await client.hear('QUIT\r\n');
      client.say('221 bye\r\n');
    };
    const { how, heard } = await open(script, { security: 'starttls' });
    expect(how).toBe('ERR_SMTP_TLS_REQUIRED');
    expect(heard).toBe('EHLO client.example.com\r\nQUIT\r\n');
  });

  it('verifies like TLS from the first octet', async () => {
    const wrong = await stranger.issue({ names: ['127.0.0.1'] });
    const script = answers(
      '220 go\r\n',
      quietly((client) => client.secure(wrong)),
    );
    const { how, heard } = await open(script, { security: 'starttls' });
    expect(how).toBe('ERR_SMTP_TLS');
    expect(heard).toBe(IN_CLEAR);
  });

  it('takes the offer made over TLS, not the one before', async () => {
    const script = answers('220 go\r\n', async (client) => {
      await client.secure(good);
      await client.hear('EHLO client.example.com\r\n');
      client.say('250 mail.example.com\r\n');
      await client.hear('QUIT\r\n');
      client.say('221 bye\r\n');
    });
    const { how, message } = await open(script, { security: 'starttls' });
    expect(how).toBe('ERR_SMTP_AUTH');
    expect(message).toBe('Cannot log in: the server offers no AUTH, PLAIN, LOGIN or CRAM-MD5 is wanted');
  });
});

describe('credentials', () => {
  it('are refused on a session in clear before anything is sent', async () => {
    const settings = {
      host: '127.0.0.1',
      port: 1,
      security: 'none',
      clientName: 'client.example.com',
      credentials: CREDENTIALS,
    } as const;
    const connect = () => expect.unreachable('it connects');
    await expect(openSession(settings, { time: new VirtualTime(), record: () => {}, connect })).rejects.toMatchObject({
      code: 'ERR_SMTP_TLS_REQUIRED',
      step: 'AUTH',
    });
  });
});

/** The server's side of a handshake that the client gives up fails too; that is no news here. */
function quietly(script: Script): Script {
  return (client) => script(client).catch(() => {});
}
